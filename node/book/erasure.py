"""Erases a person in bounded steps: nobody else waits for more than one portion of rows at a time.

First what only the names lead to is taken out of what others are told: statements, answers, messages. Then one
unit destroys the key, and the person is gone from every payment at once. Broken off before that, it is begun again
and finds the rest; broken off after it, what is left is worthless and cleared the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Table

from node.book import erasing
from node.book.book import Book
from node.book.erasing import LOOKED_THROUGH, Erased, Erasing, NotErased, Swept, Target

Find = Callable[[Erasing], Target | NotErased]


def erase_customer(book: Book, number: str, at: datetime, ordered_by: str) -> Erased | NotErased:
    """Erase the owner of an account with every payment of the account; the account is closed for ever.

    Afterwards the database's files are to be wiped (`Book.wipe`).
    """
    return _erase(book, lambda steps: steps.customer(number), at, ordered_by)


def erase_payment(book: Book, uetr: str, at: datetime, ordered_by: str) -> Erased | NotErased:
    """Erase the persons of one payment: for who is no customer of ours. The files are to be wiped afterwards."""
    return _erase(book, lambda steps: steps.payment(uetr), at, ordered_by)


def _erase(book: Book, find: Find, at: datetime, ordered_by: str) -> Erased | NotErased:
    _clear_lost(book)
    done: Erased | NotErased | None = None
    while done is None:
        with book.view() as unit:
            target = find(unit.erasing)
        if isinstance(target, NotErased):
            return target
        swept = {table.name: _sweep(book, table, target) for table in LOOKED_THROUGH}
        for uetrs in _portions(sorted(target.traces.uetrs)):
            with book.unit() as unit:
                unit.erasing.forget_lines(uetrs)
        for uetrs in _portions(target.apart):
            with book.unit() as unit:
                unit.erasing.forget_payments(uetrs)
        with book.unit() as unit:
            done = unit.erasing.end(target, swept, at, ordered_by)
    _clear_lost(book)
    return done


def _sweep(book: Book, table: Table, target: Target) -> Swept:
    """Look through a table, a portion a unit."""
    reached, after = 0, 0
    while True:
        with book.unit() as unit:
            following = unit.erasing.forget_portion(table, target, after)
        if following is None:
            break
        reached = after = following
    with book.view() as unit:
        return Swept(reached, unit.erasing.unfinished(table, reached))


def _clear_lost(book: Book) -> None:
    """Take away the payments' own keys that an erased person's key has made worthless."""
    after = 0
    while True:
        with book.view() as unit:
            lost = unit.erasing.lost_files(after)
        if not lost:
            return
        with book.unit() as unit:
            unit.erasing.forget_payments([row.uetr for row in lost])
        after = lost[-1].id


def _portions(uetrs: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(uetrs), erasing.AT_ONCE):
        yield uetrs[start : start + erasing.AT_ONCE]
