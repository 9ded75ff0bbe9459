"""Recalls in the book: one row a case, changed only from its latest version; its messages are kept as all are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, select, update

from node.book.prepared import Hand, Prepared
from node.book.records import StaleRecord
from node.book.sealing import at_place
from node.book.seals import Seals
from node.book.tables import cases
from node.domain.recall import CaseSide, CaseState, move


@dataclass(frozen=True)
class CaseRecord:
    """One case. `reference` is ours, `case_id` its creator's; `counterparty` is the other institution's BIC.

    `reason_code` and `reason_text` are why the payment is asked for, `answer_code` and `answer_text` why it was
    refused. `request` is the camt.056 as we got it, `answer` the last camt.029 that we wrote. At `due_at_s` (unix
    time) somebody must look again, None for nobody; `is_told` is whether the other institution has the answer.
    """

    reference: str
    case_id: str
    side: CaseSide
    state: CaseState
    counterparty: str
    uetr: str
    reason_code: str | None
    reason_text: str
    request: bytes
    request_id: str
    answer: bytes
    opened_at: datetime
    deadline_s: int
    due_at_s: float | None
    attempts: int = 0
    is_told: bool = True
    answer_code: str | None = None
    answer_text: str = ""
    return_uetr: str | None = None
    version: int = 1


Records = list[CaseRecord]
_NAMES = tuple(CaseRecord.__dataclass_fields__)
_TEXTS, _MESSAGES = ("reason_text", "answer_text"), ("request", "answer")

_DUE = Prepared(
    select(cases)
    .where(cases.c.due_at_s <= bindparam("now_s"))
    .order_by(cases.c.due_at_s, cases.c.id)
    .limit(bindparam("most"))
)


class Cases:
    """The cases of a unit."""

    def __init__(self, connection: Hand, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals

    def add(self, record: CaseRecord) -> None:
        """Keep a new case; raises IntegrityError where the same was opened before (ask `known` first)."""
        self._connection.execute(insert(cases), self._row(record))

    def find(self, reference: str) -> CaseRecord | None:
        """The case of this reference."""
        return self._one(select(cases).where(cases.c.reference == reference))

    def known(self, side: CaseSide, counterparty: str, case_id: str) -> CaseRecord | None:
        """The case that this institution calls so, on this side of ours."""
        named = (cases.c.side == side, cases.c.counterparty == counterparty, cases.c.case_id == case_id)
        return self._one(select(cases).where(*named))

    def of(self, uetr: str) -> Records:
        """Every case about a payment, the oldest first."""
        return self._read(select(cases).where(cases.c.uetr == uetr).order_by(cases.c.id))

    def list(self, states: Sequence[CaseState], after: str | None, limit: int) -> Records:
        """A page of cases in these states, the newest first; `after` is the last reference of the page before."""
        query = select(cases).where(cases.c.state.in_(states)).order_by(cases.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(
                cases.c.id < select(cases.c.id).where(cases.c.reference == after).scalar_subquery()
            )
        return self._read(query)

    def due(self, now_s: float, limit: int) -> Records:
        """Cases that somebody must look at now, the longest due first."""
        return [self._record(row) for row in self._connection.execute(_DUE, {"now_s": now_s, "most": limit})]

    def save(self, record: CaseRecord, state: CaseState | None = None, **changes: Any) -> CaseRecord:
        """Keep changes, and the next state where one is given.

        Raises IllegalCaseMove, and StaleRecord where somebody else changed the case since it was read.
        """
        to = record.state if state is None else move(record.state, state)
        changed = replace(record, state=to, version=record.version + 1, **changes)
        result = self._connection.execute(
            update(cases)
            .where(cases.c.reference == record.reference, cases.c.version == record.version)
            .values(self._row(changed))
        )
        if result.rowcount != 1:
            raise StaleRecord(f"case {record.reference} is no longer version {record.version}")
        return changed

    def _one(self, query: Select[Any]) -> CaseRecord | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else self._record(row)

    def _read(self, query: Select[Any]) -> Records:
        return [self._record(row) for row in self._connection.execute(query).all()]

    def _row(self, record: CaseRecord) -> dict[str, Any]:
        key, reference, row = self._seals.file(record.uetr), record.reference, {**vars(record)}
        for name in _TEXTS:
            row[name] = self._seals.seal_text(key, row[name], cases.name, name, reference)
        for name in _MESSAGES:
            row[name] = self._seals.vault.seal(key, row[name], at_place(cases.name, name, reference))
        return row

    def _record(self, row: Row[Any]) -> CaseRecord:
        key, reference = self._seals.file(row.uetr), row.reference
        said = {name: getattr(row, name) for name in _NAMES}
        for name in _TEXTS:
            said[name] = self._seals.open_text(key, said[name], cases.name, name, reference)
        for name in _MESSAGES:
            said[name] = self._seals.open_body(key, said[name], at_place(cases.name, name, reference))
        return CaseRecord(**said)
