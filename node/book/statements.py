"""Entries in their order, the statements made of them, and how far they have been notified.

A statement's range is told by entries, not by the clock: what is booked late is in the next one, and none twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, select, update

from node.book.message_seal import read_message
from node.book.prepared import Hand, Prepared
from node.book.records import EntryRecord, MessageRecord
from node.book.seals import Seals
from node.book.tables import accounts, entries, messages, notified_entry, statements
from node.domain.money import Currency, Money

_COLUMNS = select(entries, accounts.c.currency, accounts.c.minor_units).join(
    accounts, accounts.c.reference == entries.c.account
)


@dataclass(frozen=True)
class NumberedEntry:
    """An entry with its number in the book, which grows in the order of booking."""

    number: int
    entry: EntryRecord


@dataclass(frozen=True)
class StatementRecord:
    """One page of a closed day's statement; `closing` is in minor units, `digest` finds its message.

    `last_entry` is the number of the last entry in it, or of the one before where it has none.
    """

    account: str
    day: date
    page: int
    pages: int
    sequence_number: int
    last_entry: int
    closing: int
    digest: bytes


_FRESH = Prepared(
    _COLUMNS.where(entries.c.id > select(notified_entry.c.entry).scalar_subquery())
    .order_by(entries.c.id)
    .limit(bindparam("most"))
)


class Statements:
    """The statements of a unit."""

    def __init__(self, connection: Hand, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals
        self._names = seals.accounts

    def entries_after(self, account: str, number: int, until: datetime) -> list[NumberedEntry]:
        """The account's entries behind this one, up to the first that was booked at or after a moment.

        A clock that was set back is thus no reason to leave one out: what comes behind that entry waits with it.
        """
        mine = (entries.c.account == self._names.reference(account), entries.c.id > number)
        too_late = select(func.min(entries.c.id)).where(*mine, entries.c.at >= until).scalar_subquery()
        query = _COLUMNS.where(*mine, (entries.c.id < too_late) | too_late.is_(None))
        return self._entries(query.order_by(entries.c.id))

    def sum_after(self, account: str, number: int) -> int:
        """The sum of all the account's entries behind this one, in minor units."""
        reference = self._names.reference(account)
        query = select(entries.c.amount).where(entries.c.account == reference, entries.c.id > number)
        return sum(int(amount) for amount in self._connection.scalars(query))

    def first_day(self, account: str) -> date | None:
        """The day of the account's first entry."""
        mine = entries.c.account == self._names.reference(account)
        at = self._connection.scalar(select(entries.c.at).where(mine).order_by(entries.c.id).limit(1))
        return at.date() if at else None

    def fresh(self, limit: int) -> list[NumberedEntry]:
        """Entries of any account that nobody has been notified of, in order."""
        found = self._connection.execute(_FRESH, {"most": limit}).all()
        return [_numbered(row, self._names.number(row.account)) for row in found]

    def notified(self, number: int) -> None:
        """Entries up to this one have been notified."""
        self._connection.execute(update(notified_entry).values(entry=number))

    def add(self, record: StatementRecord) -> None:
        """Keep a page of a statement."""
        row = {**vars(record), "day": record.day.isoformat(), "account": self._names.reference(record.account)}
        self._connection.execute(insert(statements), row)

    def last(self, account: str) -> StatementRecord | None:
        """The account's newest page."""
        mine = statements.c.account == self._names.reference(account)
        query = select(statements).where(mine).order_by(statements.c.id.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _record(row, account)

    def page(self, account: str, day: date, page: int) -> StatementRecord | None:
        """One page of a day's statement."""
        mine = statements.c.account == self._names.reference(account)
        wanted = (mine, statements.c.day == day.isoformat(), statements.c.page == page)
        row = self._connection.execute(select(statements).where(*wanted)).one_or_none()
        return None if row is None else _record(row, account)

    def message(self, digest: bytes) -> MessageRecord | None:
        """The message, of whatever kind, whose body has this digest."""
        query = select(messages).where(messages.c.digest == digest).order_by(messages.c.id).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else read_message(self._seals, row)

    def messages(
        self, name: str | None, direction: str | None, before: bytes | None, limit: int
    ) -> list[MessageRecord]:
        """A page of messages, the newest first; `before` is the digest of the last one of the page before."""
        query = select(messages).order_by(messages.c.id.desc()).limit(limit)
        if name is not None:
            query = query.where(messages.c.name == name)
        if direction is not None:
            query = query.where(messages.c.direction == direction)
        if before is not None:
            newest = (
                select(messages.c.id).where(messages.c.digest == before).order_by(messages.c.id.desc()).limit(1)
            )
            query = query.where(messages.c.id < newest.scalar_subquery())
        return [read_message(self._seals, row) for row in self._connection.execute(query).all()]

    def _entries(self, query: Select[Any]) -> list[NumberedEntry]:
        return [_numbered(row, self._names.number(row.account)) for row in self._connection.execute(query).all()]


def _numbered(row: Row[Any], account: str) -> NumberedEntry:
    amount = Money(row.amount, Currency(row.currency, row.minor_units))
    names = ("uetr", "transaction_hash", "block_number", "log_index", "text", "at")
    kept = {name: getattr(row, name) for name in names}
    return NumberedEntry(row.id, EntryRecord(account=account, amount=amount, **kept))


def _record(row: Row[Any], account: str) -> StatementRecord:
    names = ("page", "pages", "sequence_number", "last_entry", "closing", "digest")
    kept = {name: getattr(row, name) for name in names}
    return StatementRecord(account=account, day=date.fromisoformat(row.day), **kept)
