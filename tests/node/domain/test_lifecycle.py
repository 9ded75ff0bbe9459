"""Every pair of state and event is decided, and the documentation shows the table that is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.domain.lifecycle import TERMINAL, TRANSITIONS, Event, IllegalTransition, State, advance, diagram

ROOT = Path(__file__).resolve().parents[3]

# Written out once more, by hand and from the design page, so that an arrow cannot come or go unnoticed.
LEGAL = {
    ("RECEIVED", "VALIDATE"): "VALIDATED",
    ("RECEIVED", "REJECT"): "REJECTED",
    ("RECEIVED", "CANCEL"): "CANCELLED",
    ("RECEIVED", "EXPIRE"): "EXPIRED",
    ("VALIDATED", "ASK_FOR_INFORMATION"): "AWAITING_INFORMATION",
    ("VALIDATED", "HOLD_FOR_SCREENING"): "SCREENING_HOLD",
    ("VALIDATED", "ASK_FOR_APPROVAL"): "AWAITING_APPROVAL",
    ("VALIDATED", "ACCEPT"): "ACCEPTED",
    ("VALIDATED", "REJECT"): "REJECTED",
    ("VALIDATED", "CANCEL"): "CANCELLED",
    ("VALIDATED", "EXPIRE"): "EXPIRED",
    ("AWAITING_INFORMATION", "RELEASE"): "VALIDATED",
    ("AWAITING_INFORMATION", "REJECT"): "REJECTED",
    ("AWAITING_INFORMATION", "CANCEL"): "CANCELLED",
    ("AWAITING_INFORMATION", "EXPIRE"): "EXPIRED",
    ("SCREENING_HOLD", "RELEASE"): "VALIDATED",
    ("SCREENING_HOLD", "REJECT"): "REJECTED",
    ("SCREENING_HOLD", "CANCEL"): "CANCELLED",
    ("SCREENING_HOLD", "EXPIRE"): "EXPIRED",
    ("AWAITING_APPROVAL", "RELEASE"): "VALIDATED",
    ("AWAITING_APPROVAL", "REJECT"): "REJECTED",
    ("AWAITING_APPROVAL", "CANCEL"): "CANCELLED",
    ("AWAITING_APPROVAL", "EXPIRE"): "EXPIRED",
    ("ACCEPTED", "BOOK"): "SETTLED",
    ("ACCEPTED", "SUBMIT"): "SUBMITTED",
    ("ACCEPTED", "INCLUDE"): "INCLUDED",
    ("ACCEPTED", "FAIL"): "FAILED",
    ("ACCEPTED", "CANCEL"): "CANCELLED",
    ("ACCEPTED", "EXPIRE"): "EXPIRED",
    ("SUBMITTED", "INCLUDE"): "INCLUDED",
    ("SUBMITTED", "FAIL"): "FAILED",
    ("SUBMITTED", "CANCEL"): "CANCELLED",
    ("SUBMITTED", "EXPIRE"): "EXPIRED",
    ("INCLUDED", "SETTLE"): "SETTLED",
    ("INCLUDED", "REORGANISE"): "SUBMITTED",
}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", State)
def test_every_state_and_event(state: State, event: Event) -> None:
    target = LEGAL.get((state.value, event.value))
    if target is None:
        with pytest.raises(IllegalTransition, match=f"{event.value} .* {state.value}"):
            advance(state, event)
    else:
        assert advance(state, event) is State(target)


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(State)


def test_the_ends_are_these_five_and_nothing_leaves_them() -> None:
    assert {state.value for state in TERMINAL} == {"SETTLED", "REJECTED", "FAILED", "CANCELLED", "EXPIRED"}
    for state in TERMINAL:
        for event in Event:
            with pytest.raises(IllegalTransition):
                advance(state, event)


def _reachable(start: State) -> set[State]:
    found, fresh = {start}, [start]
    while fresh:
        targets = set(TRANSITIONS[fresh.pop()].values()) - found
        found |= targets
        fresh += targets
    return found


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_reached_and_can_still_end(state: State) -> None:
    assert state in _reachable(State.RECEIVED)
    assert _reachable(state) & TERMINAL


def test_settled_is_reached_from_a_block_or_by_booking_here() -> None:
    ways = {(state, event) for state, arrows in TRANSITIONS.items() for event in arrows}
    assert {way for way in ways if advance(*way) is State.SETTLED} == {
        (State.INCLUDED, Event.SETTLE),
        (State.ACCEPTED, Event.BOOK),
    }


def test_an_included_payment_cannot_be_ended_by_anybody_but_the_chain() -> None:
    assert set(TRANSITIONS[State.INCLUDED]) == {Event.SETTLE, Event.REORGANISE}


def test_the_documentation_shows_this_very_table() -> None:
    page = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")
    shown = page.split("```mermaid\n")[1].split("```")[0]
    assert shown == diagram()
    for state in State:
        assert f"| {state.value} |" in page


def test_the_diagram_has_every_arrow_once() -> None:
    arrows = [line for line in diagram().splitlines() if "-->" in line and "[*]" not in line]
    assert len(arrows) == len(set(arrows)) == len(LEGAL)
