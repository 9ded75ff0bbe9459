"""THE state machine of a payment: one table, and nothing else in the house changes a state.

Rule 1: every state, every event and every arrow between them is written in this file.
Rule 2: this file knows neither ISO codes nor chains nor databases; it does not even know which side we are on.

A payment is RECEIVED when its row is committed, VALIDATED when this institution has checked it and reserved the
money, ACCEPTED when the creditor agent has signed that it will take it, SUBMITTED when the signed transaction is
kept, INCLUDED when it is in a block and SETTLED when that block is final: only then is it irrevocable. The
creditor agent's own record goes from ACCEPTED to INCLUDED without submitting anything; a payment between two
accounts of one book goes from ACCEPTED to SETTLED, for what is committed there is final. REJECTED is the caller's
to mend, FAILED is ours.
"""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Where a payment stands."""

    RECEIVED = "RECEIVED"
    VALIDATED = "VALIDATED"
    AWAITING_INFORMATION = "AWAITING_INFORMATION"
    SCREENING_HOLD = "SCREENING_HOLD"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    ACCEPTED = "ACCEPTED"
    SUBMITTED = "SUBMITTED"
    INCLUDED = "INCLUDED"
    SETTLED = "SETTLED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class Event(Enum):
    """What can happen to a payment."""

    VALIDATE = "VALIDATE"
    ASK_FOR_INFORMATION = "ASK_FOR_INFORMATION"
    HOLD_FOR_SCREENING = "HOLD_FOR_SCREENING"
    ASK_FOR_APPROVAL = "ASK_FOR_APPROVAL"
    RELEASE = "RELEASE"
    ACCEPT = "ACCEPT"
    BOOK = "BOOK"
    SUBMIT = "SUBMIT"
    INCLUDE = "INCLUDE"
    SETTLE = "SETTLE"
    REORGANISE = "REORGANISE"
    REJECT = "REJECT"
    FAIL = "FAIL"
    CANCEL = "CANCEL"
    EXPIRE = "EXPIRE"


class IllegalTransition(Exception):
    """An event that cannot happen in this state: a programmer's error, or two workers on one payment."""


_HOLD = {
    Event.RELEASE: State.VALIDATED,
    Event.REJECT: State.REJECTED,
    Event.CANCEL: State.CANCELLED,
    Event.EXPIRE: State.EXPIRED,
}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.RECEIVED: {
        Event.VALIDATE: State.VALIDATED,
        Event.REJECT: State.REJECTED,
        Event.CANCEL: State.CANCELLED,
        Event.EXPIRE: State.EXPIRED,
    },
    State.VALIDATED: {
        Event.ASK_FOR_INFORMATION: State.AWAITING_INFORMATION,
        Event.HOLD_FOR_SCREENING: State.SCREENING_HOLD,
        Event.ASK_FOR_APPROVAL: State.AWAITING_APPROVAL,
        Event.ACCEPT: State.ACCEPTED,
        Event.REJECT: State.REJECTED,
        Event.CANCEL: State.CANCELLED,
        Event.EXPIRE: State.EXPIRED,
    },
    State.AWAITING_INFORMATION: _HOLD,
    State.SCREENING_HOLD: _HOLD,
    State.AWAITING_APPROVAL: _HOLD,
    State.ACCEPTED: {
        Event.BOOK: State.SETTLED,
        Event.SUBMIT: State.SUBMITTED,
        Event.INCLUDE: State.INCLUDED,
        Event.FAIL: State.FAILED,
        Event.CANCEL: State.CANCELLED,
        Event.EXPIRE: State.EXPIRED,
    },
    State.SUBMITTED: {
        Event.INCLUDE: State.INCLUDED,
        Event.FAIL: State.FAILED,
        Event.CANCEL: State.CANCELLED,
        Event.EXPIRE: State.EXPIRED,
    },
    State.INCLUDED: {Event.SETTLE: State.SETTLED, Event.REORGANISE: State.SUBMITTED},
    State.SETTLED: {},
    State.REJECTED: {},
    State.FAILED: {},
    State.CANCELLED: {},
    State.EXPIRED: {},
}

TERMINAL: frozenset[State] = frozenset(state for state, arrows in TRANSITIONS.items() if not arrows)


def advance(state: State, event: Event) -> State:
    """The state after `event`; raises IllegalTransition for a pair that is not in the table."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(f"{event.value} cannot happen to a payment that is {state.value}") from None


def diagram() -> str:
    """The table as a Mermaid state diagram; the documentation's picture is this text."""
    lines = ["stateDiagram-v2", "    [*] --> RECEIVED"]
    for state, arrows in TRANSITIONS.items():
        lines += [f"    {state.value} --> {target.value}: {event.value}" for event, target in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state in State if state in TERMINAL]
    return "\n".join(lines) + "\n"
