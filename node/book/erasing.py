"""Erases a person: destroys the keys that the person's data is sealed with, and what else points at them.

Amounts, identifications, states, entries and digests stay, for money must add up; who it was and why is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, or_, select, update

from node.book.account_names import NamedAccount
from node.book.alias_table import aliases
from node.book.aliases import alias_place
from node.book.idempotency import answer_place
from node.book.inbox_seal import speaks_of
from node.book.intake_tables import inbox, inbox_lines
from node.book.key_tables import erasures, subjects
from node.book.message_seal import key_of_message, message_place
from node.book.payment_json import payment_from_json
from node.book.payment_seal import open_persons
from node.book.proposal_erasure import forget_proposals, undecided_about
from node.book.records import AccountStatus
from node.book.redacting import Traces, persons_of, redacted
from node.book.seals import Seals
from node.book.tables import accounts, cases, idempotency_keys, messages, payments
from node.domain.lifecycle import TERMINAL
from node.domain.recall import ANSWER_OF, Answer

_AT_ONCE: Final = 500
_UNDECIDED: Final = tuple(state for state, answer in ANSWER_OF.items() if answer is Answer.PENDING)
Records = list["ErasureRecord"]


@dataclass(frozen=True)
class ErasureRecord:
    """What was erased, when, and who ordered it; `subject` is a customer's number here, or a payment's UETR."""

    subject: str
    at: datetime
    ordered_by: str


@dataclass(frozen=True)
class Erased:
    """It is done: what the person is called from now on, and how many payments lost their persons."""

    subject: str
    payments: int


@dataclass(frozen=True)
class NotErased:
    """Why it may not be done, or not yet; nothing was changed."""

    sentence: str


class Erasing:
    """The erasures of a unit. After its commit the database's files are to be wiped (`Book.wipe`)."""

    def __init__(self, connection: Connection, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals

    def customer(self, number: str, at: datetime, ordered_by: str) -> Erased | NotErased:
        """Erase the owner of an account with every payment of the account; the account is closed for ever."""
        account = self._seals.accounts.of_number(number)
        if account is None:
            return NotErased(f"This institution keeps no account {number}.")
        if account.subject is None:
            return NotErased(f"{number} is this institution's own account; there is nobody to erase.")
        if account.is_erased:
            return NotErased(f"The owner of {account.number} is erased already.")
        theirs = or_(payments.c.subject == account.subject, payments.c.other_subject == account.subject)
        names = (account.number, account.holder or "", *self._aliases(account))
        traces = self._traces(theirs, names)
        reason = self._money_is_left(account) or self._still_open(theirs) or self._undecided(traces)
        if reason is not None:
            return NotErased(reason)
        erased = self._payments(theirs, names, traces)
        self._close(account, account.subject)
        self._record(account.subject, at, ordered_by)
        return Erased(account.subject, erased)

    def payment(self, uetr: str, at: datetime, ordered_by: str) -> Erased | NotErased:
        """Erase the persons of one payment: for who is no customer of ours."""
        this = payments.c.uetr == uetr
        row = self._connection.execute(select(payments.c.file_key).where(this)).one_or_none()
        if row is None:
            return NotErased(f"This institution knows no payment {uetr}.")
        if self._seals.file(uetr) is None:
            return NotErased(f"The persons of payment {uetr} are erased already.")
        traces = self._traces(this, ())
        reason = self._still_open(this) or self._undecided(traces)
        if reason is not None:
            return NotErased(reason)
        erased = self._payments(this, (), traces)
        self._record(uetr, at, ordered_by)
        return Erased(uetr, erased)

    def list(self) -> Records:
        """Every erasure, the oldest first."""
        rows = self._connection.execute(select(erasures).order_by(erasures.c.id))
        return [ErasureRecord(row.subject, row.at, row.ordered_by) for row in rows]

    def _money_is_left(self, account: NamedAccount) -> str | None:
        mine = accounts.c.reference == account.reference
        row = self._connection.execute(select(accounts).where(mine)).one()
        if row.reserved:
            return f"Money of account {account.number} is held for payments under way; ask again after them."
        if row.balance:
            return f"Account {account.number} is not empty; pay out what is on it first."
        return None

    def _still_open(self, which: Any) -> str | None:
        open_one = select(payments.c.uetr).where(which, payments.c.state.not_in(TERMINAL)).limit(1)
        uetr = self._connection.scalar(open_one)
        if uetr is not None:
            return f"Payment {uetr} is still under way; ask again when it has ended."
        asked = select(cases.c.reference).join(payments, payments.c.uetr == cases.c.uetr)
        reference = self._connection.scalar(asked.where(which, cases.c.state.in_(_UNDECIDED)).limit(1))
        if reference is not None:
            return f"Case {reference}, the recall of a payment, is still open; ask again when it is decided."
        return None

    def _traces(self, which: Any, names: Sequence[str]) -> Traces:
        found = self._connection.scalars(select(payments.c.uetr).where(which))
        return Traces.of(found, names)

    def _undecided(self, traces: Traces) -> str | None:
        proposal = undecided_about(self._connection, self._seals.vault, traces)
        if proposal is None:
            return None
        return f"Proposal {proposal} speaks of the person and is not carried out; refuse or withdraw it first."

    def _payments(self, which: Any, names: Sequence[str], traces: Traces) -> int:
        """Destroy the keys of these payments, after everything that repeats what they say has lost it."""
        words = set(names)
        for row in self._connection.execute(_OF_ALL.where(which)).all():
            persons = open_persons(self._seals, self._seals.file_in(row), row)
            words |= persons_of(payment_from_json(row.payment, persons))
        self._redact_statements(traces, words)
        self._forget_answers(traces)
        self._forget_messages(traces)
        forget_proposals(self._connection, self._seals.vault, traces)
        for some in _portions(sorted(traces.uetrs)):
            lines = select(inbox_lines.c.key).where(inbox_lines.c.uetr.in_(some))
            self._connection.execute(update(inbox).where(inbox.c.key.in_(lines)).values(file_key=None))
            gone = update(payments).where(payments.c.uetr.in_(some))
            self._connection.execute(gone.values(file_key=None, sealed=None))
        return len(traces.uetrs)

    def _redact_statements(self, traces: Traces, words: set[str]) -> None:
        """What we told about accounts repeats the payments' persons: every text that names one says so no more."""
        for row in self._all(messages, messages.c.uetr.is_(None)):
            key, place = key_of_message(self._seals, row), message_place(row.digest)
            body = self._seals.vault.open(key, row.body, place)
            if body is None or not traces.are_in(body):
                continue
            sealed = self._seals.vault.seal(key, redacted(body, words), place)
            self._connection.execute(update(messages).where(messages.c.id == row.id).values(body=sealed))

    def _forget_answers(self, traces: Traces) -> None:
        """An answer kept for a repeated request is replaced by the mark where it speaks of the person."""
        for row in self._all(idempotency_keys, idempotency_keys.c.body.is_not(None)):
            place = answer_place(row.caller, row.route, row.key)
            body = self._seals.vault.open(None, row.body, place) or b""
            if traces.are_in(body):
                gone = update(idempotency_keys).where(idempotency_keys.c.id == row.id).values(body=b"")
                self._connection.execute(gone)

    def _forget_messages(self, traces: Traces) -> None:
        """A message that was refused, or whose line became no payment, names the person all the same."""
        for row in self._all(inbox, inbox.c.file_key.is_not(None)):
            if speaks_of(self._seals, row, traces):
                self._connection.execute(update(inbox).where(inbox.c.id == row.id).values(file_key=None))

    def _all(self, table: Table, which: Any) -> Iterator[Any]:
        """These rows of a table that may be long, some at a time."""
        after = 0
        some = select(table).where(which).order_by(table.c.id).limit(_AT_ONCE)
        while rows := self._connection.execute(some.where(table.c.id > after)).all():
            yield from rows
            after = rows[-1].id

    def _aliases(self, account: NamedAccount) -> tuple[str, ...]:
        of_account = select(aliases).where(aliases.c.account == account.reference)
        found = self._connection.execute(of_account).all()
        opened = (self._seals.open_body(account.key, row.sealed, alias_place(row.alias_index)) for row in found)
        return tuple(plain.decode() for plain in opened)

    def _close(self, account: NamedAccount, subject: str) -> None:
        self._connection.execute(delete(aliases).where(aliases.c.account == account.reference))
        self._connection.execute(
            update(accounts)
            .where(accounts.c.reference == account.reference)
            .values(number_index=None, sealed=None, status=AccountStatus.CLOSED)
        )
        self._connection.execute(update(subjects).where(subjects.c.subject == subject).values(key=None))

    def _record(self, subject: str, at: datetime, ordered_by: str) -> None:
        self._connection.execute(insert(erasures), {"subject": subject, "at": at, "ordered_by": ordered_by})


_OF_ALL = select(payments, subjects.c.key.label("subject_key")).outerjoin(
    subjects, subjects.c.subject == payments.c.subject
)


def _portions(uetrs: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(uetrs), _AT_ONCE):
        yield uetrs[start : start + _AT_ONCE]
