"""A book with a long past: settled payments with their steps and messages, put there without having happened.

For measuring only: what such a book says was never on any chain.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from node.book.book import Book
from node.domain.lifecycle import State

_IN_ONE_UNIT = 50  # the institution's own units get their turn in between


def lengthen(book: Book, like: str, until: int) -> int:
    """Add copies of the settled payment `like` until the book has so many payments; returns how many it added."""
    with book.view() as unit:
        pattern = unit.payments.find(like)
        messages = unit.messages.of(like)
        have = unit.payments.how_many()
    if pattern is None or pattern.state is not State.SETTLED:
        raise LookupError(f"{like} has not settled here")
    missing = max(0, until - have)
    for start in range(0, missing, _IN_ONE_UNIT):
        with book.unit() as unit:
            for _ in range(min(_IN_ONE_UNIT, missing - start)):
                uetr = str(uuid.uuid4())
                unit.payments.add(replace(pattern, uetr=uetr, payment=replace(pattern.payment, uetr=uetr)))
                for message in messages:
                    unit.messages.add(replace(message, uetr=uetr, message_id=uetr if message.message_id else None))
    return missing
