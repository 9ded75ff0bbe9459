"""Payments in the book: added once, moved by the state machine's events, changed only from their latest version.

The steps a payment has taken are rows of their own, added and never altered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Float, Row, Select, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from node.book.events import Events
from node.book.finding_seal import open_findings, seal_findings
from node.book.key_tables import subjects
from node.book.payment_json import facts_to_json, payment_from_json, quote_from_json, quote_to_json
from node.book.payment_seal import open_persons, seal_persons
from node.book.prepared import Hand, Prepared
from node.book.records import EndedPayment, PaymentRecord, StaleRecord, Step, UetrTaken
from node.book.sealing import Key
from node.book.seals import PAYMENTS, Seals
from node.book.tables import payments, steps
from node.domain.lifecycle import TERMINAL, Event, State, advance
from node.domain.payment import Payment, Side
from node.domain.reasons import Finding

Records = list[PaymentRecord]

_CHANGEABLE = (
    "message_digest",
    "instruction",
    "instruction_signature",
    "acceptance_signature",
    "acceptance_expiry_s",
    "deadline_s",
    "due_at_s",
    "attempts",
    "transaction_hash",
    "block_number",
    "block_hash",
    "block_time_s",
    "sequence",
    "instruction_expiry_s",
)
_ENOUGH_FOR_ONE_QUERY = 500

# Built once: building a statement costs several times what running it does.
_ADD = Prepared(insert(payments))
_ADD_STEP = Prepared(insert(steps))
_ALL = select(payments, subjects.c.key.label("subject_key")).outerjoin(
    subjects, subjects.c.subject == payments.c.subject
)
_FIND = Prepared(_ALL.where(payments.c.uetr == bindparam("wanted")))
_NUMBER = Prepared(select(payments.c.id).where(payments.c.uetr == bindparam("wanted")))
_RETURNS = _ALL.where(payments.c.return_of == bindparam("wanted")).order_by(payments.c.id)
_STEPS_OF_ONE = Prepared(select(steps).where(steps.c.uetr == bindparam("wanted")).order_by(steps.c.id))
_STEPS = select(steps).where(steps.c.uetr.in_(bindparam("wanted", expanding=True))).order_by(steps.c.id)
_FIND_MANY = _ALL.where(payments.c.uetr.in_(bindparam("wanted", expanding=True)))
_CHANGE = Prepared(
    update(payments).where(
        payments.c.uetr == bindparam("wanted"),
        payments.c.version == bindparam("read_version"),
        payments.c.state == bindparam("read_state"),
    )
)


def _in(*states: State) -> Any:
    """Whether a payment is in one of these states, in a form that can be prepared."""
    return or_(*(payments.c.state == state for state in states))


_EARLY = _in(State.RECEIVED, State.VALIDATED, State.ACCEPTED) & (payments.c.side == Side.DEBTOR_AGENT)
_UNDER_WAY = Prepared(
    select(func.count()).select_from(select(payments.c.id).where(_EARLY).limit(bindparam("most")).subquery())
)
_WAITING = select(payments.c.uetr).where(_in(State.ACCEPTED, State.SUBMITTED)).order_by(payments.c.id)
_OPEN = Prepared(_WAITING)
_OPEN_UNTIL = Prepared(_WAITING.where(payments.c.instruction_expiry_s < bindparam("before_s", type_=Float)))


@cache
def _due_for(states: tuple[State, ...], *, in_bulk: bool) -> Prepared:
    together = (payments.c.state == State.ACCEPTED) & payments.c.sequence.is_not(None)
    now_s: BindParameter[float] = bindparam("now_s")
    return Prepared(
        select(payments.c.uetr, payments.c.claimed_until_s)
        .where(_in(*states), payments.c.due_at_s <= now_s)
        .where(payments.c.side == Side.DEBTOR_AGENT, together if in_bulk else ~together)
        .where((payments.c.claimed_by == bindparam("worker")) | (payments.c.claimed_until_s <= now_s))
        .order_by(payments.c.due_at_s, payments.c.id)
        .limit(bindparam("most"))
    )


def through(record: PaymentRecord, events: Sequence[Event], at: datetime) -> PaymentRecord:
    """The record with these events added to its history, and in the state to which they lead; kept nowhere yet.

    Raises IllegalTransition where the table of states has no such arrow.
    """
    state, taken = record.state, list(record.history)
    for event in events:
        state = advance(state, event)
        taken.append(Step(state, at, event))
    return replace(record, state=state, history=tuple(taken))


class Payments:
    """The payments of a unit."""

    def __init__(self, connection: Hand, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals
        self._events = Events(connection, seals)

    def add(self, record: PaymentRecord) -> None:
        """Put a new payment into the book with its history; raises UetrTaken where its UETR is there already."""
        key, file = self._seals.begin_file(record.uetr, record.payment, record.side)
        row = {
            **file,
            **_changeable(record),
            "findings": seal_findings(self._seals, key, record.findings, PAYMENTS, record.uetr),
            "uetr": record.uetr,
            "side": record.side,
            "state": record.state,
            "payment": facts_to_json(record.payment),
            "sealed": seal_persons(self._seals, key, record.uetr, record.payment),
            "received_at": record.received_at,
            "version": record.version,
            "return_of": record.payment.return_of,
        }
        try:
            with self._connection.begin_nested():
                self._connection.execute(_ADD, row)
        except IntegrityError:
            if self._connection.execute(_NUMBER, {"wanted": record.uetr}).first() is None:
                raise
            raise UetrTaken(record.uetr) from None
        self._seals.opened(record.uetr, key)
        self._take(record, record.history, record.received_at)

    def find(self, uetr: str) -> PaymentRecord | None:
        """The payment of this UETR, with its whole history."""
        row = self._connection.execute(_FIND, {"wanted": uetr}).one_or_none()
        if row is None:
            return None
        taken = self._connection.execute(_STEPS_OF_ONE, {"wanted": uetr})
        return self._record(row, tuple(Step(step.state, step.at, step.event) for step in taken))

    def find_many(self, uetrs: Sequence[str]) -> Records:
        """The payments of these UETRs that are in the book, the oldest first."""
        found: Records = []
        for start in range(0, len(uetrs), _ENOUGH_FOR_ONE_QUERY):
            some = list(uetrs[start : start + _ENOUGH_FOR_ONE_QUERY])
            found += self._read(_FIND_MANY.order_by(payments.c.id), wanted=some)
        return found

    def carried_by(self, transaction_hashes: Sequence[str]) -> Records:
        """The payments whose transaction is one of these, the oldest first."""
        carried = payments.c.transaction_hash.in_(transaction_hashes)
        return self._read(_ALL.where(carried).order_by(payments.c.id))

    def number_of(self, uetr: str) -> int:
        """A payment's place in the book, from 1 on: no two payments have the same. Raises LookupError."""
        number = self._connection.scalar(_NUMBER, {"wanted": uetr})
        if number is None:
            raise LookupError(f"payment {uetr} is not in the book")
        return int(number)

    def save(self, record: PaymentRecord) -> PaymentRecord:
        """Keep what was changed in a record, and return it as it now is in the book.

        State, history and the payment itself cannot be changed this way. Raises StaleRecord where the book
        holds another version, or another state, than the record was read with.
        """
        return self._write(record, record)

    def move(
        self, record: PaymentRecord, event: Event, at: datetime, findings: tuple[Finding, ...] = (), **changes: Any
    ) -> PaymentRecord:
        """Let an event happen to a payment: its next state, a step in its history, more findings, other changes.

        Raises as `move_through` does.
        """
        return self.move_through(record, (event,), at, findings, **changes)

    def move_through(
        self,
        record: PaymentRecord,
        events: Sequence[Event],
        at: datetime,
        findings: tuple[Finding, ...] = (),
        **changes: Any,
    ) -> PaymentRecord:
        """Let several events happen to a payment at one moment; its version grows by as many.

        Raises IllegalTransition where the table of states has no such arrow, StaleRecord as `save` does, and
        TypeError for changes that are no changeable part of a record.
        """
        if strangers := changes.keys() - {*_CHANGEABLE, "quote"}:
            raise TypeError(f"a move cannot change {', '.join(sorted(strangers))}")
        changed = replace(through(record, events, at), findings=record.findings + findings, **changes)
        moved = self._write(record, changed, by=len(events))
        self._take(moved, moved.history[len(record.history) :], at)
        return moved

    def take_over(self, record: PaymentRecord, payment: Payment) -> PaymentRecord:
        """Let a customer's payment take the place of its own cover, which nothing was done for yet.

        Raises StaleRecord as `save` does, and ValueError for another UETR or a payment that is on its way.
        """
        if payment.uetr != record.uetr or record.state is not State.RECEIVED:
            raise ValueError(f"{record.uetr} cannot be taken over any more")
        key, file = self._seals.hand_over(payment, record.side)
        persons = seal_persons(self._seals, key, record.uetr, payment)
        self._connection.execute(
            update(payments)
            .where(payments.c.uetr == record.uetr, payments.c.version == record.version)
            .values(payment=facts_to_json(payment), sealed=persons, **file)
        )
        return self._write(record, replace(record, payment=payment))

    def add_finding(self, record: PaymentRecord, finding: Finding) -> PaymentRecord:
        """Keep one more finding without moving the payment."""
        return self.save(replace(record, findings=(*record.findings, finding)))

    def due(self, now_s: float, limit: int, states: Sequence[State], side: Side = Side.DEBTOR_AGENT) -> list[str]:
        """UETRs of payments in these states whose time has come, the longest due first.

        Only the debtor agent's by default: the creditor agent pushes nothing, it watches.
        """
        query = (
            select(payments.c.uetr)
            .where(payments.c.state.in_(states), payments.c.due_at_s <= now_s, payments.c.side == side)
            .order_by(payments.c.due_at_s, payments.c.id)
            .limit(limit)
        )
        return [str(uetr) for uetr in self._connection.scalars(query)]

    def due_for(
        self, worker: str, now_s: float, limit: int, states: Sequence[State], *, in_bulk: bool
    ) -> tuple[list[str], list[str]]:
        """UETRs of our due payments, the longest due first: those claimed by this worker, and those by nobody.

        With `in_bulk` only those that may go in a batch, else all others.
        """
        wanted = {"worker": worker, "now_s": now_s, "most": limit}
        found = self._connection.execute(_due_for(tuple(states), in_bulk=in_bulk), wanted).all()
        mine = [str(row.uetr) for row in found if row.claimed_until_s > now_s]
        return mine, [str(row.uetr) for row in found if row.claimed_until_s <= now_s]

    def claim(self, uetrs: Sequence[str], worker: str, now_s: float, until_s: float) -> list[str]:
        """Claim those of these payments that nobody has claimed; returns them. A row in use is passed over.

        A claim spares workers each other's steps; that a step is taken once is the version's doing.
        """
        free = select(payments.c.id).where(payments.c.uetr.in_(uetrs), payments.c.claimed_until_s <= now_s)
        rows = list(self._connection.scalars(free.with_for_update(skip_locked=True)))
        ours = payments.c.id.in_(rows)
        self._connection.execute(update(payments).where(ours).values(claimed_by=worker, claimed_until_s=until_s))
        return [str(uetr) for uetr in self._connection.scalars(select(payments.c.uetr).where(ours))]

    def how_many(self) -> int:
        """How many payments the book has."""
        return int(self._connection.scalar(select(func.count()).select_from(payments)) or 0)

    def under_way(self, most: int) -> int:
        """How many payments of ours are on their way to the chain, counted no further than `most`."""
        return int(self._connection.scalar(_UNDER_WAY, {"most": most}) or 0)

    def open_until(self, before_s: float | None = None) -> list[str]:
        """UETRs of payments that wait for the chain, or of those whose instruction expires before that time."""
        if before_s is None:
            return [str(uetr) for uetr in self._connection.scalars(_OPEN)]
        return [str(uetr) for uetr in self._connection.scalars(_OPEN_UNTIL, {"before_s": before_s})]

    def ended(self, after: int, limit: int) -> list[EndedPayment]:
        """A page of ended payments that had an instruction, by their numbers; the first page is after 0."""
        query = (
            select(payments.c.id, payments.c.uetr, payments.c.state, payments.c.instruction)
            .where(payments.c.id > after, payments.c.instruction.is_not(None), payments.c.state.in_(TERMINAL))
            .order_by(payments.c.id)
            .limit(limit)
        )
        found = self._connection.execute(query)
        return [EndedPayment(row.id, row.uetr, row.state, row.instruction) for row in found]

    def in_state(self, *states: State) -> Records:
        """All payments in any of these states, the oldest first."""
        return self._read(_ALL.where(payments.c.state.in_(states)).order_by(payments.c.id))

    def of_owner(self, number: str) -> Records:
        """All payments of the owner of an account, the oldest first."""
        owner = self._seals.owner_of(number)
        if owner is None:
            return []
        theirs = or_(payments.c.subject == owner.subject, payments.c.other_subject == owner.subject)
        return self._read(_ALL.where(theirs).order_by(payments.c.id))

    def returns_of(self, uetr: str) -> Records:
        """Every return of a payment, whatever became of it, the oldest first."""
        return self._read(_RETURNS, wanted=uetr)

    def list(self, state: State | None = None, after: str | None = None, limit: int = 100) -> Records:
        """A page of payments, the newest first; `after` is the last UETR of the page before."""
        query = _ALL.order_by(payments.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(payments.c.state == state)
        if after is not None:
            last = select(payments.c.id).where(payments.c.uetr == after).scalar_subquery()
            query = query.where(payments.c.id < last)
        return self._read(query)

    def _take(self, record: PaymentRecord, taken: Sequence[Step], at: datetime) -> None:
        """Write down the steps that have brought a payment to where it is now."""
        rows = [{"uetr": record.uetr, "state": step.state, "event": step.event, "at": step.at} for step in taken]
        self._connection.execute_many(_ADD_STEP, rows)
        self._events.payment_moved(record.uetr, [step.state for step in taken], record.version, at)

    def _write(self, before: PaymentRecord, after: PaymentRecord, by: int = 1) -> PaymentRecord:
        result = self._connection.execute(
            _CHANGE,
            {
                **_changeable(after),
                "findings": seal_findings(self._seals, self._file(after), after.findings, PAYMENTS, after.uetr),
                "state": after.state,
                "version": before.version + by,
                "wanted": before.uetr,
                "read_version": before.version,
                "read_state": before.state,
            },
        )
        if result.rowcount != 1:
            raise StaleRecord(f"{before.uetr} is no longer version {before.version}, {before.state.value}")
        return replace(after, version=before.version + by)

    def _read(self, query: Select[Any], **parameters: Any) -> Records:
        rows = self._connection.execute(query, parameters).all()
        histories: defaultdict[str, list[Step]] = defaultdict(list)
        for start in range(0, len(rows), _ENOUGH_FOR_ONE_QUERY):
            uetrs = [row.uetr for row in rows[start : start + _ENOUGH_FOR_ONE_QUERY]]
            for step in self._connection.execute(_STEPS, {"wanted": uetrs}):
                histories[step.uetr].append(Step(step.state, step.at, step.event))
        return [self._record(row, tuple(histories[row.uetr])) for row in rows]

    def _file(self, record: PaymentRecord) -> Key | None:
        return self._seals.file(record.uetr) if record.findings else None

    def _record(self, row: Row[Any], history: tuple[Step, ...]) -> PaymentRecord:
        key = self._seals.file_in(row)
        return PaymentRecord(
            uetr=row.uetr,
            side=row.side,
            state=row.state,
            payment=payment_from_json(row.payment, open_persons(self._seals, key, row)),
            findings=open_findings(self._seals, key, row.findings, PAYMENTS, row.uetr),
            history=history,
            quote=quote_from_json(row.quote) if row.quote else None,
            received_at=row.received_at,
            version=row.version,
            **{name: getattr(row, name) for name in _CHANGEABLE},
        )


def _changeable(record: PaymentRecord) -> dict[str, Any]:
    return {
        **{name: getattr(record, name) for name in _CHANGEABLE},
        "quote": quote_to_json(record.quote) if record.quote else None,
    }
