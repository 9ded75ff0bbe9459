"""Where one operator proposes a request and another decides it; what is decided is done elsewhere (`carrier`).

A checker approves a digest over every word, so nobody can be shown one thing and approve another; and of two who
decide at the same moment, one is told that it is decided.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from api.operators.record import note
from api.operators.seal import SealBroken
from api.operators.sessions import Operator
from api.operators.staff import Staff
from api.problems import Problem
from api.refusals import Refusal
from node.book.book import Unit
from node.book.operator_audit import MACHINE
from node.book.proposals import ProposalRecord, Records
from node.book.records import StaleRecord
from node.domain.operator import Role
from node.domain.proposal import (
    TRANSITIONS,
    Duty,
    Order,
    ProposalEvent,
    ProposalState,
    advance,
    digest_of,
)

PROPOSAL_S: Final = 86400.0
LONGEST_PROPOSAL_S: Final = 7 * 86400.0
UNREADABLE: Final = b"(what was proposed does not open: the book was changed)"
_ACT_OF: Final = {
    ProposalEvent.APPROVE: "proposal.approved",
    ProposalEvent.REFUSE: "proposal.refused",
    ProposalEvent.WITHDRAW: "proposal.withdrawn",
    ProposalEvent.EXPIRE: "proposal.expired",
    ProposalEvent.EXECUTE: "proposal.executed",
    ProposalEvent.FAIL: "proposal.failed",
}
_READERS: Final = {
    Duty.BUSINESS: frozenset({Role.MAKER, Role.CHECKER, Role.AUDITOR}),
    Duty.STAFF: frozenset({Role.SECURITY_OFFICER, Role.AUDITOR}),
}


@dataclass(frozen=True)
class Proposal:
    """A proposal as it was kept, with its content opened."""

    record: ProposalRecord
    order: Order
    decision_text: str
    answer: bytes


Page = tuple[list[Proposal], str | None]


class ProposalDesk:
    """The proposals of one institution."""

    def __init__(self, staff: Staff, duty_of: Callable[[str, str], Duty | None]) -> None:
        """`duty_of` says whose business a request is by method and path; None for what cannot be proposed."""
        self._staff = staff
        self._book = staff.book
        self._seal = staff.seal
        self._duty_of = duty_of

    def propose(self, order: Order, lasts_s: float, by: Operator) -> Proposal:
        """Keep what an operator asks for until another decides, for so many seconds; raises Problem."""
        duty = self._duty_of(order.method, order.path)
        if duty is None:
            text = f"{order.method} {order.path[:200]} is no request that two operators make; /docs lists them."
            raise Problem(Refusal.NOT_TO_BE_PROPOSED, text)
        require_role(by, duty.proposed_by)
        now_s, proposal_id = self._staff.now_s(), f"pr_{secrets.token_hex(12)}"
        record = ProposalRecord(
            proposal_id=proposal_id,
            state=ProposalState.PROPOSED,
            duty=duty,
            method=order.method,
            path=self._seal.close_path(order.path, proposal_id),
            media_type=order.media_type,
            body=self._seal.close(order.body, proposal_id),
            digest=self._seal.mark(digest_of(proposal_id, order, by.operator_id, now_s + lasts_s)),
            proposed_by=by.operator_id,
            proposed_at=_moment(now_s),
            expires_s=now_s + lasts_s,
        )
        with self._book.unit() as unit:
            unit.proposals.add(record)
            note(unit, now_s, by.operator_id, "proposal.proposed", proposal_id, by.address)
        return self.opened(record)

    def approve(self, proposal_id: str, digest: bytes, by: Operator) -> Proposal:
        """Let it be done, exactly as the digest says; raises Problem."""

        def checked(record: ProposalRecord) -> ProposalRecord:
            if digest != record.digest:
                text = f"Proposal {proposal_id} does not have this digest; look at it again before approving it."
                raise Problem(Refusal.PROPOSAL_DIFFERS, text)
            return record

        return self._decided(proposal_id, ProposalEvent.APPROVE, by, checked)

    def refuse(self, proposal_id: str, reason: str, by: Operator) -> Proposal:
        """Let it not be done, and say why; raises Problem."""
        text = self._seal.close(reason.encode(), proposal_id)
        return self._decided(
            proposal_id, ProposalEvent.REFUSE, by, lambda record: replace(record, decision_text=text)
        )

    def withdraw(self, proposal_id: str, by: Operator) -> Proposal:
        """Take one's own proposal back; raises Problem."""
        now_s = self._now_after_expiry()
        with self._book.unit() as unit:
            record = _existing(unit, proposal_id)
            if record.proposed_by != by.operator_id:
                raise Problem(Refusal.ROLE_MISSING, "Only who proposed it can withdraw it; a checker refuses it.")
            _require_open(record)
            return self.opened(
                self._moved(unit, record, ProposalEvent.WITHDRAW, now_s, by.operator_id, by.address)
            )

    def _decided(
        self,
        proposal_id: str,
        event: ProposalEvent,
        by: Operator,
        checked: Callable[[ProposalRecord], ProposalRecord],
    ) -> Proposal:
        """The order of the checks: known, the role, another's, open, then what the decision itself needs."""
        now_s = self._now_after_expiry()
        with self._book.unit() as unit:
            record = _existing(unit, proposal_id)
            require_role(by, record.duty.decided_by)
            if record.proposed_by == by.operator_id:
                text = "Nobody decides what they have proposed; another operator must."
                raise Problem(Refusal.OWN_PROPOSAL, text)
            _require_open(record)
            decided = replace(checked(record), decided_by=by.operator_id, decided_at=_moment(now_s))
            return self.opened(self._moved(unit, decided, event, now_s, by.operator_id, by.address))

    def conclude(self, record: ProposalRecord, status: int | None, answer: bytes) -> None:
        """Keep what came of an approved proposal; nothing where another process has kept it."""
        done = status is not None and 200 <= status < 300
        event = ProposalEvent.EXECUTE if done else ProposalEvent.FAIL
        now_s = self._staff.now_s()
        sealed = self._seal.close(answer, record.proposal_id)
        told = replace(record, answer_status=status, answer=sealed, executed_at=_moment(now_s))
        try:
            with self._book.unit() as unit:
                self._moved(unit, told, event, now_s, record.decided_by or MACHINE, "")
        except StaleRecord:
            return

    def expire(self) -> int:
        """End what nobody has decided in time; returns how many."""
        now_s = self._staff.now_s()
        with self._book.view() as view:
            if not view.proposals.overdue(now_s, 1):
                return 0
        with self._book.unit() as unit:
            overdue = unit.proposals.overdue(now_s)
            for record in overdue:
                self._moved(unit, record, ProposalEvent.EXPIRE, now_s, MACHINE, "")
        return len(overdue)

    def approved(self) -> Records:
        """What is decided and not yet done."""
        with self._book.view() as view:
            return view.proposals.list([ProposalState.APPROVED])

    def find(self, proposal_id: str, by: Operator) -> Proposal:
        """A proposal that this operator may see; raises Problem."""
        self._now_after_expiry()
        with self._book.view() as view:
            record = _existing(view, proposal_id)
        if not by.record.roles & _READERS[record.duty]:
            raise Problem(Refusal.ROLE_MISSING, "This proposal is the business of operators with another role.")
        return self._shown(record)

    def list(self, state: ProposalState | None, after: str | None, limit: int, by: Operator) -> Page:
        """A page of what this operator may see, the newest first, and where the next one begins."""
        self._now_after_expiry()
        duties = [duty for duty, readers in _READERS.items() if by.record.roles & readers]
        with self._book.view() as view:
            found = view.proposals.list([state] if state else list(ProposalState), after, limit, duties)
        following = found[-1].proposal_id if len(found) == limit else None
        return [self._shown(record) for record in found], following

    def opened(self, record: ProposalRecord) -> Proposal:
        """The proposal with its sealed parts open; raises SealBroken where the book was tampered with."""
        this = record.proposal_id
        path, body = self._seal.open_path(record.path, this), self._seal.open_kept(record.body, this)
        text = self._seal.open_kept(record.decision_text, this).decode()
        order = Order(record.method, path, record.media_type, body)
        return Proposal(record, order, text, self._seal.open_kept(record.answer, this))

    def is_unchanged(self, record: ProposalRecord, order: Order) -> bool:
        """Whether this is what was proposed, and so what was approved."""
        plain = digest_of(record.proposal_id, order, record.proposed_by, record.expires_s)
        return self._seal.mark(plain) == record.digest

    def _shown(self, record: ProposalRecord) -> Proposal:
        """The proposal to be read; one that was tampered with says so, and hides no other."""
        try:
            return self.opened(record)
        except SealBroken:
            order = Order(record.method, UNREADABLE.decode(), record.media_type, UNREADABLE)
            return Proposal(record, order, "", b"")

    def _now_after_expiry(self) -> float:
        self.expire()
        return self._staff.now_s()

    def _moved(
        self, unit: Unit, record: ProposalRecord, event: ProposalEvent, now_s: float, by: str, address: str
    ) -> ProposalRecord:
        """Move a proposal by the table, and note it; `record` has what the move adds."""
        moved = replace(record, state=advance(record.state, event))
        unit.proposals.move(record.state, moved)
        note(unit, now_s, by, _ACT_OF[event], record.proposal_id, address)
        return moved


def require_role(operator: Operator, role: Role) -> None:
    """Raises Problem for an operator without this role."""
    if role not in operator.record.roles:
        raise Problem(Refusal.ROLE_MISSING, f"This needs an operator with the role {role.value}.")


def _require_open(record: ProposalRecord) -> None:
    if ProposalEvent.APPROVE not in TRANSITIONS[record.state]:
        text = f"Proposal {record.proposal_id} is {record.state.value} and is decided no more."
        raise Problem(Refusal.PROPOSAL_DECIDED_ALREADY, text)


def _existing(unit: Unit, proposal_id: str) -> ProposalRecord:
    record = unit.proposals.find(proposal_id)
    if record is None:
        raise Problem(Refusal.PROPOSAL_NOT_FOUND, f"There is no proposal {proposal_id}.")
    return record


def _moment(now_s: float) -> datetime:
    return datetime.fromtimestamp(now_s, UTC)
