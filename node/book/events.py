"""The outbox: one ordered stream of what happened here, written in the very commit that makes it happen.

An event points at what it speaks of and copies nothing personal. Units come one after the other on every database,
so positions follow commits without a gap, and a reader who has passed one never misses a smaller one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, insert, select

from node.book.prepared import Hand, Prepared
from node.book.seals import Seals
from node.book.tables import accounts, entries, events, messages, payments
from node.domain.lifecycle import State
from node.domain.money import Currency, Money
from node.domain.payment import Side
from node.domain.recall import CaseState

_NEXT: Final = select(func.coalesce(func.max(events.c.position), 0) + 1).scalar_subquery()
_WRITE: Final = Prepared(
    insert(events).values(
        position=_NEXT,
        kind=bindparam("kind"),
        uetr=bindparam("uetr"),
        version=bindparam("version"),
        message_row=bindparam("message_row"),
        entry_row=bindparam("entry_row"),
        transaction_hash=bindparam("transaction_hash"),
        subject=bindparam("subject"),
        at=bindparam("at"),
    )
)
_NOTHING: Final = dict.fromkeys(("uetr", "version", "message_row", "entry_row", "transaction_hash", "subject"))
_READ: Final = (
    select(
        events,
        payments.c.side,
        messages.c.name,
        messages.c.message_id,
        messages.c.counterparty,
        messages.c.digest,
        entries.c.account,
        entries.c.amount,
        entries.c.text,
        entries.c.transaction_hash.label("entry_transaction_hash"),
        entries.c.block_number,
        accounts.c.currency,
        accounts.c.minor_units,
    )
    .outerjoin(payments, payments.c.uetr == events.c.uetr)
    .outerjoin(messages, messages.c.id == events.c.message_row)
    .outerjoin(entries, entries.c.id == events.c.entry_row)
    .outerjoin(accounts, accounts.c.reference == entries.c.account)
    .where(events.c.position > bindparam("after"))
    .order_by(events.c.position)
    .limit(bindparam("most"))
)


@dataclass(frozen=True)
class WrittenMessage:
    """The message that an event speaks of."""

    name: str
    message_id: str | None
    counterparty: str
    digest: bytes


@dataclass(frozen=True)
class BookedEntry:
    """The entry that an event speaks of, by its number in the book; its amount is signed."""

    number: int
    account: str
    amount: Money
    text: str
    transaction_hash: str | None
    block_number: int | None


@dataclass(frozen=True)
class EventRecord:
    """One event: `kind` says what happened, and the members that are not None to what.

    `version` is the payment's after the change: of two events about one payment the later has the greater.
    """

    position: int
    kind: str
    at: datetime
    uetr: str | None
    side: Side | None
    version: int | None
    transaction_hash: str | None
    message: WrittenMessage | None
    entry: BookedEntry | None
    subject: str | None = None


class Events:
    """The events of a unit."""

    def __init__(self, connection: Hand, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._names = seals.accounts

    def payment_moved(self, uetr: str, states: Sequence[State], version: int, at: datetime) -> None:
        """A payment has entered these states, one after the other: `payment.settled` and the like.

        `version` is its version in the last of them.
        """
        first = version - len(states) + 1
        kinds = [f"payment.{state.value.lower()}" for state in states]
        rows = [
            {**_NOTHING, "kind": kind, "at": at, "uetr": uetr, "version": each}
            for each, kind in enumerate(kinds, first)
        ]
        self._connection.execute_many(_WRITE, rows)

    def message_written(self, uetr: str | None, message_row: int, at: datetime) -> None:
        """A message is kept to be sent: `message.written`."""
        self._write("message.written", at, uetr=uetr, message_row=message_row)

    def entry_booked(self, uetr: str | None, entry_row: int, amount: int, at: datetime) -> None:
        """An entry was booked: `account.credited` or `account.debited`."""
        kind = "account.credited" if amount >= 0 else "account.debited"
        self._write(kind, at, uetr=uetr, entry_row=entry_row)

    def transfer_moved(self, transaction_hash: str, status: str, at: datetime) -> None:
        """A relayed transfer's transaction has come so far: `transfer.signed`, `transfer.included`, …"""
        self._write(f"transfer.{status}", at, transaction_hash=transaction_hash)

    def case_moved(self, reference: str, uetr: str, state: CaseState, at: datetime) -> None:
        """A recall has come so far: `case.awaiting_decision`, `case.accepted` and the like."""
        self._write(f"case.{state.value.lower()}", at, uetr=uetr, subject=reference)

    def operator_acted(self, kind: str, subject: str, at: datetime) -> None:
        """Something about an operator or a proposal, such as `proposal.approved`; `subject` is its id."""
        self._write(kind, at, subject=subject)

    def read(self, after: int, limit: int) -> list[EventRecord]:
        """The events after a position, in order; the first position is 1."""
        rows = self._connection.execute(_READ, {"after": after, "most": limit}).all()
        return [self._record(row) for row in rows]

    def newest(self) -> int:
        """The position of the newest event, 0 before the first."""
        return self._connection.scalar(select(func.coalesce(func.max(events.c.position), 0))) or 0

    def _write(self, kind: str, at: datetime, **about: Any) -> None:
        self._connection.execute(_WRITE, {**_NOTHING, **about, "kind": kind, "at": at})

    def _record(self, row: Row[Any]) -> EventRecord:
        return EventRecord(
            position=row.position,
            kind=row.kind,
            at=row.at,
            uetr=row.uetr,
            side=row.side,
            version=row.version,
            transaction_hash=row.transaction_hash,
            message=_message(row) if row.message_row is not None else None,
            entry=self._entry(row) if row.entry_row is not None else None,
            subject=row.subject,
        )

    def _entry(self, row: Row[Any]) -> BookedEntry:
        amount = Money(row.amount, Currency(row.currency, row.minor_units))
        number = self._names.number(row.account)
        return BookedEntry(row.entry_row, number, amount, row.text, row.entry_transaction_hash, row.block_number)


def _message(row: Row[Any]) -> WrittenMessage:
    return WrittenMessage(row.name, row.message_id, row.counterparty, row.digest)
