"""`corridor demo`: the whole network from nothing, one payment through it, and the story of it."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from api.iso20022.catalogue import Catalogue
from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from api.iso20022.parse import ParsedMessage, parse
from api.request_log import log_as_json
from cli.demo_payment import DemoFailed, DemoResult, run_demo
from cli.demo_view import show
from cli.failures import ends_well_or_says_why
from cli.running_network import NetworkOptions, RunningNetwork
from node.domain.money import Money
from node.domain.payment import Payment
from node.settings import read_settings
from wallet.signer import assert_native_curve

app = typer.Typer()

WIDTH_IN_A_FILE: Final = 110


@app.command()
@ends_well_or_says_why
def demo(
    data: Annotated[
        Path | None, typer.Option(help="Keep the network in this folder; by default it is thrown away.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Start a network, send a real pacs.008 through Bank A, settle it on chain, and show everything about it."""
    log_as_json(read_settings().log_level)
    assert_native_curve()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH_IN_A_FILE
    started = time.monotonic()
    with (
        _progress() as progress,
        _folder(data) as folder,
        RunningNetwork(folder, NetworkOptions(port=0, rpc_port=0), progress) as network,
    ):
        result = run_demo(network.document, progress)
        progress("stopping")
    if as_json:
        print(json.dumps(_as_json(result), indent=2, ensure_ascii=False))
        return
    show(console, result, _read(result.message))
    console.print()
    took = f"{time.monotonic() - started:.1f} seconds, of which the payment {result.took_s:.1f}"
    console.print(f"[bold green]Settled.[/] The whole demo took {took}.")


@contextlib.contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="corridor-demo-") as temporary:
        yield Path(temporary)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Says on standard error what is being done: one moving line on a terminal, a line each elsewhere."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda text: console.print(f"{text} …")
        return
    with console.status("starting") as status:
        yield lambda text: status.update(f"{text} …")


def _read(message: bytes) -> Payment:
    """The payment as our own reader understands the message that was sent."""
    parsed = parse(message, Catalogue())
    if not isinstance(parsed, ParsedMessage):
        raise DemoFailed(parsed.findings[0].text)
    read = read_credit_transfer(parsed, today=datetime.now(UTC).date(), minted_uetr="")
    if not isinstance(read, CreditTransfer):
        raise DemoFailed(read.errors[0].text)
    return read.payment


def _as_json(result: DemoResult) -> dict[str, Any]:
    return {
        "message": result.message.decode(),
        "quote": result.quote,
        "payment": result.payment,
        "status_report": result.status_report,
        "balances": [
            {
                "holder": balance.holder,
                "where": balance.where,
                "before": _money(balance.before),
                "after": _money(balance.after),
            }
            for balance in result.balances
        ],
        "took_s": round(result.took_s, 3),
    }


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.minor, "currency": money.currency.code}
