"""ISO messages in the book, byte for byte as they came and left, beside the payment they belong to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, CursorResult, Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from node.book.events import Events
from node.book.records import MessageIdTaken, MessageRecord
from node.book.tables import INBOUND, messages

_ADD = insert(messages)
_OF = select(messages).where(messages.c.uetr == bindparam("wanted")).order_by(messages.c.id)
_FIND_INBOUND = select(messages).where(
    INBOUND,  # in these very words, or the partial index would not serve
    messages.c.counterparty == bindparam("wanted_counterparty"),
    messages.c.message_id == bindparam("wanted_id"),
)


class Messages:
    """The messages of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection
        self._events = Events(connection)

    def add(self, record: MessageRecord) -> None:
        """Keep a message; its payment must be in the book.

        Raises MessageIdTaken where this counterparty has sent a message of this identification before. What we
        send ourselves, and what has no identification, is not compared.
        """
        try:
            with self._connection.begin_nested():
                kept = self._connection.execute(_ADD, _row(record))
        except IntegrityError:
            if record.direction != "in" or self.find_inbound(record.counterparty, record.message_id) is None:
                raise
            raise MessageIdTaken(f"{record.counterparty}: {record.message_id}") from None
        if record.direction == "out":
            self._events.message_written(record.uetr, _row_of(kept), record.at)

    def of(self, uetr: str) -> list[MessageRecord]:
        """All messages of a payment, in the order in which they were kept."""
        return [_record(row) for row in self._connection.execute(_OF, {"wanted": uetr})]

    def find_inbound(self, counterparty: str, message_id: str | None) -> MessageRecord | None:
        """The message of this identification from this counterparty; None too where there is no identification."""
        if not message_id:
            return None
        wanted = {"wanted_counterparty": counterparty, "wanted_id": message_id}
        row = self._connection.execute(_FIND_INBOUND, wanted).one_or_none()
        return None if row is None else _record(row)


def _row_of(kept: CursorResult[Any]) -> int:
    (row,) = kept.inserted_primary_key or (0,)
    return int(row)


def _row(record: MessageRecord) -> dict[str, Any]:
    return {
        "uetr": record.uetr,
        "direction": record.direction,
        "counterparty": record.counterparty,
        "name": record.name,
        "message_id": record.message_id or None,
        "body": record.body,
        "at": record.at,
        "digest": record.digest,
    }


def _record(row: Row[Any]) -> MessageRecord:
    return MessageRecord(
        uetr=row.uetr,
        direction=row.direction,
        counterparty=row.counterparty,
        name=row.name,
        message_id=row.message_id,
        body=row.body,
        at=row.at,
        digest=row.digest,
    )
