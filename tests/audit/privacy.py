"""Invariant 6: nothing on chain names a person, neither in clear nor as a digest that guessing would open."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from eth_utils.crypto import keccak

from tests.audit.books import Book
from tests.audit.chain import Chain

SHORTEST = 5


def no_personal_data(chain: Chain, books: Iterable[Book], institutions: Iterable[str]) -> list[str]:
    """Search everything public for customers' names, account numbers and remittance lines of all books.

    The names of `institutions` are public: a customer of the same name is not searched for.
    """
    books, public = list(books), set(institutions)
    secrets = {text for book in books for text in _secrets(book) if len(text) >= SHORTEST} - public
    return [f"6: {text!r} is on chain, {how}" for text in sorted(secrets) for how in _traces(chain, text)]


def _secrets(book: Book) -> Iterator[str]:
    for account in book.accounts.values():
        if account["kind"] == "customer":
            yield account["number"]
            yield account["holder"] or ""
    for row in book.payments.values():
        payment = row["payment"]
        for side in ("debtor", "creditor"):
            yield payment[side].get("name") or ""
            yield (payment.get(f"{side}_account") or {}).get("number", "")
        yield from payment["remittance"]


def _traces(chain: Chain, text: str) -> Iterator[str]:
    raw = text.encode()
    if raw in chain.public_bytes:
        yield "in clear"
    if hashlib.sha256(raw).digest() in chain.public_bytes or keccak(raw) in chain.public_bytes:
        yield "as a bare digest"
