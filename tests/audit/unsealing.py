"""Opens what a book has sealed, with the institution's master key and nothing of the product's own code."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Row = dict[str, Any]
_KEY = "subjects.key:"
_NOBODY: Row = {"debtor": {}, "creditor": {}, "remittance": []}


def master_key_beside(book: Path) -> bytes:
    """The key in the file that lies beside a book."""
    return base64.urlsafe_b64decode((book.parent / "master_key").read_bytes().strip())


def unsealed(tables: dict[str, list[Row]], master: bytes) -> dict[str, list[Row]]:
    """The tables with accounts by their numbers, payments with their persons, messages with their bodies."""
    (keys,) = tables["keys"]
    house = _opened(master, keys["house_key"], "book_keys.house_key:1")
    owners = {
        row["subject"]: _opened(master, row["key"], f"subjects.key:{row['subject']}") for row in tables["subjects"]
    }
    accounts = [_account(row, owners) for row in tables["accounts"]]
    numbers = {row["reference"]: row["number"] for row in accounts}
    files: dict[str, bytes] = {}
    payments = []
    for row in tables["payments"]:
        uetr = row["uetr"]
        over = owners[row["subject"]] if row["subject"] else house
        files[uetr] = key = _opened(over, row["file_key"], f"payments.file_key:{uetr}")
        persons = json.loads(_opened(key, row["sealed"], f"payments.sealed:{uetr}") or b"{}")
        payments.append(row | {"payment": json.dumps(json.loads(row["payment"]) | _NOBODY | persons)})
    messages = [
        row | {"body": _body(files.get(row["uetr"]) or owners.get(row["subject"]) or house, row)}
        for row in tables["messages"]
    ]
    named = {
        name: [row | {"account": numbers.get(row["account"], row["account"])} for row in tables[name]]
        for name in ("entries", "reservations")
    }
    return tables | named | {"accounts": accounts, "payments": payments, "messages": messages}


def _account(row: Row, owners: dict[str, bytes]) -> Row:
    reference = row["number"]
    if row["subject"] is None:
        return row | {"reference": reference, "holder": None}
    said: Row = json.loads(_opened(owners[row["subject"]], row["sealed"], f"cash_accounts.sealed:{reference}"))
    return row | {"reference": reference} | said


def _body(key: bytes, row: Row) -> bytes:
    return _opened(key, row["body"].removeprefix(b"\x02"), f"messages.body:{row['digest'].hex()}")


def _opened(key: bytes, sealed: bytes | None, place: str) -> bytes:
    """What was sealed for this place; nothing where it was doctored or erased."""
    if not key or not sealed or sealed[:1] != b"\x01":
        return b""
    try:
        return AESGCM(key).decrypt(sealed[1:13], sealed[13:], place.encode())
    except InvalidTag:
        return b""
