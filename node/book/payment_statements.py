"""The statements by which payments are kept and found; each is built once.

Building a statement costs several times what running it does.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Float, bindparam, func, insert, or_, select, update

from node.book.key_tables import subjects
from node.book.places import one_of
from node.book.prepared import Prepared
from node.book.tables import payments, steps
from node.domain.lifecycle import State
from node.domain.payment import Side

ADD = Prepared(insert(payments))
ADD_STEP = Prepared(insert(steps))
ALL = select(payments, subjects.c.key.label("subject_key")).outerjoin(
    subjects, subjects.c.subject == payments.c.subject
)
FIND = Prepared(ALL.where(payments.c.uetr == bindparam("wanted")))
NUMBER = Prepared(select(payments.c.id).where(payments.c.uetr == bindparam("wanted")))
RETURNS = ALL.where(payments.c.return_of == bindparam("wanted")).order_by(payments.c.id)
STEPS_OF_ONE = Prepared(select(steps).where(steps.c.uetr == bindparam("wanted")).order_by(steps.c.id))
CHANGE = Prepared(
    update(payments).where(
        payments.c.uetr == bindparam("wanted"),
        payments.c.version == bindparam("read_version"),
        payments.c.state == bindparam("read_state"),
    )
)
_FREE = select(payments.c.id).where(
    payments.c.uetr.in_(bindparam("uetrs", expanding=True)), payments.c.claimed_until_s <= bindparam("now_s")
)
CLAIM = (
    update(payments)
    .where(payments.c.id.in_(_FREE.with_for_update(skip_locked=True)))
    .values(claimed_by=bindparam("worker"), claimed_until_s=bindparam("until_s"))
    .returning(payments.c.uetr)
)


def _in(*states: State) -> Any:
    """Whether a payment is in one of these states, in a form that can be prepared."""
    return or_(*(payments.c.state == state for state in states))


_EARLY = _in(State.RECEIVED, State.VALIDATED, State.ACCEPTED) & (payments.c.side == Side.DEBTOR_AGENT)
UNDER_WAY = Prepared(
    select(func.count()).select_from(select(payments.c.id).where(_EARLY).limit(bindparam("most")).subquery())
)
_WAITING = select(payments.c.uetr).where(_in(State.ACCEPTED, State.SUBMITTED)).order_by(payments.c.id)
OPEN = Prepared(_WAITING)
OPEN_UNTIL = Prepared(_WAITING.where(payments.c.instruction_expiry_s < bindparam("before_s", type_=Float)))


@cache
def due_for(states: tuple[State, ...], *, in_bulk: bool) -> Prepared:
    """Payments a worker may take a step further: its own and unclaimed ones, in batches or all others."""
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


@cache
def find_many(places: int) -> Prepared:
    """Whole payments, asked for in so many places."""
    return Prepared(ALL.where(one_of(payments.c.uetr, places)).order_by(payments.c.id))


@cache
def steps_of_many(places: int) -> Prepared:
    """The steps that payments have taken, in order."""
    return Prepared(select(steps).where(one_of(steps.c.uetr, places)).order_by(steps.c.id))


@cache
def contents_of_many(places: int) -> Prepared:
    """What payments say, with what opens it."""
    columns = (payments.c.uetr, payments.c.payment, payments.c.sealed, payments.c.file_key, payments.c.subject)
    asked = ALL.with_only_columns(*columns, subjects.c.key.label("subject_key"))
    return Prepared(asked.where(one_of(payments.c.uetr, places)))
