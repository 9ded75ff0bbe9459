"""A recall as a case: one institution asks for a payment back, the other answers; nothing is ever taken.

Who asks goes OPEN to PASSED_ON to an answer, or stops the payment itself while it can. Who is asked waits for a
decision until the deadline. A case that LAPSED has had no answer in time; one that comes later still counts.
"""

from __future__ import annotations

from enum import Enum


class CaseSide(Enum):
    """Whether we ask for a payment of ours, or are asked for one that we received."""

    ASKING = "asking"
    ASKED = "asked"


class CaseState(Enum):
    """Where a case stands."""

    OPEN = "OPEN"
    PASSED_ON = "PASSED_ON"
    AWAITING_DECISION = "AWAITING_DECISION"
    STOPPED = "STOPPED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    LAPSED = "LAPSED"


class Answer(Enum):
    """What is answered to who asked."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class IllegalCaseMove(Exception):
    """A case cannot go from this state to that: a programmer's error, or two workers on one case."""


MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.PASSED_ON, CaseState.STOPPED, CaseState.ACCEPTED, CaseState.REFUSED}),
    CaseState.PASSED_ON: frozenset({CaseState.ACCEPTED, CaseState.REFUSED, CaseState.LAPSED}),
    CaseState.AWAITING_DECISION: frozenset({CaseState.ACCEPTED, CaseState.REFUSED}),
    CaseState.LAPSED: frozenset({CaseState.ACCEPTED, CaseState.REFUSED}),
    CaseState.STOPPED: frozenset(),
    CaseState.ACCEPTED: frozenset(),
    CaseState.REFUSED: frozenset(),
}

ANSWER_OF: dict[CaseState, Answer] = {
    CaseState.OPEN: Answer.PENDING,
    CaseState.PASSED_ON: Answer.PENDING,
    CaseState.AWAITING_DECISION: Answer.PENDING,
    CaseState.STOPPED: Answer.ACCEPTED,
    CaseState.ACCEPTED: Answer.ACCEPTED,
    CaseState.REFUSED: Answer.REFUSED,
    CaseState.LAPSED: Answer.REFUSED,
}


def move(state: CaseState, to: CaseState) -> CaseState:
    """The next state; raises IllegalCaseMove where the table has no such move."""
    if to not in MOVES[state]:
        raise IllegalCaseMove(f"a case that is {state.value} does not become {to.value}")
    return to
