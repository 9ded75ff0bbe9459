"""`corridor bench gas`: what the contracts cost, measured here and now on a chain that is thrown away."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from api.request_log import log_as_json
from cli.exit_codes import ExitCode
from cli.failures import ends_well_or_says_why
from node.chain.chain import LocalChain
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.ledger.bench.measure import measure
from node.ledger.bench.network import PATIENCE_S, deploy_bench_network
from node.ledger.bench.operation import Measured
from node.ledger.client import LedgerClient
from node.settings import read_settings
from wallet.signer import assert_native_curve

WIDTH_IN_A_FILE: Final = 120

app = typer.Typer()


@app.command()
@ends_well_or_says_why
def gas(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Gas per payment of every contract operation, warm accounts, beside the EVM's floor and the limit.

    Ends with exit code 1 when an operation costs more than its limit.
    """
    log_as_json(read_settings().log_level)
    assert_native_curve()
    rows = _measured()
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        _show(rows)
    if any(row.gas_per_payment > row.limit for row in rows):
        raise typer.Exit(ExitCode.NO)


def _measured() -> list[Measured]:
    chain = LocalChain.open(None)
    try:
        with BackgroundServer(create_rpc_app(chain)) as server:
            return list(measure(deploy_bench_network(LedgerClient(server.url, timeout_s=PATIENCE_S))))
    finally:
        chain.close()


def _show(rows: list[Measured]) -> None:
    table = Table("operation", "payments", "gas per payment", "EVM floor", "limit")
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for row in rows:
        figures = (row.payments, row.gas_per_payment, row.floor, row.limit)
        colour = "red" if row.gas_per_payment > row.limit else "none"
        table.add_row(row.operation, *(f"{figure:,}" for figure in figures), style=colour)
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_IN_A_FILE
    console.print(table)
