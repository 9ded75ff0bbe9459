"""Messages that hold several instructions or none, whole and to the byte, with what became of each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from node.book.inbox_records import InboxLine, InboxRecord, InboxVerdict
from node.book.intake_tables import TAKEN, inbox, inbox_lines
from node.book.payment_json import findings_from_json, findings_to_json
from node.book.tables import payments
from node.domain.lifecycle import State

_KEY_OF = select(inbox_lines.c.key).where(inbox_lines.c.uetr == bindparam("wanted"))


class Inbox:
    """The incoming messages of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def add(self, record: InboxRecord) -> None:
        """Keep a message with its lines; the payments of its lines must be in the book."""
        self._connection.execute(insert(inbox), _row(record))
        if record.lines:
            self._connection.execute(insert(inbox_lines), [_line_row(record.key, line) for line in record.lines])

    def find(self, key: str) -> InboxRecord | None:
        """The message that we call `key`."""
        return self._one(select(inbox).where(inbox.c.key == key))

    def find_taken(self, counterparty: str, message_id: str | None) -> InboxRecord | None:
        """The message of this identification that was taken from this counterparty."""
        if not message_id:
            return None
        wanted = (TAKEN, inbox.c.counterparty == counterparty, inbox.c.message_id == message_id)
        return self._one(select(inbox).where(*wanted))

    def key_of(self, uetr: str) -> str | None:
        """The message that this payment was a line of; None for a payment that came alone."""
        key = self._connection.scalar(_KEY_OF, {"wanted": uetr})
        return None if key is None else str(key)

    def position_of(self, uetr: str) -> int | None:
        """Which line of its message a payment was, from 1."""
        query = select(inbox_lines.c.position).where(inbox_lines.c.uetr == uetr)
        return self._connection.scalar(query)

    def is_open(self, key: str, ended: Sequence[State]) -> bool:
        """Whether a payment of this message is in another state than these."""
        joined = inbox_lines.join(payments, inbox_lines.c.uetr == payments.c.uetr)
        query = select(inbox_lines.c.id).select_from(joined)
        query = query.where(inbox_lines.c.key == key, payments.c.state.not_in(ended)).limit(1)
        return self._connection.scalar(query) is not None

    def list(self, verdict: InboxVerdict | None = None, after: str | None = None, limit: int = 100) -> Records:
        """A page of messages, the newest first; `after` is the last key of the page before."""
        query = select(inbox).order_by(inbox.c.id.desc()).limit(limit)
        if verdict is not None:
            query = query.where(inbox.c.verdict == verdict)
        if after is not None:
            query = query.where(inbox.c.id < select(inbox.c.id).where(inbox.c.key == after).scalar_subquery())
        return [self._with_lines(row) for row in self._connection.execute(query).all()]

    def finish(self, key: str, final_answer: bytes) -> None:
        """Keep what was answered when every line had ended."""
        self._connection.execute(update(inbox).where(inbox.c.key == key).values(final_answer=final_answer))

    def _one(self, query: Select[Any]) -> InboxRecord | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else self._with_lines(row)

    def _with_lines(self, row: Row[Any]) -> InboxRecord:
        query = select(inbox_lines).where(inbox_lines.c.key == row.key).order_by(inbox_lines.c.position)
        return InboxRecord(
            key=row.key,
            counterparty=row.counterparty,
            name=row.name,
            message_id=row.message_id,
            verdict=row.verdict,
            body=row.body,
            digest=row.digest,
            at=row.at,
            findings=findings_from_json(row.findings),
            answer=row.answer,
            final_answer=row.final_answer,
            lines=tuple(_line(line) for line in self._connection.execute(query)),
        )


Records = list[InboxRecord]


def _row(record: InboxRecord) -> dict[str, Any]:
    return {
        "key": record.key,
        "counterparty": record.counterparty,
        "name": record.name,
        "message_id": record.message_id or None,
        "verdict": record.verdict,
        "body": record.body,
        "digest": record.digest,
        "at": record.at,
        "findings": findings_to_json(record.findings),
        "answer": record.answer,
        "final_answer": record.final_answer,
    }


def _line_row(key: str, line: InboxLine) -> dict[str, Any]:
    return {
        "key": key,
        "position": line.position,
        "block": line.block,
        "instruction_id": line.instruction_id,
        "end_to_end_id": line.end_to_end_id,
        "transaction_id": line.transaction_id,
        "stated_uetr": line.stated_uetr,
        "uetr": line.uetr,
        "findings": findings_to_json(line.findings),
    }


def _line(row: Row[Any]) -> InboxLine:
    return InboxLine(
        position=row.position,
        block=row.block,
        instruction_id=row.instruction_id,
        end_to_end_id=row.end_to_end_id,
        transaction_id=row.transaction_id,
        stated_uetr=row.stated_uetr,
        uetr=row.uetr,
        findings=findings_from_json(row.findings),
    )
