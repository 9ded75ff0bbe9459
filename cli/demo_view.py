"""How the demo is told: the payment in the order in which it happened, as a person would want to read it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from cli.demo_payment import Balance, DemoResult
from cli.invocation import command_to_type
from cli.network import currency
from node.domain.money import Money
from node.domain.party import CashAccount, Party
from node.domain.payment import Payment, charges_taken

MEANINGS: Final = {
    "RECEIVED": "recorded; answered 202 with a pacs.002",
    "VALIDATED": "checked, the debtor's money is reserved",
    "ACCEPTED": "the creditor agent has signed for it",
    "SUBMITTED": "the signed transaction is kept and sent",
    "INCLUDED": "in a block",
    "SETTLED": "the block is final: irrevocable",
}


def show(console: Console, result: DemoResult, payment: Payment) -> None:
    """Print the whole story."""
    _show_message(console, result, payment)
    _show_quote(console, result.quote)
    _show_states(console, result.payment)
    _show_balances(console, result.balances)
    _show_report(console, result)
    _show_where_next(console)


def _heading(console: Console, number: int, text: str) -> None:
    console.print()
    console.print(Text(f"{number}. {text}", style="bold"))


def _facts(console: Console, *facts: tuple[str, str | None]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in facts:
        if text:
            table.add_row(label, Text(text))
    console.print(table)


def _show_message(console: Console, result: DemoResult, payment: Payment) -> None:
    _heading(console, 1, f"The message: pacs.008.001.08 with its business header, {len(result.message):,} bytes")
    _facts(
        console,
        ("UETR", payment.uetr),
        ("debtor", _party(payment.debtor, payment.debtor_account)),
        ("debtor agent", payment.debtor_agent.bic),
        ("creditor", _party(payment.creditor, payment.creditor_account)),
        ("creditor agent", payment.creditor_agent.bic),
        ("instructed", str(payment.instructed_amount or "")),
        ("charges", f"{charges_taken(payment)}, kept by the debtor agent (shared)"),
        ("to be credited", str(payment.interbank_settlement_amount)),
        ("for", ", ".join((*payment.remittance, f"purpose {payment.purpose}"))),
    )


def _party(party: Party, account: CashAccount | None) -> str:
    address = party.address
    place = f", {address.town}, {address.country}" if address and address.town else ""
    return f"{party.name}{place}, account {account.number}" if account else f"{party.name}{place}"


def _show_quote(console: Console, quote: dict[str, Any]) -> None:
    _heading(console, 2, "The quote: firm, single use, signed by the FX provider")
    _facts(
        console,
        ("id", quote["quote_id"]),
        ("sells", str(_money(quote["sell"]))),
        ("buys", str(_money(quote["buy"]))),
        ("rate", quote["rate"]),
        ("provider", quote["provider"]),
        ("good until", quote["expires_at"]),
    )


def _show_states(console: Console, payment: dict[str, Any]) -> None:
    _heading(console, 3, "The payment's states")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("Time (UTC)", "After", "State", "ISO", "Meaning"):
        table.add_column(column, justify="right" if column == "After" else "left")
    first = datetime.fromisoformat(payment["history"][0]["at"])
    for step in payment["history"]:
        at = datetime.fromisoformat(step["at"])
        after = f"{(at - first).total_seconds() * 1000:,.0f} ms"
        clock = at.strftime("%H:%M:%S.%f")[:-3]
        table.add_row(clock, after, step["state"], step["status"], MEANINGS.get(step["state"], ""))
    console.print(table)


def _show_balances(console: Console, balances: tuple[Balance, ...]) -> None:
    _heading(console, 4, "Everybody's money")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Who", overflow="fold")
    table.add_column("Held", overflow="fold")
    table.add_column("", style="dim")
    for column in ("Before", "After", "Change"):
        table.add_column(column, justify="right", no_wrap=True)
    for balance in balances:
        change = balance.after - balance.before
        shown = Text(("+" if change.minor > 0 else "") + _plain(change))
        shown.stylize("green" if change.minor > 0 else "red")
        amounts = (_plain(balance.before), _plain(balance.after), shown)
        table.add_row(balance.holder, balance.where, change.currency.code, *amounts)
    console.print(table)


def _plain(money: Money) -> str:
    return f"{money.decimal():,.{money.currency.minor_units}f}"


def _show_report(console: Console, result: DemoResult) -> None:
    _heading(console, 5, "The closing pacs.002, as Bank A's back office got it")
    console.print(Syntax(result.status_report.strip(), "xml", background_color="default", word_wrap=True))
    chain = result.payment["chain"]
    _heading(console, 6, "On chain: both legs in one transaction")
    _facts(
        console,
        ("transaction", chain["transaction_hash"]),
        ("block", f"{chain['block_number']}, {chain['block_hash']}"),
    )


def _show_where_next(console: Console) -> None:
    _heading(console, 7, "Where to look next")
    corridor = command_to_type(sys.argv[0], Path.cwd())
    _facts(
        console,
        ("keep it running", f"{corridor} up --data corridor-data"),
        ("its API", "http://127.0.0.1:8000/docs"),
        ("its addresses", "corridor-data/network.json"),
        ("a wallet", f"{corridor} wallet --help"),
        ("how it works", "README.md, docs/decisions/"),
    )


def _money(entry: dict[str, Any]) -> Money:
    return Money(entry["amount"], currency(entry["currency"]))
