"""What a payment says of persons, sealed with the key of its file; a mark stands for it once that is erased."""

from __future__ import annotations

from typing import Any

from node.book.payment_json import persons_erased, persons_to_json
from node.book.sealing import ERASED, Key, at_place
from node.book.seals import PAYMENTS, Seals
from node.domain.payment import Payment


def seal_persons(seals: Seals, key: Key | None, uetr: str, payment: Payment) -> bytes:
    """The persons of a payment, sealed with the key of its file."""
    return seals.vault.seal(key, persons_to_json(payment).encode(), _place(uetr))


def open_persons(seals: Seals, key: Key | None, row: Any) -> str | bytes:
    """The persons of a payment as JSON, or the marks in their stead."""
    plain = seals.vault.open(key, row.sealed or b"", _place(row.uetr))
    return persons_erased(ERASED) if plain is None else plain


def _place(uetr: str) -> bytes:
    return at_place(PAYMENTS, "sealed", uetr)
