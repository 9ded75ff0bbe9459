"""`corridor up`: the sandbox network, kept running: a chain, nine institutions, one API each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.limits import BodyLimits
from api.request_log import log_as_json
from cli.failures import ends_well_or_says_why
from cli.running_network import NETWORK_FILE, NetworkOptions, RunningNetwork
from cli.waiting import until_told_to_stop
from node.settings import read_settings
from wallet.private_file import read_private
from wallet.secret import Secret
from wallet.signer import LocalSigner, assert_native_curve

app = typer.Typer()


@app.command()
@ends_well_or_says_why
def up(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the network; made if absent, taken up if it is there.")
    ] = None,
    port: Annotated[int, typer.Option(help="First of nine consecutive API ports; 0 takes any free ones.")] = 8000,
    rpc_port: Annotated[int, typer.Option(help="Port of the chain's JSON-RPC; 0 takes a free one.")] = 8545,
    rpc_url: Annotated[
        str | None, typer.Option(help="Use the chain that answers here instead of our own.")
    ] = None,
    funder_key_file: Annotated[
        Path | None, typer.Option(help="Private key (hexadecimal, mode 0600) that pays for gas, if gas costs.")
    ] = None,
) -> None:
    """Start the sandbox network and keep it running until interrupted; the same folder resumes where it was."""
    settings = read_settings()
    log_as_json(settings.log_level)
    assert_native_curve()
    options = NetworkOptions(
        port=port,
        rpc_port=rpc_port,
        rpc_url=rpc_url or settings.rpc_url,
        funder=_funder(funder_key_file),
        limits=BodyLimits(settings.max_body_bytes, settings.body_timeout_s),
    )
    console = Console(highlight=False)
    network = RunningNetwork(data or settings.data, options, lambda text: console.print(f"{text} …", style="dim"))
    with until_told_to_stop() as told, network:
        _show(console, network)
        told.wait()
        console.print("stopping …", style="dim")


def _funder(file: Path | None) -> LocalSigner | None:
    if file is None:
        return None
    text = read_private(file, 200).decode("ascii", "replace").strip().removeprefix("0x")
    try:
        return LocalSigner(Secret(bytes.fromhex(text)))
    except ValueError as error:
        raise typer.BadParameter(f"{file} holds no private key in hexadecimal digits") from error


def _show(console: Console, network: RunningNetwork) -> None:
    document: dict[str, Any] = network.document
    table = Table("BIC", "Institution", "Role", "API", box=None, pad_edge=False)
    for one in document["participants"]:
        table.add_row(one["bic"], one["name"], ", ".join(one["roles"]), one["api_url"])
    console.print(table)
    console.print(f"chain {document['chain_id']}: JSON-RPC on {document['rpc_url']}")
    console.print(f"documentation: {document['participants'][0]['api_url']}/docs")
    console.print(f"addresses, accounts and credentials: {network.data / NETWORK_FILE}")
    console.print("[bold green]ready[/]; Ctrl-C stops it")
