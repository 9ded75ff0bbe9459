"""`corridor bench wallet`: what signing and unlocking cost, beside the libraries beneath them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.exit_codes import ExitCode
from wallet.bench import Figure, Spread, measure
from wallet.signer import assert_native_curve

app = typer.Typer()


@app.command("wallet")
def bench_wallet(
    samples: Annotated[int, typer.Option("--samples", help="More of them, steadier medians.", min=4)] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Signing, recovering, a payment's signing and unlocking: medians with quartiles, both sides in turns.

    Ends with exit code 1 when one of them is slower than its limit.
    """
    assert_native_curve()
    figures = list(measure(samples))
    if as_json:
        print(json.dumps([_json(figure) for figure in figures], indent=1))
    else:
        _show(figures)
    if any(figure.holds is False for figure in figures):
        raise typer.Exit(ExitCode.NO)


def _json(figure: Figure) -> dict[str, Any]:
    return asdict(figure) | {"holds": figure.holds}


def _show(figures: list[Figure]) -> None:
    table = Table("what", "ours, µs", "beside", "theirs, µs", "ratio", "at most")
    for figure in figures:
        theirs = "" if figure.theirs is None else _in_words(figure.theirs)
        ratio = f"{figure.ratio.median:.3f} ({figure.ratio.lower:.3f} .. {figure.ratio.upper:.3f})"
        style = "red" if figure.holds is False else "none"
        ours, most = _in_words(figure.ours), "" if figure.at_most is None else f"{figure.at_most:.3f}"
        table.add_row(figure.what, ours, figure.yardstick, theirs, ratio, most, style=style)
    console = Console()
    if not console.is_terminal:
        console.width = 150
    console.print(table)


def _in_words(spread: Spread) -> str:
    return f"{spread.median:,.1f} ({spread.lower:,.1f} .. {spread.upper:,.1f})"
