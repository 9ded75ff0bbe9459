"""Operators, sessions, proposals and their record, on both databases; what the database itself refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy.exc import DBAPIError

from node.book.book import Book, Unit
from node.book.operator_audit import MACHINE
from node.book.operator_sessions import SessionRecord
from node.book.operators import OperatorRecord
from node.book.proposals import ProposalRecord
from node.book.records import StaleRecord
from node.domain.operator import OperatorStatus, Role
from node.domain.proposal import Duty, ProposalState

AT = datetime(2027, 1, 5, 9, 30, tzinfo=UTC)
MAKER = OperatorRecord("op_maker", "mei", frozenset({Role.MAKER}), OperatorStatus.INVITED, AT)
CHECKER = OperatorRecord("op_checker", "omar", frozenset({Role.CHECKER}), OperatorStatus.INVITED, AT)
PROPOSAL = ProposalRecord(
    proposal_id="pr_1",
    state=ProposalState.PROPOSED,
    duty=Duty.BUSINESS,
    method="POST",
    path="/v1/cases/x/decision",
    media_type="application/json",
    body=b"sealed",
    digest=bytes(32),
    proposed_by="op_maker",
    proposed_at=AT,
    expires_s=2_000_000_000.0,
)
SESSION = SessionRecord("se_1", "op_maker", b"d" * 32, "192.0.2.1", 100.0, 100.0, 200.0)


@pytest.fixture
def staffed(book: Book) -> Book:
    with book.unit() as unit:
        assert unit.operators.add(MAKER)
        assert unit.operators.add(CHECKER)
    return book


def test_an_operator_comes_back_as_kept_and_a_name_is_taken_for_ever(staffed: Book) -> None:
    with staffed.unit() as unit:
        assert not unit.operators.add(replace(MAKER, operator_id="op_other"))
        active = replace(
            MAKER, status=OperatorStatus.ACTIVE, password="scrypt$…", one_time_secret=b"s", last_step=9, failures=3
        )
        unit.operators.save(active)
    with staffed.view() as view:
        assert view.operators.by_name("mei") == view.operators.find("op_maker") == active
        assert [one.name for one in view.operators.list()] == ["mei", "omar"]


def test_nobody_is_active_without_a_password_and_a_secret(staffed: Book) -> None:
    for half in (replace(MAKER, password="x"), replace(MAKER, one_time_secret=b"x")):
        active = replace(half, status=OperatorStatus.ACTIVE)
        refused(staffed, partial(_save, active))


def test_a_recovery_code_is_good_once_and_for_its_owner(staffed: Book) -> None:
    with staffed.unit() as unit:
        unit.operators.give_codes("op_maker", (b"a" * 32, b"b" * 32))
        assert not unit.operators.use_code("op_checker", b"a" * 32, AT)
        assert unit.operators.use_code("op_maker", b"a" * 32, AT)
        assert not unit.operators.use_code("op_maker", b"a" * 32, AT)
        assert unit.operators.codes_left("op_maker") == 1
        unit.operators.give_codes("op_maker", ())
        assert not unit.operators.use_code("op_maker", b"b" * 32, AT)


def test_a_session_is_known_by_its_digest_until_it_is_ended(staffed: Book) -> None:
    with staffed.unit() as unit:
        unit.operator_sessions.add(SESSION)
        unit.operator_sessions.touch("se_1", 150.0)
    with staffed.unit() as unit:
        assert unit.operator_sessions.by_digest(b"d" * 32) == replace(SESSION, seen_s=150.0)
        assert unit.operator_sessions.open("op_checker") == []
        assert unit.operator_sessions.end("se_1")
        assert not unit.operator_sessions.end("se_1")
        assert unit.operator_sessions.open() == []
        assert unit.operator_sessions.purge(199.0) == 0
        assert unit.operator_sessions.purge(201.0) == 1


def test_a_proposal_leaves_a_state_once(staffed: Book) -> None:
    decided = replace(PROPOSAL, state=ProposalState.APPROVED, decided_by="op_checker", decided_at=AT)
    with staffed.unit() as unit:
        unit.proposals.add(PROPOSAL)
        unit.proposals.move(ProposalState.PROPOSED, decided)
        with pytest.raises(StaleRecord):
            unit.proposals.move(ProposalState.PROPOSED, decided)
        assert unit.proposals.find("pr_1") == decided
        assert unit.proposals.list([ProposalState.PROPOSED]) == []
        assert unit.proposals.list([ProposalState.APPROVED], duties=[Duty.STAFF]) == []


def test_the_database_refuses_a_decision_by_the_proposer_or_by_nobody(staffed: Book) -> None:
    with staffed.unit() as unit:
        unit.proposals.add(PROPOSAL)
    for by in ("op_maker", None):
        own = replace(PROPOSAL, state=ProposalState.APPROVED, decided_by=by)
        refused(staffed, partial(_move, own))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE proposals SET path = '/v1/quotes'",
        "UPDATE proposals SET body = digest",
        "UPDATE proposals SET proposed_by = 'op_checker'",
        "UPDATE proposals SET expires_s = 1",
        "DELETE FROM proposals",
        "UPDATE operator_audit SET actor = 'op_checker'",
        "DELETE FROM operator_audit",
    ],
)
def test_what_was_proposed_and_what_was_done_is_not_changed(staffed: Book, change: str) -> None:
    with staffed.unit() as unit:
        unit.proposals.add(PROPOSAL)
        unit.operator_audit.write("op_maker", "proposal.proposed", "pr_1", "192.0.2.1", AT)
    with pytest.raises(DBAPIError, match="not changed"), staffed._writer.begin() as connection:
        connection.exec_driver_sql(change)
    with staffed.view() as view:
        assert view.proposals.find("pr_1") == PROPOSAL
        assert [line.actor for line in view.operator_audit.read()] == ["op_maker"]


def test_overdue_proposals_are_those_nobody_has_decided(staffed: Book) -> None:
    with staffed.unit() as unit:
        unit.proposals.add(PROPOSAL)
        assert unit.proposals.overdue(PROPOSAL.expires_s - 1) == []
        assert unit.proposals.overdue(PROPOSAL.expires_s) == [PROPOSAL]


def test_the_record_is_a_chain_and_a_broken_link_is_found(staffed: Book) -> None:
    with staffed.unit() as unit:
        for number in range(5):
            unit.operator_audit.write(MACHINE, "operator.enrolled", f"op_{number}", "", AT)
    with staffed.view() as view:
        assert [line.position for line in view.operator_audit.read(2, 2)] == [3, 4]
        assert view.operator_audit.broken_at() is None
    drop = "DROP TRIGGER operator_audit_unchanged"
    on_table = " ON operator_audit" if staffed._writer.dialect.name == "postgresql" else ""
    with staffed._writer.begin() as connection:  # somebody who owns the database
        connection.exec_driver_sql(drop + on_table)
        connection.exec_driver_sql("UPDATE operator_audit SET subject = 'op_9' WHERE position = 3")
    with staffed.view() as view:
        assert view.operator_audit.broken_at() == 3


def _save(record: OperatorRecord, unit: Unit) -> None:
    unit.operators.save(record)


def _move(record: ProposalRecord, unit: Unit) -> None:
    unit.proposals.move(ProposalState.PROPOSED, record)


def refused(book: Book, change: Callable[[Unit], object]) -> None:
    with pytest.raises(DBAPIError), book.unit() as unit:
        change(unit)
