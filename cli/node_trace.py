"""`corridor node trace`: a transaction's tree of calls, asked of a running node."""

from __future__ import annotations

import json
from typing import NoReturn

import typer
from rich.console import Console

from cli.call_tree import show_call_tree
from cli.exit_codes import ExitCode
from cli.failure_teller import our_names, title_of, traced
from node.ledger.call_trace import trace_json
from node.ledger.errors import EngineRefused, LedgerUnreachable
from node.ledger.transport import Connection


def show_trace(transaction: str, rpc_url: str, *, whole: bool, as_json: bool) -> None:
    """Print the tree, or end with the exit code that fits."""
    connection = Connection(rpc_url, timeout_s=60)
    try:
        call = traced(connection.call, transaction, our_names())
        receipt = connection.call("eth_getTransactionReceipt", transaction)
    except LedgerUnreachable as error:
        _end(f"{error}", ExitCode.UNREACHABLE)
    except EngineRefused as error:
        _end(f"{rpc_url} cannot trace {transaction}: {error}", ExitCode.NO)
    finally:
        connection.close()
    if as_json:
        print(json.dumps({"transaction": transaction, **trace_json(call)}, indent=1))
        return
    block = f"in block {int(receipt['blockNumber'], 16)}"
    show_call_tree(Console(highlight=False), title_of(transaction, call, block), call, whole=whole)


def _end(sentence: str, code: ExitCode) -> NoReturn:
    typer.echo(f"corridor node trace: {sentence}", err=True)
    raise typer.Exit(code)
