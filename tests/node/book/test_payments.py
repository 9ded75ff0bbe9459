"""A UETR names one payment, a change is made from the latest version, and only events move a state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier
from typing import Any

import pytest

from node.book.book import Book
from node.book.records import PaymentRecord, StaleRecord, Step, UetrTaken
from node.domain.lifecycle import Event, IllegalTransition, State
from node.domain.payment import Side
from node.domain.quote import SignedQuote
from node.domain.reasons import Finding, Reason
from tests.node.book.making import NOON, NOW_S, new_uetr, payment_record, quote_record
from tests.node.domain.payments import cross_currency

LATER = NOON + timedelta(seconds=1)
FINDING = Finding(
    Reason.BALANCE_TOO_LOW, "too little", element="debtor_account", value="1", rule="r", stated_code="AM04"
)


def _kept(book: Book, uetr: str) -> PaymentRecord:
    with book.view() as view:
        record = view.payments.find(uetr)
    assert record is not None
    return record


def _added(book: Book, record: PaymentRecord) -> PaymentRecord:
    with book.unit() as unit:
        unit.payments.add(record)
    return record


def test_a_record_comes_back_as_it_was_put_in(book: Book) -> None:
    quote = quote_record()
    record = payment_record(
        payment=cross_currency(),
        side=Side.CREDITOR_AGENT,
        findings=(FINDING, FINDING),
        message_digest=bytes(32),
        instruction='{"uetr":"é"}',
        instruction_signature=bytes(range(65)),
        quote=SignedQuote(quote.quote, quote.signature),
        acceptance_signature=bytes(65),
        acceptance_expiry_s=2**63 - 1,
        due_at_s=NOW_S + 0.123456,
        attempts=3,
        transaction_hash="0x" + "ab" * 32,
        block_number=2**40,
        block_hash="0x" + "cd" * 32,
        block_time_s=int(NOW_S),
    )
    assert _kept(book, _added(book, record).uetr) == record


def test_an_unknown_uetr_is_none(book: Book) -> None:
    with book.view() as view:
        assert view.payments.find(new_uetr()) is None


def test_a_uetr_is_added_once_by_20_threads_at_once(book: Book) -> None:
    uetr, start = new_uetr(), Barrier(20)

    def add(attempt: int) -> bool:
        start.wait()
        try:
            with book.unit() as unit:
                unit.payments.add(payment_record(uetr, attempts=attempt))
        except UetrTaken:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        added = list(pool.map(add, range(20)))
    assert added.count(True) == 1
    assert _kept(book, uetr).attempts == added.index(True)
    assert len(_kept(book, uetr).history) == 1


def test_saving_keeps_what_was_changed_and_counts_the_version(book: Book) -> None:
    record = _added(book, payment_record())
    with book.unit() as unit:
        saved = unit.payments.save(replace(record, attempts=1, instruction="{}"))
        again = unit.payments.save(replace(saved, attempts=2))
    assert (saved.version, again.version) == (2, 3)
    assert _kept(book, record.uetr) == again == replace(record, attempts=2, instruction="{}", version=3)


def test_a_change_to_an_older_version_is_refused(book: Book) -> None:
    record = _added(book, payment_record())
    with book.unit() as unit:
        newest = unit.payments.save(replace(record, attempts=1))
    with pytest.raises(StaleRecord), book.unit() as unit:
        unit.payments.save(replace(record, attempts=99))
    with pytest.raises(StaleRecord), book.unit() as unit:
        unit.payments.move(record, Event.VALIDATE, LATER)
    assert _kept(book, record.uetr) == newest


def test_two_workers_on_one_record_cannot_both_move_it(book: Book) -> None:
    record, start = _added(book, payment_record()), Barrier(8)

    def move(_: int) -> bool:
        start.wait()
        try:
            with book.unit() as unit:
                unit.payments.move(record, Event.VALIDATE, LATER)
        except StaleRecord:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(move, range(8))).count(True) == 1
    assert [step.state for step in _kept(book, record.uetr).history] == [State.RECEIVED, State.VALIDATED]


def test_saving_cannot_change_the_state(book: Book) -> None:
    record = _added(book, payment_record())
    with pytest.raises(StaleRecord), book.unit() as unit:
        unit.payments.save(replace(record, state=State.SETTLED))
    assert _kept(book, record.uetr) == record


def test_an_unknown_payment_can_be_neither_saved_nor_moved(book: Book) -> None:
    with book.unit() as unit:
        with pytest.raises(StaleRecord):
            unit.payments.save(payment_record())
        with pytest.raises(StaleRecord):
            unit.payments.move(payment_record(), Event.VALIDATE, LATER)


def test_a_move_adds_a_step_findings_and_changes(book: Book) -> None:
    record = _added(book, payment_record(findings=(FINDING,)))
    with book.unit() as unit:
        moved = unit.payments.move(record, Event.VALIDATE, LATER, (FINDING,), attempts=0, due_at_s=NOW_S + 5)
        moved = unit.payments.move(moved, Event.ACCEPT, LATER, acceptance_signature=bytes(65))
    assert moved.state is State.ACCEPTED
    assert moved.findings == (FINDING, FINDING)
    assert moved.history == (
        Step(State.RECEIVED, NOON, None),
        Step(State.VALIDATED, LATER, Event.VALIDATE),
        Step(State.ACCEPTED, LATER, Event.ACCEPT),
    )
    assert moved.version == 3
    assert _kept(book, record.uetr) == moved


def test_a_reorganised_payment_keeps_every_step_it_took(book: Book) -> None:
    record = _added(book, payment_record())
    events = (
        Event.VALIDATE,
        Event.ACCEPT,
        Event.SUBMIT,
        Event.INCLUDE,
        Event.REORGANISE,
        Event.INCLUDE,
        Event.SETTLE,
    )
    with book.unit() as unit:
        for event in events:
            record = unit.payments.move(record, event, LATER, block_number=9)
    history = _kept(book, record.uetr).history
    assert tuple(step.event for step in history[1:]) == events
    assert history[-1].state is State.SETTLED


def test_an_illegal_event_changes_nothing(book: Book) -> None:
    record = _added(book, payment_record())
    with pytest.raises(IllegalTransition), book.unit() as unit:
        unit.payments.move(record, Event.SETTLE, LATER)
    assert _kept(book, record.uetr) == record


@pytest.mark.parametrize(
    "change", [{"payment": None}, {"side": Side.CREDITOR_AGENT}, {"version": 5}, {"uetr": "x"}]
)
def test_a_move_cannot_change_what_a_payment_is(book: Book, change: dict[str, Any]) -> None:
    record = _added(book, payment_record())
    with book.unit() as unit, pytest.raises(TypeError, match=next(iter(change))):
        unit.payments.move(record, Event.VALIDATE, LATER, **change)


def test_a_finding_can_be_added_without_a_move(book: Book) -> None:
    record = _added(book, payment_record())
    with book.unit() as unit:
        unit.payments.add_finding(record, FINDING)
    kept = _kept(book, record.uetr)
    assert (kept.findings, kept.state, len(kept.history)) == ((FINDING,), State.RECEIVED, 1)


def test_the_longest_due_comes_first_and_only_what_is_due(book: Book) -> None:
    states = (State.RECEIVED, State.ACCEPTED)
    with book.unit() as unit:
        for index, (state, due_in_s) in enumerate(
            [
                (State.RECEIVED, -1.0),
                (State.RECEIVED, 0.5),
                (State.ACCEPTED, -3.0),
                (State.SETTLED, -9.0),
                (State.RECEIVED, -2.0),
            ]
        ):
            uetr = f"00000000-0000-4000-8000-00000000000{index}"
            unit.payments.add(payment_record(uetr, state=state, due_at_s=NOW_S + due_in_s))
        unit.payments.add(payment_record(side=Side.CREDITOR_AGENT, due_at_s=NOW_S - 99))
    with book.view() as view:
        due = view.payments.due(NOW_S, 10, states)
        assert [uetr[-1] for uetr in due] == ["2", "4", "0"]
        assert view.payments.due(NOW_S, 2, states) == due[:2]
        assert view.payments.due(NOW_S - 99, 10, states) == []
        assert [uetr[-1] for uetr in view.payments.due(NOW_S + 0.5, 10, states)] == ["2", "4", "0", "1"]
        assert len(view.payments.due(NOW_S, 10, states, Side.CREDITOR_AGENT)) == 1


def test_a_claim_is_had_once_and_again_when_it_has_run_out(book: Book) -> None:
    uetrs = [_added(book, payment_record()).uetr for _ in range(3)]

    with book.unit() as unit:
        first = unit.payments.claim(uetrs[:2], "one", NOW_S, NOW_S + 30)
        second = unit.payments.claim(uetrs, "two", NOW_S + 29, NOW_S + 59)
        late = unit.payments.claim(uetrs, "two", NOW_S + 30, NOW_S + 60)

    assert (set(first), second, set(late)) == (set(uetrs[:2]), uetrs[2:], set(uetrs[:2]))


def test_payments_by_state_and_by_page(book: Book) -> None:
    records = [payment_record(state=State.SUBMITTED if index % 3 else State.SETTLED) for index in range(10)]
    with book.unit() as unit:
        for record in records:
            unit.payments.add(record)
    newest_first = records[::-1]
    with book.view() as view:
        assert view.payments.in_state(State.SETTLED) == records[::3]
        assert view.payments.in_state(State.SETTLED, State.SUBMITTED) == records
        assert view.payments.in_state(State.EXPIRED) == []
        assert view.payments.list() == newest_first
        page = view.payments.list(limit=4)
        assert page == newest_first[:4]
        assert view.payments.list(after=page[-1].uetr, limit=4) == newest_first[4:8]
        assert view.payments.list(State.SETTLED, limit=2) == newest_first[::3][:2]
        assert view.payments.list(after=new_uetr()) == []


def test_more_payments_than_one_query_can_name(book: Book) -> None:
    records = [payment_record() for _ in range(1_100)]
    with book.unit() as unit:
        for record in records:
            unit.payments.add(record)
    with book.view() as view:
        assert view.payments.in_state(State.RECEIVED) == records


def test_moments_are_kept_in_utc_to_the_microsecond(book: Book) -> None:
    dubai = datetime(2026, 11, 23, 16, 0, 0, 1, tzinfo=timezone(timedelta(hours=4)))
    record = _added(book, payment_record(received_at=dubai))
    kept = _kept(book, record.uetr).received_at
    assert (kept, kept.tzinfo) == (dubai, UTC)


def test_a_moment_without_a_zone_is_refused(book: Book) -> None:
    with pytest.raises(Exception, match="time zone"), book.unit() as unit:
        unit.payments.add(payment_record(received_at=datetime(2026, 11, 23)))  # noqa: DTZ001
