"""corridor node: the local chain on its own, durable on disk, served over JSON-RPC."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from node.chain.chain import LocalChain
from node.chain.errors import StoreError
from node.chain.genesis import CHAIN_ID, Genesis
from node.chain.native import NativeBackendMissing
from node.chain.server import create_rpc_app
from node.chain.serving import listening_socket

app = typer.Typer(help="Run the local chain.", invoke_without_command=True, no_args_is_help=False)


@app.callback()
def node(
    port: Annotated[int, typer.Option(help="TCP port for JSON-RPC; 0 takes a free one.")] = 8545,
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default serves this machine only.")
    ] = "127.0.0.1",
    data: Annotated[Path, typer.Option(help="Directory of the chain; made if absent.")] = Path("corridor-chain"),
    chain_id: Annotated[int, typer.Option(help="Chain id of a new chain, checked for an old one.")] = CHAIN_ID,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="Web origin whose pages may call; repeatable.")
    ] = None,
) -> None:
    """Run the local chain until interrupted. Everything acknowledged is on disk, so a kill loses nothing."""
    try:
        chain = LocalChain.open(data, Genesis(chain_id=chain_id))
    except (StoreError, NativeBackendMissing) as error:
        typer.echo(f"corridor node: {error}", err=True)
        raise typer.Exit(1) from error
    try:
        _serve(chain, host, port, tuple(allow_origin or ()))
    finally:
        chain.close()


def _serve(chain: LocalChain, host: str, port: int, origins: tuple[str, ...]) -> None:
    try:
        opened = listening_socket(host, port)
    except OSError as error:
        typer.echo(f"corridor node: cannot listen on {host}:{port}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"chain {chain.genesis.chain_id} at block {chain.head.number}, data in {chain.location}")
    typer.echo(f"JSON-RPC on http://{host}:{opened.getsockname()[1]}")
    config = uvicorn.Config(create_rpc_app(chain, origins), log_level="warning", access_log=False, lifespan="on")
    uvicorn.Server(config).run([opened])
