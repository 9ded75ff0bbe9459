"""Payments that wait: for their day by the office's clock, and for an acceptance that never comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from node.book.inbox_records import WaitKind
from node.domain.calendar import calendars_from
from node.domain.lifecycle import State
from node.domain.reasons import Reason
from node.settlement.intake import Received, Recorded, receive
from node.settlement.waiting import Role
from tests.node.settlement.town import DEBTOR_ACCOUNT, Town, payment


def today(town: Town) -> datetime:
    return datetime.fromtimestamp(town.clock.now_s(), UTC)


def test_a_payment_for_another_day_is_taken_when_its_day_has_come(town: Town) -> None:
    day = (today(town) + timedelta(days=3)).date()
    posted = town.post(payment(100, settlement_date=day))
    before = town.account(town.debtor_agent, DEBTOR_ACCOUNT)
    for _ in range(3):
        town.turn()
    assert town.record(posted.uetr).state is State.RECEIVED
    with town.debtor_agent.book.view() as unit:
        wait = unit.waits.of(posted.uetr)
    assert wait is not None
    assert (wait.kind, wait.settlement_date) == (WaitKind.SETTLEMENT_DATE, day)
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved == before.reserved
    town.forward_both(wait.until_s - town.clock.now_s() - 60)
    town.turn()
    assert town.record(posted.uetr).state is State.RECEIVED
    town.forward_both(61)
    town.run(posted.uetr, lambda record: record.state is State.SETTLED)


def test_after_the_cut_off_a_payment_moves_to_the_next_day_and_says_so(town: Town) -> None:
    zone_now = today(town)
    cut_off = (zone_now - timedelta(minutes=1)).strftime("%H:%M")
    said = {"CNY": {"zone": "UTC", "opens": "00:00", "cut_off": cut_off, "weekend": [], "closed": []}}
    office = replace(town.debtor_agent, calendars=calendars_from(said))
    ordered = payment(100)
    outcome = receive(office, Received(ordered, (), town.message(ordered)))
    assert isinstance(outcome, Recorded)
    assert b"settlement_date_not_possible" in outcome.answer
    with office.book.view() as unit:
        (remark,) = unit.remarks.of(ordered.uetr)
    assert f"cut-off of {cut_off}" in remark.text
    assert outcome.record.due_at_s > town.clock.now_s()


@pytest.mark.parametrize("fault", ["down", "reply lost"])
def test_what_is_not_accepted_in_time_expires_and_releases_what_it_reserved(town: Town, fault: str) -> None:
    before = town.account(town.debtor_agent, DEBTOR_ACCOUNT)
    posted = town.post(payment(100))
    town.board.fault = fault
    try:
        for _ in range(4):
            town.turn()
        assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == before.reserved.minor + 100
        town.forward_both(town.debtor_agent.terms.payment_s + 1)
        record = town.run(posted.uetr, lambda record: record.state is State.EXPIRED)
    finally:
        town.board.fault = None
    assert record.findings[-1].reason in (Reason.CREDITOR_AGENT_UNREACHABLE, Reason.INSTRUCTION_EXPIRED)
    after = town.account(town.debtor_agent, DEBTOR_ACCOUNT)
    assert (after.balance, after.reserved) == (before.balance, before.reserved)
    town.assert_sound()


def test_a_covered_payment_without_cover_expires(town: Town) -> None:
    ordered = payment(100)
    received = Received(ordered, (), town.message(ordered), role=Role.COVERED)
    assert isinstance(receive(town.debtor_agent, received), Recorded)
    town.turn()
    assert town.record(ordered.uetr).state is State.RECEIVED
    town.forward_both(town.debtor_agent.terms.cover_s + 1)
    record = town.run(ordered.uetr, lambda record: record.state is State.EXPIRED)
    assert record.findings[0].reason is Reason.COVER_MISSING
