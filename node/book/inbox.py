"""Messages that hold several instructions or none, whole and to the byte, with what became of each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, select, update

from node.book.inbox_records import InboxRecord, InboxVerdict
from node.book.inbox_seal import open_line, open_message, seal_answer, seal_line, seal_message
from node.book.intake_tables import TAKEN, inbox, inbox_lines
from node.book.prepared import Hand, Prepared
from node.book.sealing import Key
from node.book.seals import Seals
from node.book.tables import payments
from node.domain.lifecycle import State

_TAKEN = Prepared(
    select(inbox).where(
        TAKEN, inbox.c.counterparty == bindparam("sender"), inbox.c.message_id == bindparam("wanted")
    )
)
_KEY_OF = Prepared(select(inbox_lines.c.key).where(inbox_lines.c.uetr == bindparam("wanted")))


class Inbox:
    """The incoming messages of a unit."""

    def __init__(self, connection: Hand, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals

    def add(self, record: InboxRecord) -> None:
        """Keep a message with its lines; the payments of its lines must be in the book."""
        key, wrapped = self._seals.vault.new_file_key(inbox.name, record.key, None)
        self._connection.execute(insert(inbox), {**seal_message(self._seals, key, record), "file_key": wrapped})
        if record.lines:
            lines = [seal_line(self._seals, key, record.key, line) for line in record.lines]
            self._connection.execute(insert(inbox_lines), lines)

    def find(self, key: str) -> InboxRecord | None:
        """The message that we call `key`."""
        return self._one(select(inbox).where(inbox.c.key == key))

    def find_taken(self, counterparty: str, message_id: str | None) -> InboxRecord | None:
        """The message of this identification that was taken from this counterparty."""
        if not message_id:
            return None
        row = self._connection.execute(_TAKEN, {"sender": counterparty, "wanted": message_id}).one_or_none()
        return None if row is None else self._with_lines(row)

    def key_of(self, uetr: str) -> str | None:
        """The message that this payment was a line of; None for a payment that came alone."""
        key = self._connection.scalar(_KEY_OF, {"wanted": uetr})
        return None if key is None else str(key)

    def position_of(self, uetr: str) -> int | None:
        """Which line of its message a payment was, from 1."""
        query = select(inbox_lines.c.position).where(inbox_lines.c.uetr == uetr)
        position = self._connection.scalar(query)
        return None if position is None else int(position)

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
        wrapped = self._connection.scalar(select(inbox.c.file_key).where(inbox.c.key == key))
        sealed = seal_answer(self._seals, self._key(key, wrapped), key, "final_answer", final_answer)
        self._connection.execute(update(inbox).where(inbox.c.key == key).values(final_answer=sealed))

    def _one(self, query: Select[Any]) -> InboxRecord | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else self._with_lines(row)

    def _with_lines(self, row: Row[Any]) -> InboxRecord:
        key = self._key(row.key, row.file_key)
        query = select(inbox_lines).where(inbox_lines.c.key == row.key).order_by(inbox_lines.c.position)
        lines = tuple(open_line(self._seals, key, line) for line in self._connection.execute(query))
        return open_message(self._seals, key, row, lines)

    def _key(self, key: str, wrapped: bytes | None) -> Key | None:
        return self._seals.vault.file_key(inbox.name, key, wrapped, None)


Records = list[InboxRecord]
