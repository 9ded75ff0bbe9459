"""Every change leaves its event in the same commit, in one order, without a gap; what is undone leaves none."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from node.book.book import Book
from node.book.events import EventRecord
from node.domain.lifecycle import Event
from node.domain.money import Money
from node.domain.payment import Side
from tests.node.book.making import NOON, account_record, message_record, payment_record
from tests.node.domain.payments import CNY


def events(book: Book, after: int = 0) -> list[EventRecord]:
    with book.view() as unit:
        return unit.events.read(after, 1000)


def test_a_payments_states_are_events_with_rising_versions(book: Book) -> None:
    record = payment_record()
    with book.unit() as unit:
        unit.payments.add(record)
    with book.unit() as unit:
        moved = unit.payments.move(record, Event.VALIDATE, NOON + timedelta(seconds=1))
        unit.payments.save(replace(moved, attempts=3))
    found = events(book)
    assert [(one.position, one.kind, one.version) for one in found] == [
        (1, "payment.received", 1),
        (2, "payment.validated", 2),
    ]
    assert {(one.uetr, one.side) for one in found} == {(record.uetr, Side.DEBTOR_AGENT)}
    assert found[1].at == NOON + timedelta(seconds=1)


def test_messages_out_are_events_and_messages_in_are_not(book: Book) -> None:
    record = payment_record()
    inbound = message_record(record.uetr)
    with book.unit() as unit:
        unit.payments.add(record)
        unit.messages.add(inbound)
        unit.messages.add(replace(inbound, direction="out", name="pacs.002.001.10"))
    (found,) = events(book, after=1)
    assert (found.kind, found.uetr) == ("message.written", record.uetr)
    assert found.message is not None
    assert (found.message.name, found.message.digest) == ("pacs.002.001.10", inbound.digest)


def test_entries_are_events_with_account_and_signed_amount(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        for amount, index in ((500, 0), (-200, 1)):
            unit.accounts.post(
                "A",
                Money(amount, CNY),
                uetr=None,
                transaction_hash="0x" + "ab" * 32,
                block_number=7,
                log_index=index,
                text="credit transfer",
                at=NOON,
            )
    credit, debit = events(book)
    assert (credit.kind, debit.kind) == ("account.credited", "account.debited")
    assert credit.entry is not None
    assert debit.entry is not None
    assert (credit.entry.account, credit.entry.amount) == ("A", Money(500, CNY))
    assert (debit.entry.amount, debit.entry.block_number) == (Money(-200, CNY), 7)


def test_what_is_undone_leaves_no_event_and_no_gap(book: Book) -> None:
    def undone() -> None:
        with book.unit() as unit:
            unit.payments.add(payment_record())
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        undone()
    with book.unit() as unit:
        unit.payments.add(payment_record())
    assert [one.position for one in events(book)] == [1]


def test_a_reader_that_follows_many_writers_misses_none(book: Book) -> None:
    """Positions are read while four threads write; what was passed must never be filled in later."""
    seen: list[int] = []
    done = threading.Event()

    def write() -> None:
        for _ in range(25):
            with book.unit() as unit:
                unit.payments.add(payment_record())

    def follow() -> None:
        while True:
            last = done.is_set()
            found = events(book, after=seen[-1] if seen else 0)
            seen.extend(one.position for one in found)
            if last and not found:
                return

    writers = [threading.Thread(target=write) for _ in range(4)]
    reader = threading.Thread(target=follow)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert seen == list(range(1, 101))
