"""Reads chain and books, and asks of both together what the design promises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.audit import money, payments, privacy
from tests.audit.books import Book, read_book
from tests.audit.chain import account_of, read_chain
from tests.audit.rpc import Rpc


def audit(
    network: Mapping[str, Any], books: Mapping[str, Path], answered: Mapping[str, str] | None = None
) -> list[str]:
    """What is wrong, as sentences; none when all is well.

    `network` is network.json (`rpc_url`, `contracts`, `tokens`, `participants` are read); `books` are the
    institutions' files by BIC. `answered` are the UETRs answered 202 with the BIC that answered: give them when
    all of them should have ended; without it the network may be in full swing.
    """
    addresses = {one["bic"]: one["settlement_address"] for one in network["participants"]}
    read = [read_book(bic, addresses[bic], path) for bic, path in books.items()]  # before the chain: never ahead
    rpc = Rpc(network["rpc_url"])
    try:
        tokens = {code: token["address"] for code, token in network["tokens"].items()}
        chain = read_chain(rpc, network["contracts"]["settlement"], tokens)
        wrong = _registered(rpc, network["contracts"]["registry"], read)
        wrong += payments.answered_once(read, answered or {}) + payments.ended_once(chain, read)
        wrong += money.book_equals_chain(chain, read) + money.all_money_was_issued(chain)
        wrong += payments.both_legs(chain) + payments.returns_bounded(chain)
        wrong += payments.returns_bounded_in_books(read)
        names = [one.get("name", "") for one in network["participants"]]
        return wrong + privacy.no_personal_data(chain, read, names)
    finally:
        rpc.close()


def _registered(rpc: Rpc, registry: str, books: list[Book]) -> list[str]:
    return [
        f"2: {book.bic} is registered with another account than {book.address}"
        for book in books
        if account_of(rpc, registry, book.bic) != book.address
    ]
