"""What an institution's book says: its file opened read-only with plain sqlite3, in one snapshot, and unsealed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.audit.unsealing import master_key_beside, unsealed

Row = dict[str, Any]
TERMINAL = frozenset({"SETTLED", "REJECTED", "FAILED", "CANCELLED", "EXPIRED"})


@dataclass(frozen=True)
class Book:
    """The rows of one book; `payments` by UETR, their JSON columns read."""

    bic: str
    address: str  # the institution's settlement account, in lower case
    watched: tuple[int, str] | None
    payments: dict[str, Row]
    steps: list[Row]
    messages: list[Row]
    accounts: dict[str, Row]
    entries: list[Row]
    reservations: list[Row]
    transactions: list[Row]

    def states_of(self, uetr: str) -> list[str]:
        """The states a payment has been in, in order."""
        return [step["state"] for step in self.steps if step["uetr"] == uetr]


def read_book(bic: str, address: str, path: Path) -> Book:
    """Read a book; it may be in use meanwhile."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        tables = {name: [dict(row) for row in connection.execute(query)] for name, query in _QUERIES.items()}
    tables = unsealed(tables, master_key_beside(path))
    watched = tables["watched"]
    return Book(
        bic=bic,
        address=address.lower(),
        watched=(watched[0]["number"], watched[0]["hash"]) if watched else None,
        payments={row["uetr"]: _read(row) for row in tables["payments"]},
        steps=tables["steps"],
        messages=tables["messages"],
        accounts={row["number"]: row for row in tables["accounts"]},
        entries=tables["entries"],
        reservations=tables["reservations"],
        transactions=tables["transactions"],
    )


def debtor_pays(payment: Row) -> Row:
    """What leaves the debtor's account: the instructed amount, or the settlement amount where none is stated."""
    amount: Row = payment.get("instructed_amount") or payment["interbank_settlement_amount"]
    return amount


def stays_within(payment: Row) -> bool:
    """Whether one institution keeps both accounts."""
    return bool(payment["debtor_agent"]["bic"][:8] == payment["creditor_agent"]["bic"][:8])


def is_booked_only(payment: Row) -> bool:
    """Whether no chain sees it: both accounts are in one book, and of one currency."""
    return stays_within(payment) and (
        debtor_pays(payment)["currency"] == payment["interbank_settlement_amount"]["currency"]
    )


_QUERIES = {
    "watched": "SELECT number, hash FROM watched_block",
    "payments": "SELECT * FROM payments ORDER BY id",
    "steps": "SELECT * FROM payment_steps ORDER BY id",
    "messages": "SELECT * FROM messages ORDER BY id",
    "keys": "SELECT * FROM book_keys",
    "subjects": "SELECT * FROM subjects",
    "accounts": "SELECT * FROM cash_accounts ORDER BY id",
    "entries": "SELECT * FROM entries ORDER BY id",
    "reservations": "SELECT * FROM reservations",
    "transactions": "SELECT * FROM evm_transactions ORDER BY lane, nonce",
}


def _read(row: Row) -> Row:
    read = {name: json.loads(row[name]) if row[name] else None for name in ("payment", "instruction", "quote")}
    return row | read
