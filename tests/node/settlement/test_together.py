"""Many payments go to their creditor agent together; each succeeds or fails alone, and few commits do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest

from node.book.book import Book, Unit
from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.money import Money
from node.domain.party import Agent
from node.domain.reasons import Reason
from node.settlement.engine import carry
from node.settlement.together import carry_together, may_go_together
from tests.node.settlement.town import AED, CNY, CREDITOR_BIC, Town, payment

MANY = 6


def posted(town: Town, *others: PaymentRecord) -> list[PaymentRecord]:
    return [*(town.post(payment(1_000 + index)) for index in range(MANY)), *others]


def again(town: Town, records: list[PaymentRecord]) -> list[PaymentRecord]:
    return [town.record(record.uetr) for record in records]


def reasons(record: PaymentRecord) -> list[Reason]:
    return [finding.reason for finding in record.findings]


def test_all_are_accepted_with_one_question_and_settle(town: Town) -> None:
    records = posted(town)
    assert all(may_go_together(town.debtor_agent, record) for record in records)
    before, commits = town.board.asked, 0
    with commits_of(town.debtor_agent.book) as counted:
        carry_together(town.debtor_agent, records)
        commits = len(counted)
    assert commits == 2
    assert town.board.asked == before + 1
    taken = again(town, records)
    assert {record.state for record in taken} == {State.ACCEPTED}
    assert all(record.sequence is not None for record in taken), "they may settle in a batch"
    for record in taken:
        assert [step.state for step in record.history] == [State.RECEIVED, State.VALIDATED, State.ACCEPTED]
        crossed = [boundary for boundary, uetr in town.crossed if uetr == record.uetr]
        assert crossed == ["received", "validated", "instructed", "considered", "accepted"]
    for record in taken:
        town.run(record.uetr, lambda seen: seen.state is State.SETTLED)


@contextmanager
def commits_of(book: Book) -> Iterator[list[None]]:
    """Notes every unit of work."""
    counted: list[None] = []
    original = book.unit

    @contextmanager
    def counting() -> Iterator[Unit]:
        with original() as unit:
            yield unit
        counted.append(None)

    with patch.object(book, "unit", counting):
        yield counted


def test_each_fails_alone(town: Town) -> None:
    abroad = payment(500)
    assert abroad.debtor_account is not None
    assert abroad.creditor_account is not None
    before = town.account(town.debtor_agent, abroad.debtor_account.number).reserved
    too_much = town.post(payment(10**15))
    unknown = town.post(replace(abroad, creditor_account=replace(abroad.creditor_account, number="NOBODY")))
    records = posted(town, too_much, unknown)
    carry_together(town.debtor_agent, records)
    *good, poor, stray = again(town, records)
    assert {record.state for record in good} == {State.ACCEPTED}
    assert (poor.state, reasons(poor)) == (State.REJECTED, [Reason.BALANCE_TOO_LOW])
    assert stray.state is State.REJECTED
    reserved = town.account(town.debtor_agent, abroad.debtor_account.number).reserved
    held_back = Money(sum(1_000 + index for index in range(MANY)), CNY)
    assert reserved - before == held_back, "the rejected ones hold nothing back"


def test_nobody_answers_and_all_come_again(town: Town) -> None:
    records = posted(town)
    town.board.fault = "down"
    carry_together(town.debtor_agent, records)
    waiting = again(town, records)
    assert {(record.state, record.attempts) for record in waiting} == {(State.VALIDATED, 1)}
    town.board.fault = None
    carry_together(town.debtor_agent, waiting)
    taken = again(town, waiting)
    assert {record.state for record in taken} == {State.ACCEPTED}
    for before, after in zip(waiting, taken, strict=True):
        assert before.instruction == after.instruction, "the same instruction is shown again"


def test_an_answer_that_was_lost_is_given_again(town: Town) -> None:
    records = posted(town)
    town.board.fault = "reply lost"
    carry_together(town.debtor_agent, records)
    town.board.fault = None
    carry_together(town.debtor_agent, again(town, records))
    assert {record.state for record in again(town, records)} == {State.ACCEPTED}


def test_an_ill_signed_acceptance_ends_each(town: Town) -> None:
    records = posted(town)
    town.board.fault = "ill signed"
    carry_together(town.debtor_agent, records)
    for record in again(town, records):
        assert (record.state, reasons(record)) == (State.REJECTED, [Reason.CREDITOR_AGENT_ANSWERED_WRONGLY])


def test_one_that_moved_meanwhile_holds_up_no_other(town: Town) -> None:
    records = posted(town)
    carry(town.debtor_agent, records[2].uetr)
    carry_together(town.debtor_agent, records)
    assert {record.state for record in again(town, records)} <= {State.ACCEPTED, State.SUBMITTED}


def test_a_creditor_agent_that_nobody_registered_ends_each(town: Town) -> None:
    strangers = [town.post(payment(100, creditor_agent=Agent("NOSUCHBKXXX"))) for _ in range(MANY)]
    carry_together(town.debtor_agent, strangers)
    for record in again(town, strangers):
        assert (record.state, reasons(record)) == (State.REJECTED, [Reason.CREDITOR_AGENT_UNKNOWN])


def test_what_one_proposal_does_to_the_unit_is_its_own(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    """The creditor agent considers each by itself where considering all together fails."""
    records = posted(town)
    original = town.creditor_agent.translator.report
    failed: list[str] = []

    def fails_once(record: PaymentRecord, *rest: object) -> object:
        if not failed:
            failed.append(record.uetr)
            raise RuntimeError("a fault of ours")
        return original(record, *rest)  # type: ignore[arg-type]

    with patch.object(type(town.creditor_agent.translator), "report", staticmethod(fails_once)):
        carry_together(town.debtor_agent, records)
    assert failed
    assert "could not be considered together" in caplog.text
    assert {record.state for record in again(town, records)} == {State.ACCEPTED}


@pytest.mark.parametrize("kind", ["another currency", "late"])
def test_what_cannot_go_together_says_so(town: Town, kind: str) -> None:
    record = town.post(payment(1_000, credit_minor=510) if kind == "another currency" else payment(1_000))
    assert record.payment.creditor_agent.bic == CREDITOR_BIC
    if kind == "late":
        town.forward_both(town.debtor_agent.terms.payment_s + 1)
    else:
        assert record.payment.interbank_settlement_amount.currency == AED
    assert not may_go_together(town.debtor_agent, record)
