"""`corridor bench payments`: what the gateway accepts and settles in a second, and how long a payment takes."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from api.request_log import log_as_json
from cli.bench_bank import Form, running_banks
from cli.exit_codes import ExitCode
from cli.payment_bench import BANKS, ELSEWHERE, FULL, QUICK, SETTLING_ONLY, Extent, Figure, Measure, Site, measure
from cli.running_network import NetworkOptions, RunningNetwork
from node.chain.bench.engines import Engine, anvil, our_node, prepare
from node.settings import Settings, read_settings
from wallet.signer import LocalSigner, assert_native_curve

app = typer.Typer()
NODE: Final = (sys.executable, "-c", "from cli.main import main; main()", "node")
ENDS: Final = Path("tests") / "end_to_end"


class Chain(Enum):
    """On which chain to settle."""

    LOCAL = "local"
    ANVIL = "anvil"
    BOTH = "both"


# What settling through the gateway must reach of single raw transfers on the same chain.
LIMITS: Final = {Chain.LOCAL: 4.0, Chain.ANVIL: 1.0}


@app.command("payments")
def bench_payments(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="A few minutes: fewer payments, and a tenth of the history.")
    ] = False,
    chain: Annotated[
        Chain, typer.Option(help="The chain to settle on; of both, Anvil gives the row of settling only.")
    ] = Chain.BOTH,
    form: Annotated[
        Form, typer.Option(help="Each institution as one process, or its API and its worker apart.")
    ] = Form.APART,
    row: Annotated[
        list[Measure] | None, typer.Option(help="Measure this only; may be given several times. All otherwise.")
    ] = None,
) -> None:
    """Two banks and a chain: accepting, settling, waiting, and what a long history costs; all in one run.

    Ends with exit code 1 when one of the rows does not hold.
    """
    settings = read_settings()
    log_as_json("ERROR")
    assert_native_curve()
    extent = QUICK if quick else FULL
    figures = _figures(chain, form, replace(extent, rows=frozenset(row)) if row else extent, settings)
    if as_json:
        print(json.dumps([asdict(figure) for figure in figures], indent=1))
    else:
        _show(figures)
    if not all(figure.holds for figure in figures):
        raise typer.Exit(ExitCode.NO)


def _figures(chain: Chain, form: Form, extent: Extent, settings: Settings) -> list[Figure]:
    """The rows on one chain, or all of them on the local chain and settling on Anvil too, where that is here."""
    if chain is not Chain.BOTH:
        return _measured(chain, form, extent, settings)
    figures = _measured(Chain.LOCAL, form, extent, settings)
    if Measure.SETTLING not in extent.rows:
        return figures
    try:
        _anvil(settings)
    except typer.BadParameter as absent:
        Console(stderr=True).print(f"not measured: {absent.message}", highlight=False)
        return figures
    return figures + _measured(Chain.ANVIL, form, replace(extent, rows=SETTLING_ONLY), settings)


def _measured(chain: Chain, form: Form, extent: Extent, settings: Settings) -> list[Figure]:
    told = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="corridor-bench-") as name, told.status("starting") as status:
        folder = Path(name)
        engines = our_node(NODE, folder) if chain is Chain.LOCAL else anvil(_anvil(settings), folder)
        with engines as engine:
            prepare(engine)
            options = NetworkOptions(
                port=0, rpc_url=engine.url, funder=_funder(engine), elsewhere=ELSEWHERE, database=settings.database
            )
            with (
                RunningNetwork(folder / "network", options) as network,
                running_banks(network, BANKS, form) as books,
            ):
                figures = []
                for figure in measure(Site(network, books, engine), LIMITS[chain], extent, status.update):
                    figures.append(figure)
                    told.print(f"{figure.measure}: {figure.ratio}", highlight=False)
                return figures


def _funder(engine: Engine) -> LocalSigner:
    return LocalSigner(engine.senders[-1].key.secret)


def _anvil(settings: Settings) -> str:
    """The program itself rather than npm's launcher, which would outlive being killed."""
    found = sorted(ENDS.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))
    if settings.anvil is None and not found:
        raise typer.BadParameter("Anvil is not here; CORRIDOR_ANVIL says where it is", param_hint="--chain")
    return settings.anvil or str(found[0].resolve())


def _show(figures: list[Figure]) -> None:
    table = Table("measure", "value", "compared with", "ratio", "limit", "quartiles")
    for figure in figures:
        quartiles = "" if figure.spread is None else f"{figure.spread.lower:.3f} .. {figure.spread.upper:.3f}"
        numbers = (f"{number:,.3f}" for number in (figure.value, figure.compared_with, figure.ratio, figure.limit))
        table.add_row(figure.measure, *numbers, quartiles, style="none" if figure.holds else "red")
    console = Console()
    if not console.is_terminal:
        console.width = 150
    console.print(table)
