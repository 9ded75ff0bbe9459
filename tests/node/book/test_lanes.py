"""Every nonce is allotted once and none is left out, whoever asks; a transaction is kept before it leaves."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from node.book.book import Book
from node.book.records import EvmTransactionStatus, LaneRecord
from tests.node.book.making import LANE, NOW_S, payment_record, transaction_record

SIGNED, INCLUDED, FINAL, REVERTED, REPLACED = EvmTransactionStatus

_TAKE_FROM_OUTSIDE = """
import sys
from tests.node.book.test_lanes import take_in_threads
from node.book.book import Book
from tests.keys import MASTER
print(*take_in_threads(Book.open(sys.argv[1], MASTER)))
"""


def take_in_threads(book: Book) -> list[int]:
    """Twenty threads take ten nonces each, keeping a transaction for every one."""

    def take(_: int) -> int:
        with book.unit() as unit:
            nonce = unit.lanes.next_nonce(LANE, 3)
            unit.lanes.keep(transaction_record(nonce))
            return nonce

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(take, range(200)))


def test_20_threads_in_each_of_2_processes_get_distinct_consecutive_nonces(book: Book) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _TAKE_FROM_OUTSIDE, book.url], stdout=subprocess.PIPE, text=True
    ) as outsider:
        here = take_in_threads(book)
        printed, _ = outsider.communicate(timeout=60)
    there = [int(nonce) for nonce in printed.split()]
    assert len(here) == len(there) == 200
    assert sorted(here + there) == list(range(3, 403))
    with book.view() as view:
        assert [kept.nonce for kept in view.lanes.unfinished(LANE)] == list(range(3, 403))


def test_a_lane_counts_on_from_its_own_or_from_the_chains_nonce(book: Book) -> None:
    with book.unit() as unit:
        assert [unit.lanes.next_nonce(LANE, chain) for chain in (0, 0, 5, 2, 5, 8)] == [0, 1, 5, 6, 7, 8]
        assert unit.lanes.next_nonce("0xanother", 1) == 1


def test_an_undone_unit_takes_no_nonce(book: Book) -> None:
    with suppress(LookupError), book.unit() as unit:
        assert unit.lanes.next_nonce(LANE, 0) == 0
        raise LookupError
    with book.unit() as unit:
        assert unit.lanes.next_nonce(LANE, 0) == 0


def test_a_nonce_carries_one_transaction_an_attempt(book: Book) -> None:
    first, second = transaction_record(0), transaction_record(0, attempt=1)
    with book.unit() as unit:
        unit.lanes.keep(second)
        unit.lanes.keep(first)
        unit.lanes.keep(transaction_record(0, lane="0xanother"))
    with pytest.raises(IntegrityError), book.unit() as unit:
        unit.lanes.keep(transaction_record(0, attempt=1))
    with book.unit() as unit:
        assert unit.lanes.at(LANE, 0) == unit.lanes.unfinished(LANE) == [first, second]
        assert unit.lanes.waiting() == {LANE: 2, "0xanother": 1}
        unit.lanes.mark(first.transaction_hash, REPLACED, None)
        assert unit.lanes.unfinished(LANE) == [second]


def test_a_nonce_that_was_allotted_and_carries_nothing_is_found(book: Book) -> None:
    with book.unit() as unit:
        for _ in range(5):
            unit.lanes.next_nonce(LANE, 3)
        assert unit.lanes.lost("0xanother", 0) == []
        for nonce in (4, 6):
            unit.lanes.keep(transaction_record(nonce))
        assert unit.lanes.lost(LANE, 0) == unit.lanes.lost(LANE, 3) == [3, 5, 7]
        assert unit.lanes.lost(LANE, 4) == [5, 7]
        unit.lanes.begin(LANE, 6)
        assert unit.lanes.lost(LANE, 0) == [7]


def test_a_lane_that_the_chain_overtook_begins_anew(book: Book) -> None:
    with book.unit() as unit:
        unit.lanes.keep(transaction_record(unit.lanes.next_nonce(LANE, 0)))
        unit.lanes.keep(transaction_record(unit.lanes.next_nonce(LANE, 9)))
        assert unit.lanes.lost(LANE, 0) == []
        assert unit.lanes.lock(LANE) == LaneRecord(LANE, 10, 9, None, None)


def test_a_lane_says_why_it_is_stopped_and_what_it_met(book: Book) -> None:
    with book.unit() as unit:
        assert unit.lanes.lock(LANE) is None
        with pytest.raises(LookupError):
            unit.lanes.stop(LANE, "no such lane")
        unit.lanes.next_nonce(LANE, 0)
        unit.lanes.stop(LANE, "a stranger")
        unit.lanes.note_trouble(LANE, "too poor")
        assert unit.lanes.all() == [LaneRecord(LANE, 1, 0, "a stranger", "too poor")]
        unit.lanes.stop(LANE, None)
        unit.lanes.note_trouble(LANE, None)
        assert unit.lanes.all() == [LaneRecord(LANE, 1, 0, None, None)]


def test_transactions_come_back_as_kept_and_follow_their_payment(book: Book) -> None:
    payment = payment_record()
    settle, cancel = transaction_record(0, payment.uetr), transaction_record(1, payment.uetr, purpose="cancel")
    with book.unit() as unit:
        unit.payments.add(payment)
        for record in (settle, cancel, transaction_record(2)):
            unit.lanes.keep(record)
        assert unit.lanes.of(payment.uetr) == [settle, cancel]


def test_a_transaction_is_followed_until_it_is_final(book: Book) -> None:
    first, second, third = (transaction_record(nonce) for nonce in (2, 0, 1))
    with book.unit() as unit:
        for record in (first, second, third):
            unit.lanes.keep(record)
        assert unit.lanes.unfinished(LANE) == [second, third, first]
        unit.lanes.mark(second.transaction_hash, INCLUDED, 9)
        unit.lanes.mark(third.transaction_hash, REVERTED, 10)
        unit.lanes.mark(first.transaction_hash, INCLUDED, 11)
        included = replace(first, status=INCLUDED, block_number=11)
        reverted = replace(third, status=REVERTED, block_number=10)
        assert unit.lanes.unfinished(LANE) == [
            replace(second, status=INCLUDED, block_number=9),
            reverted,
            included,
        ]
        assert unit.lanes.reverted(9) == []
        assert unit.lanes.reverted(10) == [reverted]
        unit.lanes.mark(second.transaction_hash, FINAL, 9)
        unit.lanes.mark(third.transaction_hash, FINAL, 10)
        assert unit.lanes.unfinished(LANE) == [included]
        unit.lanes.mark(first.transaction_hash, SIGNED, None)
        assert unit.lanes.unfinished(LANE) == [first]
        assert unit.lanes.unfinished("0xanother") == []


def test_broadcasts_are_counted(book: Book) -> None:
    record = transaction_record(0)
    with book.unit() as unit:
        unit.lanes.keep(record)
        unit.lanes.touch_broadcast(record.transaction_hash, NOW_S)
        unit.lanes.touch_broadcast(record.transaction_hash, NOW_S + 1.5)
        kept = unit.lanes.unfinished(LANE)
    assert kept == [replace(record, broadcast_count=2, last_broadcast_s=NOW_S + 1.5)]


def test_an_unknown_transaction_cannot_be_marked(book: Book) -> None:
    with book.unit() as unit:
        with pytest.raises(LookupError):
            unit.lanes.mark("0xunknown", FINAL, 1)
        with pytest.raises(LookupError):
            unit.lanes.touch_broadcast("0xunknown", NOW_S)
