"""corridor node: the local chain on its own, durable on disk, served over JSON-RPC; and its export and import."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvicorn

from cli.exit_codes import ExitCode
from cli.failure_codes import NETWORK, code_of, sentence_of
from cli.waiting import until_told_to_stop
from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.development import MNEMONIC, DevelopmentChain, development_genesis, development_signers
from node.chain.errors import ImportRefused, StoreError
from node.chain.foreign_chain import import_blocks, read_genesis
from node.chain.genesis import CHAIN_ID, Genesis
from node.chain.native import NativeBackendMissing
from node.chain.server import RpcApp, create_rpc_app
from node.chain.serving import KEEP_ALIVE_S, listening_socket
from node.chain.transfer import export_blocks, import_own_blocks

app = typer.Typer(help="Run the local chain.", invoke_without_command=True, no_args_is_help=False)

DataOption = Annotated[Path, typer.Option("--data", help="Directory of the chain; made if absent.")]
ChainIdOption = Annotated[int, typer.Option("--chain-id", help="Chain id of a new chain, checked for an old one.")]
DevOption = Annotated[bool, typer.Option("--dev", help="It is a development chain, as `node --dev` begins one.")]
DEFAULT_DATA = Path("corridor-chain")
DEFAULT_URL = "http://127.0.0.1:8545"


@app.callback()
def node(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port for JSON-RPC; 0 takes a free one.")] = 8545,
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default serves this machine only.")
    ] = "127.0.0.1",
    data: DataOption = DEFAULT_DATA,
    chain_id: ChainIdOption = CHAIN_ID,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="Web origin whose pages may call; repeatable.")
    ] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="A development chain: rich known accounts, time travel, snapshots.")
    ] = False,
    trace_failures: Annotated[
        bool | None,
        typer.Option(
            "--trace-failures/--no-trace-failures",
            help="Print the calls of every transaction that fails.",
            show_default="with --dev",
        ),
    ] = None,
    translate: Annotated[
        bool, typer.Option(help="Run contracts that are used often as compiled Python: the same results, sooner.")
    ] = True,
) -> None:
    """Run the local chain until interrupted. Everything acknowledged is on disk, so a kill loses nothing."""
    if context.invoked_subcommand is not None:
        return
    signers = development_signers() if dev else {}
    genesis = development_genesis(chain_id, signers) if dev else Genesis(chain_id=chain_id)
    with _opened(data, genesis, ChainClock(strict=dev), keeps_preimages=dev, translate=translate) as chain:
        development = DevelopmentChain(chain, signers) if dev else None
        rpc_app = create_rpc_app(chain, tuple(allow_origin or ()), development)
        opened = _listening(host, port)
        _introduce(chain, development, f"http://{host}:{opened.getsockname()[1]}")
        with _telling_failures(chain, rpc_app, dev if trace_failures is None else trace_failures):
            config = uvicorn.Config(
                rpc_app,
                http=rpc_app.http_protocol,
                log_level="warning",
                access_log=False,
                lifespan="on",
                timeout_keep_alive=KEEP_ALIVE_S,
            )
            with (
                until_told_to_stop()
            ):  # uvicorn passes the signal on, which would end us before the chain is closed
                uvicorn.Server(config).run([opened])


@app.command("export")
def export_chain(
    file: Annotated[Path, typer.Argument(help="Where to write the blocks, as RLP.")],
    data: DataOption = DEFAULT_DATA,
    chain_id: ChainIdOption = CHAIN_ID,
    dev: DevOption = False,
) -> None:
    """Write every block but the first to a file that `import` reads."""
    if not data.is_dir():
        _refuse("export", f"{data}: there is no chain to export")
    with _opened(data, _genesis(chain_id, dev), ChainClock()) as chain:
        try:
            with file.open("wb") as opened:
                count = export_blocks(chain, opened)
        except OSError as error:
            _refuse("export", sentence_of(error))
    typer.echo(f"exported {count} blocks to {file}")


@app.command("import")
def import_chain(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Blocks as concatenated RLP.")],
    data: DataOption = DEFAULT_DATA,
    chain_id: ChainIdOption = CHAIN_ID,
    genesis: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="genesis.json of a chain from elsewhere.")
    ] = None,
    dev: DevOption = False,
) -> None:
    """Execute the blocks of a file, each of which must come out exactly as its header says.

    Not where a developer has set a balance, code or storage, or sent for others: no block tells of that.
    """
    if dev and genesis is not None:
        raise typer.BadParameter("a chain from elsewhere is no development chain: --dev or --genesis")
    foreign = read_genesis(genesis) if genesis is not None else None
    start = _genesis(chain_id, dev) if foreign is None else foreign.genesis
    with _opened(data, start, ChainClock(), keeps_preimages=dev) as chain:
        encoded = file.read_bytes()
        try:
            added = (
                import_own_blocks(chain, encoded) if foreign is None else import_blocks(chain, foreign, encoded)
            )
        except ImportRefused as refusal:
            typer.echo(f"corridor node import: {refusal}; the chain is at block {chain.head.number}", err=True)
            raise typer.Exit(1) from refusal
        typer.echo(f"imported {added} blocks; the head is block {chain.head.number}, 0x{chain.head.hash.hex()}")


@app.command()
def trace(
    transaction: Annotated[str, typer.Argument(help="Hash of a transaction in a block.")],
    rpc_url: Annotated[str, typer.Option("--rpc-url", help="The node to ask.")] = DEFAULT_URL,
    whole: Annotated[bool, typer.Option("--all", help="Fold nothing and cut no value short.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """The calls a transaction made, by name: arguments, results, gas, value, and where it failed and why."""
    asking = import_module("cli.node_trace")  # loaded here: the node itself starts sooner without its client
    asking.show_trace(transaction, rpc_url, whole=whole, as_json=as_json)


def _refuse(command: str, sentence: str) -> NoReturn:
    typer.echo(f"corridor node {command}: {sentence}", err=True)
    raise typer.Exit(ExitCode.BAD_INPUT)


def _genesis(chain_id: int, dev: bool) -> Genesis:
    return development_genesis(chain_id, development_signers()) if dev else Genesis(chain_id=chain_id)


@contextmanager
def _opened(
    data: Path, genesis: Genesis, clock: ChainClock, *, keeps_preimages: bool = False, translate: bool = True
) -> Iterator[LocalChain]:
    """The chain in a directory, closed at the end; a store that cannot be used ends the command."""
    try:
        chain = LocalChain.open(data, genesis, clock, keeps_preimages=keeps_preimages, translate=translate)
    except (StoreError, NativeBackendMissing, OSError) as error:
        typer.echo(f"corridor node: {sentence_of(error)}", err=True)
        raise typer.Exit(code_of(error, NETWORK) or ExitCode.BAD_INPUT) from error
    try:
        yield chain
    finally:
        chain.close()


def _listening(host: str, port: int) -> socket.socket:
    try:
        return listening_socket(host, port)
    except OSError as error:
        typer.echo(f"corridor node: cannot listen on {host}:{port}: {error.strerror}", err=True)
        taken = error.errno == errno.EADDRINUSE
        raise typer.Exit(ExitCode.PORT_TAKEN if taken else ExitCode.BAD_INPUT) from error


def _introduce(chain: LocalChain, development: DevelopmentChain | None, url: str) -> None:
    if development is not None:
        typer.echo(f'development accounts, rich and known to everybody, of the mnemonic "{MNEMONIC}":')
        for signer in development.signers.values():
            typer.echo(f"  {signer.address}")
    typer.echo(f"chain {chain.genesis.chain_id} at block {chain.head.number}, data in {chain.location}")
    typer.echo(f"JSON-RPC on {url}")


@contextmanager
def _telling_failures(chain: LocalChain, rpc_app: RpcApp, wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    # A chain that tells nothing need not know how to read calls as the contracts mean them.
    from rich.console import Console  # noqa: PLC0415

    from cli.failure_teller import FailureTeller  # noqa: PLC0415

    teller = FailureTeller(chain, rpc_app.rpc, Console(highlight=False))
    teller.start()
    try:
        yield
    finally:
        teller.stop()
