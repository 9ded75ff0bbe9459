"""A book whose disk is full says so, loses nothing that was acknowledged, and works again when there is room."""

from __future__ import annotations

import pytest

from node.book.book import Book
from node.book.records import BookFull
from node.domain.lifecycle import State
from node.domain.money import Money
from tests.node.book.making import NOON, account_record, message_record, payment_record
from tests.node.domain.payments import CNY


def _limit_pages(book: Book, more: int | None) -> None:
    """Let the file grow by so many pages and no further, as a disk would; None lifts the limit."""
    with book._writer.connect() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)
        most = 2**31 - 2 if more is None else pages + more
        connection.exec_driver_sql(f"PRAGMA max_page_count={most}")


def _take_in(book: Book) -> str:
    record = payment_record()
    with book.unit() as unit:
        unit.payments.add(record)
        unit.messages.add(message_record(record.uetr, body=b"x" * 20_000))
        unit.accounts.reserve(record.uetr, "A", Money(1, CNY))
    return record.uetr


def test_a_full_disk_refuses_units_whole_and_keeps_what_was_acknowledged(sqlite_book: Book) -> None:
    with sqlite_book.unit() as unit:
        unit.accounts.open(account_record("A"))
    _fund(sqlite_book)
    _limit_pages(sqlite_book, 40)
    acknowledged: list[str] = []

    def fill() -> None:
        for _ in range(50):
            acknowledged.append(_take_in(sqlite_book))  # noqa: PERF401  what was taken before the end counts

    with pytest.raises(BookFull, match="no room"):
        fill()
    with sqlite_book.view() as view:
        kept = view.payments.in_state(State.RECEIVED)
        assert all(view.messages.of(record.uetr) for record in kept)
        assert all(view.accounts.reservation(record.uetr) for record in kept)
        account = view.accounts.find("A")
        assert account is not None
        assert account.reserved == Money(len(kept), CNY)
    assert 0 < len(kept) < 50
    assert acknowledged == [record.uetr for record in kept]
    _limit_pages(sqlite_book, None)
    later = _take_in(sqlite_book)
    with sqlite_book.view() as view:
        assert {record.uetr for record in view.payments.in_state(State.RECEIVED)} == {
            later,
            *(record.uetr for record in kept),
        }


def _fund(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.post(
            "A",
            Money(1_000, CNY),
            uetr=None,
            transaction_hash="0xissue",
            block_number=0,
            log_index=0,
            text="issue",
            at=NOON,
        )
