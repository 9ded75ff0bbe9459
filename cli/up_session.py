"""What `corridor up` does once it holds its folder: bring the network up, show it, wait, stop it."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from api.limits import request_limits
from api.request_log import log_as_json
from cli.claim import NETWORK_FILE
from cli.failures import ends_well_or_says_why
from cli.running_network import NetworkOptions, RunningNetwork
from cli.waiting import until_told_to_stop
from node.settings import read_settings
from wallet.private_file import read_private
from wallet.secret import Secret
from wallet.signer import LocalSigner, assert_native_curve


@ends_well_or_says_why
def run(
    data: Path,
    port: int,
    rpc_port: int,
    rpc_url: str | None,
    funder_key_file: Path | None,
    elsewhere: frozenset[str],
) -> None:
    """Run the network on a folder that is held, until a signal ends it."""
    settings = read_settings()
    log_as_json(settings.log_level)
    assert_native_curve()
    options = NetworkOptions(
        port=port,
        rpc_port=rpc_port,
        rpc_url=rpc_url or settings.rpc_url,
        funder=_funder(funder_key_file),
        limits=request_limits(settings),
        elsewhere=elsewhere,
        database=settings.database,
        schemas=settings.schemas,
        is_claimed=True,
    )
    console = Console(highlight=False)
    network = RunningNetwork(data, options, lambda text: console.print(f"{text} …", style="dim"))
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
    table = Table("BIC", "Institution", "Role", "API", box=None, pad_edge=False)
    for one in network.document["participants"]:
        table.add_row(one["bic"], one["name"], ", ".join(one["roles"]), one["api_url"])
    console.print(table)
    console.print(f"chain {network.document['chain_id']}: JSON-RPC on {network.document['rpc_url']}")
    console.print(f"documentation: {network.document['participants'][0]['api_url']}/docs")
    console.print(f"addresses, accounts and credentials: {network.data / NETWORK_FILE}")
    console.print("[bold green]ready[/]; Ctrl-C stops it")
