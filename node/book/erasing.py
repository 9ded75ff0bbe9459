"""The steps of an erasure, each within one unit: what it finds, what it takes some rows at a time, and its end.

Amounts, identifications, states, entries and digests stay, for money must add up; who it was and why is gone. The
end is what counts: with the key that it destroys the person is gone from every payment at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Table, delete, func, insert, or_, select, update

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

AT_ONCE: Final = 500
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
class Target:
    """Who is to be erased, as the book says before it is begun.

    `called` is a customer's key by name, or a payment's UETR; `account` is the customer's. `apart` are payments
    whose key another person's wraps.
    """

    called: str
    account: NamedAccount | None
    traces: Traces
    words: frozenset[str]
    apart: tuple[str, ...]


@dataclass(frozen=True)
class Swept:
    """How far a table was looked through, and the rows before that which had nothing to look at yet."""

    after: int = 0
    unfinished: tuple[int, ...] = ()


@dataclass(frozen=True)
class NotErased:
    """Why it may not be done, or not yet; nothing was changed."""

    sentence: str


class Erasing:
    """The erasures of a unit; `node.book.erasure` takes the steps."""

    def __init__(self, connection: Connection, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals

    def customer(self, number: str) -> Target | NotErased:
        """The owner of an account, with every payment of the account; reads all of them."""
        account = self._seals.accounts.of_number(number)
        if account is None:
            return NotErased(f"This institution keeps no account {number}.")
        if account.subject is None:
            return NotErased(f"{number} is this institution's own account; there is nobody to erase.")
        if account.is_erased:
            return NotErased(f"The owner of {account.number} is erased already.")
        names = (account.number, account.holder or "", *self._aliases(account))
        apart = select(payments.c.uetr).where(payments.c.other_subject == account.subject)
        target = self._target(account.subject, account, names, tuple(self._connection.scalars(apart)))
        open_one = self._open_payment(_theirs(target))
        reason = self._money_is_left(account) or open_one or self._refusal(target)
        return target if reason is None else NotErased(reason)

    def payment(self, uetr: str) -> Target | NotErased:
        """The persons of one payment: for who is no customer of ours."""
        this = payments.c.uetr == uetr
        row = self._connection.execute(select(payments.c.file_key).where(this)).one_or_none()
        if row is None:
            return NotErased(f"This institution knows no payment {uetr}.")
        if self._seals.file(uetr) is None:
            return NotErased(f"The persons of payment {uetr} are erased already.")
        target = self._target(uetr, None, (), ())
        reason = self._open_payment(this) or self._refusal(target)
        return target if reason is None else NotErased(reason)

    def forget_portion(self, table: Table, target: Target, after: int) -> int | None:
        """Take the person out of the next rows of a table; the last of them, None where there was none."""
        step, which = self._STEPS[table.name]
        some = select(table).where(which, table.c.id > after).order_by(table.c.id).limit(AT_ONCE)
        rows = self._connection.execute(some).all()
        for row in rows:
            step(self, row, target)
        return rows[-1].id if rows else None

    def unfinished(self, table: Table, until: int) -> tuple[int, ...]:
        """Rows up to this one that have nothing to look at yet: requests whose answer is still to come."""
        if table.name != idempotency_keys.name:
            return ()
        open_ones = select(table.c.id).where(table.c.body.is_(None), table.c.id <= until)
        return tuple(self._connection.scalars(open_ones))

    def forget_lines(self, uetrs: Sequence[str]) -> None:
        """Destroy the keys of the messages of several that these payments were lines of."""
        lines = select(inbox_lines.c.key).where(inbox_lines.c.uetr.in_(uetrs))
        self._connection.execute(update(inbox).where(inbox.c.key.in_(lines)).values(file_key=None))

    def forget_payments(self, uetrs: Sequence[str]) -> None:
        """Destroy the keys of these payments."""
        gone = update(payments).where(payments.c.uetr.in_(uetrs))
        self._connection.execute(gone.values(file_key=None, sealed=None))

    def end(
        self, target: Target, swept: Mapping[str, Swept], at: datetime, ordered_by: str
    ) -> Erased | NotErased | None:
        """Destroy the key, and with it the person; None where the person has a payment since `target` was read.

        What was written since the tables were looked through is looked at here, so nothing is left between.
        """
        known = self._connection.scalar(select(func.count()).select_from(payments).where(_theirs(target)))
        if known != len(target.traces.uetrs):
            return None
        reason = (self._money_is_left(target.account) if target.account else None) or self._refusal(target)
        if reason is not None:
            return NotErased(reason)
        for table in LOOKED_THROUGH:
            self._forget_rest(table, target, swept[table.name])
        forget_proposals(self._connection, self._seals.vault, target.traces)
        if target.account is None:
            self.forget_payments([target.called])
        else:
            self._close(target.account, target.called)
        self._record(target.called, at, ordered_by)
        return Erased(target.called, len(target.traces.uetrs))

    def lost_files(self, after: int) -> Sequence[Any]:
        """Payments whose owner is erased and whose own key, worthless now, is still there: some after a row."""
        some = select(payments.c.id, payments.c.uetr).join(subjects, subjects.c.subject == payments.c.subject)
        lost = some.where(subjects.c.key.is_(None), payments.c.file_key.is_not(None), payments.c.id > after)
        return self._connection.execute(lost.order_by(payments.c.id).limit(AT_ONCE)).all()

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

    def _open_payment(self, which: Any) -> str | None:
        open_one = select(payments.c.uetr).where(which, payments.c.state.not_in(TERMINAL)).limit(1)
        uetr = self._connection.scalar(open_one)
        if uetr is not None:
            return f"Payment {uetr} is still under way; ask again when it has ended."
        return None

    def _refusal(self, target: Target) -> str | None:
        """A recall that is not decided, or a proposal that is not carried out."""
        asked = select(cases.c.reference).join(payments, payments.c.uetr == cases.c.uetr)
        which = asked.where(_theirs(target), cases.c.state.in_(_UNDECIDED)).limit(1)
        reference = self._connection.scalar(which)
        if reference is not None:
            return f"Case {reference}, the recall of a payment, is still open; ask again when it is decided."
        proposal = undecided_about(self._connection, self._seals.vault, target.traces)
        if proposal is None:
            return None
        return f"Proposal {proposal} speaks of the person and is not carried out; refuse or withdraw it first."

    def _target(
        self, called: str, account: NamedAccount | None, names: Sequence[str], apart: tuple[str, ...]
    ) -> Target:
        """What the payments say of the person, read some at a time."""
        about, words, uetrs, after = _about(called, account), set(names), set[str](), 0
        some = _OF_ALL.where(about).order_by(payments.c.id).limit(AT_ONCE)
        while rows := self._connection.execute(some.where(payments.c.id > after)).all():
            for row in rows:
                persons = open_persons(self._seals, self._seals.file_in(row), row)
                words |= persons_of(payment_from_json(row.payment, persons))
                uetrs.add(row.uetr)
            after = rows[-1].id
        return Target(called, account, Traces.of(uetrs, names), frozenset(words), apart)

    def _forget_rest(self, table: Table, target: Target, swept: Swept) -> None:
        step, which = self._STEPS[table.name]
        for row in self._connection.execute(select(table).where(which, table.c.id.in_(swept.unfinished))).all():
            step(self, row, target)
        after: int | None = swept.after
        while after is not None:
            after = self.forget_portion(table, target, after)

    def _forget_statement(self, row: Any, target: Target) -> None:
        """What we told about accounts repeats the payments' persons: a text that names one says so no more."""
        key, place = key_of_message(self._seals, row), message_place(row.digest)
        body = self._seals.vault.open(key, row.body, place)
        if body is None or not target.traces.are_in(body):
            return
        sealed = self._seals.vault.seal(key, redacted(body, target.words), place)
        self._connection.execute(update(messages).where(messages.c.id == row.id).values(body=sealed))

    def _forget_answer(self, row: Any, target: Target) -> None:
        """An answer kept for a repeated request is replaced by the mark where it speaks of the person."""
        place = answer_place(row.caller, row.route, row.key)
        if target.traces.are_in(self._seals.vault.open(None, row.body, place) or b""):
            gone = update(idempotency_keys).where(idempotency_keys.c.id == row.id).values(body=b"")
            self._connection.execute(gone)

    def _forget_message(self, row: Any, target: Target) -> None:
        """A message that was refused, or whose line became no payment, names the person all the same."""
        if speaks_of(self._seals, row, target.traces):
            self._connection.execute(update(inbox).where(inbox.c.id == row.id).values(file_key=None))

    _STEPS: ClassVar[Mapping[str, tuple[Callable[[Erasing, Any, Target], None], Any]]] = {
        messages.name: (_forget_statement, messages.c.uetr.is_(None)),
        idempotency_keys.name: (_forget_answer, idempotency_keys.c.body.is_not(None)),
        inbox.name: (_forget_message, inbox.c.file_key.is_not(None)),
    }

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


LOOKED_THROUGH: Final = (messages, idempotency_keys, inbox)
"""The tables that may name a person in what no key of the person's seals."""


def _theirs(target: Target) -> Any:
    return _about(target.called, target.account)


def _about(called: str, account: NamedAccount | None) -> Any:
    """The payments of a customer, or the one payment."""
    if account is None:
        return payments.c.uetr == called
    return or_(payments.c.subject == called, payments.c.other_subject == called)
