"""Payments in the book: added once, moved by the state machine's events, changed only from their latest version.

The steps a payment has taken are rows of their own, added and never altered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from node.book.events import Events
from node.book.finding_seal import open_findings, seal_findings
from node.book.payment_json import facts_to_json, payment_from_json, quote_from_json, quote_to_json
from node.book.payment_seal import open_persons, seal_persons
from node.book.payment_statements import (
    ADD,
    ADD_STEP,
    ALL,
    CHANGE,
    CLAIM,
    FIND,
    NUMBER,
    OPEN,
    OPEN_UNTIL,
    RETURNS,
    STEPS_OF_ONE,
    UNDER_WAY,
    contents_of_many,
    due_for,
    find_many,
    steps_of_many,
)
from node.book.places import in_places, places_for
from node.book.prepared import Hand
from node.book.records import EndedPayment, PaymentRecord, StaleRecord, Step, UetrTaken
from node.book.sealing import Key
from node.book.seals import PAYMENTS, Seals
from node.book.tables import payments
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


def _in_parts(uetrs: Sequence[str]) -> Iterator[Sequence[str]]:
    return (uetrs[at : at + _ENOUGH_FOR_ONE_QUERY] for at in range(0, len(uetrs), _ENOUGH_FOR_ONE_QUERY))


def through(record: PaymentRecord, events: Sequence[Event], at: datetime) -> PaymentRecord:
    """The record with these events added to its history, and in the state to which they lead; kept nowhere yet.

    Raises IllegalTransition where the table of states has no such arrow.
    """
    return replace(record, **_taken(record, events, at))


def _taken(record: PaymentRecord, events: Sequence[Event], at: datetime) -> dict[str, Any]:
    """State and history of the record after these events."""
    state, history = record.state, list(record.history)
    for event in events:
        state = advance(state, event)
        history.append(Step(state, at, event))
    return {"state": state, "history": tuple(history)}


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
                self._connection.execute(ADD, row)
        except IntegrityError:
            if self._connection.execute(NUMBER, {"wanted": record.uetr}).first() is None:
                raise
            raise UetrTaken(record.uetr) from None
        self._seals.opened(record.uetr, key)
        self._take(record, record.history, record.received_at)

    def find(self, uetr: str) -> PaymentRecord | None:
        """The payment of this UETR, with its whole history."""
        row = self._connection.execute(FIND, {"wanted": uetr}).one_or_none()
        if row is None:
            return None
        taken = self._connection.execute(STEPS_OF_ONE, {"wanted": uetr})
        return self._record(row, tuple(Step(step.state, step.at, step.event) for step in taken))

    def find_many(self, uetrs: Sequence[str]) -> Records:
        """The payments of these UETRs that are in the book, the oldest first."""
        found: Records = []
        for some in _in_parts(uetrs):
            rows = self._connection.execute(find_many(places_for(some)), in_places(some)).all()
            found += self._records(rows)
        return found

    def contents(self, uetrs: Sequence[str]) -> dict[str, Payment]:
        """What these payments say, of those that are in the book: not where they stand, nor how they came to."""
        found: dict[str, Payment] = {}
        for some in _in_parts(uetrs):
            for row in self._connection.execute(contents_of_many(places_for(some)), in_places(some)):
                persons = open_persons(self._seals, self._seals.file_in(row), row)
                found[row.uetr] = payment_from_json(row.payment, persons)
        return found

    def carried_by(self, transaction_hashes: Sequence[str]) -> Records:
        """The payments whose transaction is one of these, the oldest first."""
        carried = payments.c.transaction_hash.in_(transaction_hashes)
        return self._read(ALL.where(carried).order_by(payments.c.id))

    def number_of(self, uetr: str) -> int:
        """A payment's place in the book, from 1 on: no two payments have the same. Raises LookupError."""
        number = self._connection.scalar(NUMBER, {"wanted": uetr})
        if number is None:
            raise LookupError(f"payment {uetr} is not in the book")
        return int(number)

    def save(self, record: PaymentRecord) -> PaymentRecord:
        """Keep what was changed in a record, and return it as it now is in the book.

        State, history and the payment itself cannot be changed this way. Raises StaleRecord where the book
        holds another version, or another state, than the record was read with.
        """
        return self._write(record, replace(record, version=record.version + 1))

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
        changes |= {"findings": record.findings + findings, "version": record.version + len(events)}
        moved = self._write(record, replace(record, **changes, **_taken(record, events, at)))
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
        return self._write(record, replace(record, payment=payment, version=record.version + 1))

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
        found = self._connection.execute(due_for(tuple(states), in_bulk=in_bulk), wanted).all()
        mine = [str(row.uetr) for row in found if row.claimed_until_s > now_s]
        return mine, [str(row.uetr) for row in found if row.claimed_until_s <= now_s]

    def claim(self, uetrs: Sequence[str], worker: str, now_s: float, until_s: float) -> list[str]:
        """Claim those of these payments that nobody has claimed; returns them. A row in use is passed over.

        A claim spares workers each other's steps; that a step is taken once is the version's doing.
        """
        wanted = {"uetrs": list(uetrs), "now_s": now_s, "worker": worker, "until_s": until_s}
        return [str(uetr) for uetr in self._connection.scalars(CLAIM, wanted)]

    def how_many(self) -> int:
        """How many payments the book has."""
        return int(self._connection.scalar(select(func.count()).select_from(payments)) or 0)

    def under_way(self, most: int) -> int:
        """How many payments of ours are on their way to the chain, counted no further than `most`."""
        return int(self._connection.scalar(UNDER_WAY, {"most": most}) or 0)

    def open_until(self, before_s: float | None = None) -> list[str]:
        """UETRs of payments that wait for the chain, or of those whose instruction expires before that time."""
        if before_s is None:
            return [str(uetr) for uetr in self._connection.scalars(OPEN)]
        return [str(uetr) for uetr in self._connection.scalars(OPEN_UNTIL, {"before_s": before_s})]

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
        return self._read(ALL.where(payments.c.state.in_(states)).order_by(payments.c.id))

    def of_owner(self, number: str) -> Records:
        """All payments of the owner of an account, the oldest first."""
        owner = self._seals.owner_of(number)
        if owner is None:
            return []
        theirs = or_(payments.c.subject == owner.subject, payments.c.other_subject == owner.subject)
        return self._read(ALL.where(theirs).order_by(payments.c.id))

    def returns_of(self, uetr: str) -> Records:
        """Every return of a payment, whatever became of it, the oldest first."""
        return self._read(RETURNS, wanted=uetr)

    def list(self, state: State | None = None, after: str | None = None, limit: int = 100) -> Records:
        """A page of payments, the newest first; `after` is the last UETR of the page before."""
        query = ALL.order_by(payments.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(payments.c.state == state)
        if after is not None:
            last = select(payments.c.id).where(payments.c.uetr == after).scalar_subquery()
            query = query.where(payments.c.id < last)
        return self._read(query)

    def _take(self, record: PaymentRecord, taken: Sequence[Step], at: datetime) -> None:
        """Write down the steps that have brought a payment to where it is now."""
        rows = [{"uetr": record.uetr, "state": step.state, "event": step.event, "at": step.at} for step in taken]
        self._connection.execute_many(ADD_STEP, rows)
        self._events.payment_moved(record.uetr, [step.state for step in taken], record.version, at)

    def _write(self, before: PaymentRecord, after: PaymentRecord) -> PaymentRecord:
        result = self._connection.execute(
            CHANGE,
            {
                **_changeable(after),
                "findings": seal_findings(self._seals, self._file(after), after.findings, PAYMENTS, after.uetr),
                "state": after.state,
                "version": after.version,
                "wanted": before.uetr,
                "read_version": before.version,
                "read_state": before.state,
            },
        )
        if result.rowcount != 1:
            raise StaleRecord(f"{before.uetr} is no longer version {before.version}, {before.state.value}")
        return after

    def _read(self, query: Select[Any], **parameters: Any) -> Records:
        return self._records(self._connection.execute(query, parameters).all())

    def _records(self, rows: Sequence[Row[Any]]) -> Records:
        histories: defaultdict[str, list[Step]] = defaultdict(list)
        for uetrs in _in_parts([row.uetr for row in rows]):
            for step in self._connection.execute(steps_of_many(places_for(uetrs)), in_places(uetrs)):
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
