"""`corridor up`: the sandbox network, kept running: a chain, nine institutions, one API each."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from cli.claim import claimed
from cli.failure_codes import NETWORK, code_of, sentence_of
from node.settings import read_settings

app = typer.Typer()


@app.command()
def up(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the network; made if absent, taken up if it is there.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65527, help="First of nine consecutive API ports; 0 takes any free ones.")
    ] = 8000,
    rpc_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the chain's JSON-RPC; 0 takes a free one.")
    ] = 8545,
    rpc_url: Annotated[
        str | None, typer.Option(help="Use the chain that answers here instead of our own.")
    ] = None,
    funder_key_file: Annotated[
        Path | None, typer.Option(help="Private key (hexadecimal, mode 0600) that pays for gas, if gas costs.")
    ] = None,
    elsewhere: Annotated[
        list[str] | None,
        typer.Option(help="Prepare the institution of this BIC, but leave it to `corridor api`; repeatable."),
    ] = None,
) -> None:
    """Start the sandbox network and keep it running until interrupted; the same folder resumes where it was."""
    try:
        folder = data or read_settings().data
        with claimed(folder):
            session = import_module("cli.up_session")  # takes seconds: the folder is held before
            session.run(folder, port, rpc_port, rpc_url, funder_key_file, frozenset(elsewhere or ()))
    except Exception as error:
        code = code_of(error, NETWORK)
        if code is None:
            raise
        typer.echo(f"error: {sentence_of(error)}", err=True)
        raise typer.Exit(code) from error
