"""`corridor bench chain`: what the local chain does in a second, beside eth-tester and Anvil in the same run."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from cli.exit_codes import ExitCode
from node.chain.bench.figure import Figure, Spread
from node.chain.bench.measure import FULL, QUICK, Plan, measure
from node.settings import read_settings

app = typer.Typer()
NODE: Final = (sys.executable, "-c", "from cli.main import main; main()", "node")
ENDS: Final = Path("tests") / "end_to_end"


@app.command("chain")
def bench_chain(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Under two minutes: fewer turns, and a chain grown a tenth as far.")
    ] = False,
) -> None:
    """Every speed the chain is held to: medians with quartiles, all engines in turns in one run.

    Anvil is taken from CORRIDOR_ANVIL, the checkout's tests or the PATH; without it its rows have no verdict.
    Ends with exit code 1 when one of the rows does not hold.
    """
    extent, size = QUICK if quick else FULL
    figures = list(_measured(Plan(NODE, _anvil(), extent, size)))
    if as_json:
        print(json.dumps([_json(figure) for figure in figures], indent=1))
    else:
        _show(figures)
    if any(figure.holds is False for figure in figures):
        raise typer.Exit(ExitCode.NO)


def _measured(plan: Plan) -> list[Figure]:
    told = Console(stderr=True)
    with told.status("starting the engines") as status:
        figures = []
        for figure in measure(plan, status.update):
            figures.append(figure)
            told.print(f"{figure.measure}: {_verdict(figure)}", highlight=False)
    return figures


def _anvil() -> str | None:
    """The program itself rather than npm's launcher, which would outlive being killed."""
    given = read_settings().anvil
    found = sorted(ENDS.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))
    return given or (str(found[0].resolve()) if found else shutil.which("anvil"))


def _json(figure: Figure) -> dict[str, Any]:
    """A row as the dashboard reads it: medians, and the spread of each side beside them."""
    sides = {"ours": figure.ours, "eth_tester": figure.eth_tester, "anvil": figure.anvil}
    return {
        "measure": figure.measure,
        **{name: None if side is None else round(side.median, 4) for name, side in sides.items()},
        "unit": figure.unit,
        "ratio": None if figure.ratio is None else round(figure.ratio, 4),
        "limit": round(figure.limit, 4),
        "holds": figure.holds,
        "against": figure.against,
        "spread": {name: [side.lower, side.upper] for name, side in sides.items() if side is not None},
    }


def _show(figures: list[Figure]) -> None:
    table = Table("measure", "unit", "ours", "eth-tester", "Anvil", "against", "ratio", "at least")
    for figure in figures:
        sides = (
            "" if side is None else _in_words(side) for side in (figure.ours, figure.eth_tester, figure.anvil)
        )
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        style = "red" if figure.holds is False else "none"
        row = (figure.measure, figure.unit, *sides, figure.against, ratio, f"{figure.limit:.2f}")
        table.add_row(*row, style=style)
    console = Console()
    if not console.is_terminal:
        console.width = 170
    console.print(table)


def _verdict(figure: Figure) -> str:
    measured = f"{_in_words(figure.ours)} {figure.unit}"
    if figure.ratio is None:
        return f"{measured}; {figure.against} is not here"
    return f"{measured}; ratio {figure.ratio:.2f} against {figure.against}, at least {figure.limit:.2f}"


def _in_words(spread: Spread) -> str:
    return f"{spread.median:,.2f} ({spread.lower:,.2f} .. {spread.upper:,.2f})"
