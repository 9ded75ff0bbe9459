"""A proposal's life by its table, and the digest that names every word of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.domain.operator import LONGEST_LOCK_S, Role, lock_s, roles_fit
from node.domain.proposal import (
    TRANSITIONS,
    Duty,
    IllegalProposalMove,
    Order,
    ProposalEvent,
    ProposalState,
    advance,
    diagram,
    digest_of,
)

ROOT = Path(__file__).resolve().parents[3]
ENDS = {
    ProposalState.EXECUTED,
    ProposalState.FAILED,
    ProposalState.REFUSED,
    ProposalState.WITHDRAWN,
    ProposalState.EXPIRED,
}
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
ORDERS = st.builds(Order, method=TEXTS, path=TEXTS, media_type=TEXTS, body=st.binary(max_size=40))


@pytest.mark.parametrize(("state", "event"), list(product(ProposalState, ProposalEvent)))
def test_every_pair_of_state_and_event_is_decided(state: ProposalState, event: ProposalEvent) -> None:
    if event in TRANSITIONS[state]:
        assert advance(state, event) is TRANSITIONS[state][event]
    else:
        with pytest.raises(IllegalProposalMove, match=state.value):
            advance(state, event)


def test_nothing_is_done_without_an_approval_and_ends_are_ends() -> None:
    ways_to_be_done = [state for state, arrows in TRANSITIONS.items() if ProposalState.EXECUTED in arrows.values()]
    assert ways_to_be_done == [ProposalState.APPROVED]
    assert {state for state, arrows in TRANSITIONS.items() if not arrows} == ENDS
    assert ProposalEvent.WITHDRAW not in TRANSITIONS[ProposalState.APPROVED]


def test_the_diagram_is_the_table() -> None:
    assert diagram().count("-->") == 1 + sum(map(len, TRANSITIONS.values())) + len(ENDS)
    assert diagram() in (ROOT / "docs" / "operators.md").read_text("utf-8")


@given(one=ORDERS, other=ORDERS, expires_s=st.floats(0, 2e9))
def test_two_orders_share_a_digest_only_if_they_are_the_same(one: Order, other: Order, expires_s: float) -> None:
    same = digest_of("pr_1", one, "op_1", expires_s) == digest_of("pr_1", other, "op_1", expires_s)
    assert same == (one == other)


@given(order=ORDERS)
def test_a_word_that_slides_into_the_next_field_is_another_digest(order: Order) -> None:
    longer = replace(order, method=order.method + "x")
    slid = replace(order, path="x" + order.path)
    assert digest_of("p", longer, "o", 1) != digest_of("p", slid, "o", 1)
    said = {
        digest_of("p", order, "o", 1),
        digest_of("p", order, "o", 2),
        digest_of("p", order, "oo", 1),
        digest_of("pp", order, "o", 1),
    }
    assert len(said) == 4


def test_whoever_proposes_staff_is_an_officer_and_so_is_who_decides() -> None:
    assert (Duty.STAFF.proposed_by, Duty.STAFF.decided_by) == (Role.SECURITY_OFFICER, Role.SECURITY_OFFICER)
    assert (Duty.BUSINESS.proposed_by, Duty.BUSINESS.decided_by) == (Role.MAKER, Role.CHECKER)


@given(roles=st.frozensets(st.sampled_from(list(Role))))
def test_a_security_officer_is_nothing_else(roles: frozenset[Role]) -> None:
    alone = roles == {Role.SECURITY_OFFICER}
    assert roles_fit(roles) == (alone or (bool(roles) and Role.SECURITY_OFFICER not in roles))


@given(failures=st.integers(0, 10_000))
def test_locks_grow_up_to_an_hour(failures: int) -> None:
    assert lock_s(failures) <= lock_s(failures + 1) <= LONGEST_LOCK_S
    assert (lock_s(failures) == 0) == (failures < 5)
