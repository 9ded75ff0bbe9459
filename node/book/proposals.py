"""The proposals of a book; their content is sealed, and the database lets nobody change it after.

It can only be emptied, once a proposal is over: somebody whom it names was erased.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from node.book.operator_tables import proposals
from node.book.records import StaleRecord
from node.book.sealing import at_place
from node.domain.proposal import Duty, ProposalState

Records = list["ProposalRecord"]


@dataclass(frozen=True)
class ProposalRecord:
    """A proposal as kept; `digest` is over the plain content, under the book's own key (`Vault.marked`).

    `path`, `body`, `decision_text` and `answer` are sealed, and empty where they were erased.
    """

    proposal_id: str
    state: ProposalState
    duty: Duty
    method: str
    path: str
    media_type: str
    body: bytes
    digest: bytes
    proposed_by: str
    proposed_at: datetime
    expires_s: float
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_text: bytes | None = None
    executed_at: datetime | None = None
    answer_status: int | None = None
    answer: bytes | None = None


class Proposals:
    """The proposals of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def add(self, record: ProposalRecord) -> None:
        """Keep a new proposal."""
        self._connection.execute(insert(proposals), vars(record))

    def find(self, proposal_id: str) -> ProposalRecord | None:
        """The proposal of this id."""
        row = self._connection.execute(
            select(proposals).where(proposals.c.proposal_id == proposal_id)
        ).one_or_none()
        return None if row is None else _record(row)

    def list(
        self,
        states: Collection[ProposalState],
        after: str | None = None,
        limit: int = 200,
        duties: Collection[Duty] = tuple(Duty),
    ) -> Records:
        """Proposals in these states and of these duties, the newest first, from behind the one called `after`."""
        wanted = (proposals.c.state.in_(tuple(states)), proposals.c.duty.in_(tuple(duties)))
        found = select(proposals).where(*wanted).order_by(proposals.c.id.desc())
        if after is not None:
            place = select(proposals.c.id).where(proposals.c.proposal_id == after).scalar_subquery()
            found = found.where(proposals.c.id < place)
        return [_record(row) for row in self._connection.execute(found.limit(limit))]

    def overdue(self, now_s: float, limit: int = 200) -> Records:
        """Proposals that nobody has decided in time, the oldest first."""
        waiting = (proposals.c.state == ProposalState.PROPOSED, proposals.c.expires_s <= now_s)
        found = select(proposals).where(*waiting).order_by(proposals.c.id).limit(limit)
        return [_record(row) for row in self._connection.execute(found)]

    def move(self, before: ProposalState, after: ProposalRecord) -> None:
        """Keep a proposal that has left the state `before`; raises StaleRecord where it is in it no more.

        What was proposed is not written again: it cannot change.
        """
        moved = {name: getattr(after, name) for name in _MOVING}
        this = (proposals.c.proposal_id == after.proposal_id, proposals.c.state == before)
        if self._connection.execute(update(proposals).where(*this).values(**moved)).rowcount != 1:
            raise StaleRecord(f"proposal {after.proposal_id} is {before.value} no more")


def path_place(proposal_id: str) -> bytes:
    """Where a proposal's path stands."""
    return content_place(f"{proposal_id}.path")


def content_place(about: str) -> bytes:
    """Where what operators entrust to the book stands: by the id of what it belongs to."""
    return at_place("operators", "sealed", about)


_MOVING = ("state", "decided_by", "decided_at", "decision_text", "executed_at", "answer_status", "answer")


def _record(row: Row[Any]) -> ProposalRecord:
    return ProposalRecord(**{name: value for name, value in row._mapping.items() if name != "id"})
