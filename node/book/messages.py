"""ISO messages in the book, byte for byte as they came and left, beside the payment they belong to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from node.book.events import Events
from node.book.message_seal import message_row, read_message
from node.book.prepared import Hand, Prepared
from node.book.records import MessageIdTaken, MessageRecord
from node.book.seals import Seals
from node.book.tables import INBOUND, messages

_ADD = Prepared(insert(messages))
_OF = Prepared(select(messages).where(messages.c.uetr == bindparam("wanted")).order_by(messages.c.id))
_NAMES = Prepared(
    select(messages.c.name, messages.c.counterparty)
    .where(messages.c.uetr == bindparam("wanted"), messages.c.direction == "in")
    .order_by(messages.c.id)
)
_FIND_INBOUND = Prepared(
    select(messages).where(
        INBOUND,  # in these very words, or the partial index would not serve
        messages.c.counterparty == bindparam("wanted_counterparty"),
        messages.c.message_id == bindparam("wanted_id"),
    )
)


class Messages:
    """The messages of a unit."""

    def __init__(self, connection: Hand, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals
        self._events = Events(connection, seals)

    def add(self, record: MessageRecord) -> None:
        """Keep a message; its payment must be in the book.

        Raises MessageIdTaken where this counterparty has sent a message of this identification before. What we
        send ourselves, and what has no identification, is not compared.
        """
        try:
            with self._connection.begin_nested():
                kept = self._connection.execute(_ADD, message_row(self._seals, record))
        except IntegrityError:
            if record.direction != "in" or self.find_inbound(record.counterparty, record.message_id) is None:
                raise
            raise MessageIdTaken(f"{record.counterparty}: {record.message_id}") from None
        if record.direction == "out":
            self._events.message_written(record.uetr, _row_of(kept), record.at)

    def of(self, uetr: str) -> list[MessageRecord]:
        """All messages of a payment, in the order in which they were kept."""
        return [read_message(self._seals, row) for row in self._connection.execute(_OF, {"wanted": uetr}).all()]

    def transfers(self, uetr: str, names: tuple[str, ...]) -> list[MessageRecord]:
        """The messages of a payment that came, of these names or beginnings of names; no other is opened."""
        rows = self._connection.execute(_OF, {"wanted": uetr}).all()
        wanted = [row for row in rows if row.direction == "in" and row.name.startswith(names)]
        return [read_message(self._seals, row) for row in wanted]

    def came(self, uetr: str) -> list[tuple[str, str]]:
        """What came for a payment, by name and counterparty, in order; nothing is opened."""
        return [(row.name, row.counterparty) for row in self._connection.execute(_NAMES, {"wanted": uetr})]

    def about(self, number: str) -> list[MessageRecord]:
        """What the owner of an account was told of the account, in order: notifications, statements, reports."""
        owner = self._seals.owner_of(number)
        if owner is None:
            return []
        told = select(messages).where(messages.c.subject == owner.subject).order_by(messages.c.id)
        return [read_message(self._seals, row) for row in self._connection.execute(told).all()]

    def find_inbound(self, counterparty: str, message_id: str | None) -> MessageRecord | None:
        """The message of this identification from this counterparty; None too where there is no identification."""
        if not message_id:
            return None
        wanted = {"wanted_counterparty": counterparty, "wanted_id": message_id}
        row = self._connection.execute(_FIND_INBOUND, wanted).one_or_none()
        return None if row is None else read_message(self._seals, row)


def _row_of(kept: CursorResult[Any]) -> int:
    (row,) = kept.inserted_primary_key or (0,)
    return int(row)
