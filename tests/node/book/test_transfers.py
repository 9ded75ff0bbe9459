"""Carried transfers in the book: kept once by their terms, given another place after a refusal, listed by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from node.book.book import Book
from node.book.records import TransferRecord
from tests.node.book.making import LANE

DEBTOR, CREDITOR = "0x" + "d1" * 20, "0x" + "c1" * 20


def transfer(number: int, amount: int = 250) -> TransferRecord:
    at = datetime(2026, 11, 23, 8, 0, number, tzinfo=UTC)
    return TransferRecord(f"0x{number:064x}", "CNY", DEBTOR, CREDITOR, amount, LANE, number, None, at)


def test_a_transfer_comes_back_as_it_was_kept(book: Book) -> None:
    record = transfer(1, 2**256 - 1)
    with book.unit() as unit:
        unit.transfers.keep(record)
        assert unit.transfers.find(record.transfer_id) == record
        assert unit.transfers.find(transfer(2).transfer_id) is None


def test_a_refused_one_is_given_another_place(book: Book) -> None:
    record = transfer(1)
    with book.unit() as unit:
        unit.transfers.keep(record)
        unit.transfers.fail(LANE, 1, "the balance was too low")
        unit.transfers.fail(LANE, 9, "nobody's place")
        assert unit.transfers.find(record.transfer_id) == replace(record, failure="the balance was too low")
        moved = replace(record, nonce=7)
        unit.transfers.keep(moved)
        assert unit.transfers.find(record.transfer_id) == moved
        assert unit.transfers.list() == [moved]


def test_pages_are_the_newest_first(book: Book) -> None:
    records = [transfer(number) for number in range(5)]
    with book.unit() as unit:
        for record in records:
            unit.transfers.keep(record)
        assert unit.transfers.list(limit=2) == [records[4], records[3]]
        assert unit.transfers.list(after=records[3].transfer_id, limit=2) == [records[2], records[1]]
        assert unit.transfers.list(after=records[0].transfer_id) == []
