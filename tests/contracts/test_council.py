"""The council: who decides, when it takes effect, how it is stopped, and what the emergency pauser can do."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.roles import TokenRole
from tests.contracts.chain import MAX_TRANSACTION_GAS, ZERO_ADDRESS, Actor, actor, logged
from tests.contracts.network import ADMIN, OUTSIDER, RELAY, UNPAUSER, Network
from tests.contracts.signing import domain, malleable_twin, sign_proposal
from tests.contracts.sitting import (
    DAY_S,
    DELAY_S,
    EMERGENCY,
    FIRST,
    LIFETIME_S,
    MEMBERS,
    SECOND,
    THIRD,
    Proposal,
    Sitting,
    convene,
)


@pytest.fixture
def sitting(network: Network) -> Sitting:
    return convene(network)


def a_change(sitting: Sitting, amount: int = 7) -> Any:
    return sitting.network.cny.functions.set_issue_allowance(OUTSIDER.address, amount)


def allowance(sitting: Sitting) -> int:
    return int(sitting.network.cny.functions.issue_allowance(OUTSIDER.address).call())


# -- the way of a proposal


def test_two_of_three_decide_and_anybody_carries_it_out(sitting: Sitting) -> None:
    proposal = sitting.proposal(a_change(sitting), a_change(sitting, 9))
    receipt = sitting.network.chain.send(FIRST, sitting.propose(proposal))
    (made,) = logged(receipt, sitting.council.events.Proposed)
    assert (made["id"], made["member"]) == (sitting.id_of(proposal), FIRST.address)
    assert [(call["target"], call["data"]) for call in made["calls"]] == list(proposal.calls)
    assert (made["members_version"], made["salt"], made["expiry"]) == (
        proposal.members_version, proposal.salt, proposal.expiry,
    )  # fmt: skip
    receipt = sitting.network.chain.send(SECOND, sitting.approve(proposal))
    (approved,) = logged(receipt, sitting.council.events.Approved)
    at = sitting.network.chain.web3.eth.get_block(receipt["blockNumber"])["timestamp"]
    assert approved == {"id": made["id"], "member": SECOND.address, "ready_at": at + DELAY_S}
    assert sitting.standing(proposal) == {
        "approvals": 0b011, "objections": 0, "ready_at": at + DELAY_S, "expiry": proposal.expiry,
        "members_version": 1, "executed": False, "cancelled": False,
    }  # fmt: skip
    sitting.wait()
    receipt = sitting.network.chain.send(OUTSIDER, sitting.execute(proposal))
    assert logged(receipt, sitting.council.events.Executed) == [{"id": made["id"]}]
    assert allowance(sitting) == 9  # in their order
    assert sitting.standing(proposal)["executed"]


def test_approvals_may_be_signatures_that_anybody_carries(sitting: Sitting) -> None:
    proposal = sitting.proposal(a_change(sitting), a_change(sitting, 8))
    signed = sitting.sign(THIRD, proposal)
    call = sitting.council.functions
    sitting.network.chain.send(RELAY, call.propose_signed(proposal.as_tuple(), THIRD.address, signed))
    also = sitting.sign(FIRST, proposal)
    sitting.network.chain.send(RELAY, call.approve_signed(sitting.id_of(proposal), FIRST.address, also))
    sitting.wait()
    sitting.network.chain.send(RELAY, sitting.execute(proposal))
    assert allowance(sitting) == 8


def test_nothing_happens_before_the_time_lock_ends(sitting: Sitting) -> None:
    proposal = sitting.decide(a_change(sitting))
    sitting.network.chain.refuses(RELAY, sitting.execute(proposal), "Council: time lock not ended")
    ready_at = sitting.standing(proposal)["ready_at"]
    sitting.network.chain.travel_to(ready_at - 1)
    assert sitting.network.chain.attempt(RELAY, sitting.execute(proposal))["status"] == 0
    sitting.network.chain.travel_to(ready_at)
    sitting.network.chain.send(RELAY, sitting.execute(proposal))


def test_a_proposal_is_carried_out_once(sitting: Sitting) -> None:
    proposal = sitting.decide(a_change(sitting))
    sitting.wait()
    sitting.network.chain.send(RELAY, sitting.execute(proposal))
    for step in (sitting.execute(proposal), sitting.approve(proposal), sitting.object(proposal)):
        sitting.network.chain.refuses(THIRD, step, "Council: already executed")
    sitting.network.chain.refuses(FIRST, sitting.propose(proposal), "Council: already proposed")


def test_one_member_is_not_enough(sitting: Sitting) -> None:
    proposal = sitting.proposal(a_change(sitting))
    sitting.network.chain.send(FIRST, sitting.propose(proposal))
    sitting.network.chain.refuses(FIRST, sitting.approve(proposal), "Council: already approved")
    sitting.wait()
    sitting.network.chain.refuses(RELAY, sitting.execute(proposal), "Council: too few approvals")


def test_a_proposal_expires(sitting: Sitting) -> None:
    proposal = sitting.decide(a_change(sitting))
    sitting.wait(LIFETIME_S)
    for step in (sitting.execute(proposal), sitting.approve(proposal), sitting.object(proposal)):
        sitting.network.chain.refuses(THIRD, step, "Council: expired")


def test_all_calls_are_made_or_none_and_the_reason_is_told(sitting: Sitting) -> None:
    unknown = sitting.network.cny.functions.set_hold_operator(OUTSIDER.address, 3)
    proposal = sitting.decide(a_change(sitting), unknown)
    sitting.wait()
    sitting.network.chain.refuses(RELAY, sitting.execute(proposal), "CurrencyToken: no such power")
    assert allowance(sitting) == 0


def test_a_call_to_no_contract_is_not_taken_for_success(sitting: Sitting) -> None:
    proposal = sitting.proposal(a_change(sitting)).but(calls=((OUTSIDER.address, b"\x01\x02\x03\x04"),))
    sitting.network.chain.send(FIRST, sitting.propose(proposal))
    sitting.network.chain.send(SECOND, sitting.approve(proposal))
    sitting.wait()
    sitting.network.chain.refuses(RELAY, sitting.execute(proposal), "Council: target is no contract")


NOT_PROPOSED: dict[str, tuple[str, Callable[[Sitting, Proposal], Proposal]]] = {
    "no calls": ("Council: no calls", lambda _, p: p.but(calls=())),
    "expires in its time lock": (
        "Council: expires within its time lock",
        lambda s, p: p.but(expiry=s.network.chain.now() + DELAY_S - 60),
    ),
    "expires in a year": (
        "Council: expiry too far away",
        lambda s, p: p.but(expiry=s.network.chain.now() + 365 * DAY_S),
    ),
    "for other members": ("Council: members have changed", lambda _, p: p.but(members_version=2)),
}


@pytest.mark.parametrize("case", NOT_PROPOSED)
def test_what_cannot_be_proposed(sitting: Sitting, case: str) -> None:
    sentence, spoil = NOT_PROPOSED[case]
    proposal = spoil(sitting, sitting.proposal(a_change(sitting)))
    sitting.network.chain.refuses(FIRST, sitting.propose(proposal), sentence)


def test_what_was_never_proposed_is_not_decided(sitting: Sitting) -> None:
    proposal = sitting.proposal(a_change(sitting))
    for step in (sitting.approve(proposal), sitting.object(proposal), sitting.execute(proposal)):
        sitting.network.chain.refuses(FIRST, step, "Council: not proposed")
    made = sitting.decide(a_change(sitting))
    sitting.wait()
    swapped = made.but(calls=((sitting.network.aed.address, made.calls[0][1]),))
    sitting.network.chain.refuses(RELAY, sitting.execute(swapped), "Council: not proposed")


# -- who may not


@pytest.mark.parametrize("who", [OUTSIDER, ADMIN, EMERGENCY], ids=lambda who: who.role)
def test_only_members_decide(sitting: Sitting, who: Actor) -> None:
    made = sitting.decide(a_change(sitting))
    another = sitting.proposal(a_change(sitting), salt=b"\x01" * 32)
    for step in (sitting.propose(another), sitting.approve(made), sitting.object(made)):
        sitting.network.chain.refuses(who, step, "Council: not a member")
    signed = sitting.sign(who, another)
    step = sitting.council.functions.propose_signed(another.as_tuple(), who.address, signed)
    sitting.network.chain.refuses(RELAY, step, "Council: not a member")


def test_a_signature_counts_for_its_member_and_its_proposal_only(sitting: Sitting) -> None:
    made = sitting.proposal(a_change(sitting))
    sitting.network.chain.send(FIRST, sitting.propose(made))
    another = sitting.proposal(a_change(sitting, 8))
    good = sitting.sign(SECOND, made)
    for member, signature in (
        (SECOND, sitting.sign(SECOND, another)),
        (THIRD, good),
        (SECOND, malleable_twin(good)),
        (SECOND, good[:64]),
        (SECOND, b""),
    ):
        step = sitting.council.functions.approve_signed(sitting.id_of(made), member.address, signature)
        sitting.network.chain.refuses(RELAY, step, "Council: signature invalid")


def test_attack_signer_zero(sitting: Sitting) -> None:
    made = sitting.proposal(a_change(sitting))
    sitting.network.chain.send(FIRST, sitting.propose(made))
    for signature in (bytes(65), b"\x01" * 64 + b"\x1d"):
        step = sitting.council.functions.approve_signed(sitting.id_of(made), ZERO_ADDRESS, signature)
        sitting.network.chain.refuses(RELAY, step, "Council: signature invalid")


def test_attack_replay_on_another_chain_or_at_another_council(sitting: Sitting) -> None:
    network = sitting.network
    arguments = ([who.address for who in MEMBERS], 2, DELAY_S, EMERGENCY.address)
    other = Sitting(network, network.chain.deploy(ADMIN, "Council", *arguments))
    proposal = sitting.proposal(a_change(sitting))
    signed = sitting.sign(FIRST, proposal)
    step = other.council.functions.propose_signed(proposal.as_tuple(), FIRST.address, signed)
    network.chain.refuses(RELAY, step, "Council: signature invalid")
    elsewhere = sign_elsewhere(sitting, FIRST, proposal)
    step = sitting.council.functions.propose_signed(proposal.as_tuple(), FIRST.address, elsewhere)
    network.chain.refuses(RELAY, step, "Council: signature invalid")


def sign_elsewhere(sitting: Sitting, who: Actor, proposal: Proposal) -> bytes:
    """The signature for a council with the same address on another chain."""
    at = {**domain(sitting.council, "Corridor Council"), "chainId": 1}
    return sign_proposal(who, at, proposal)


# -- stopping one


def test_as_many_as_could_have_prevented_it_cancel_it(sitting: Sitting) -> None:
    proposal = sitting.decide(a_change(sitting))
    receipt = sitting.network.chain.send(THIRD, sitting.object(proposal))
    (objected,) = logged(receipt, sitting.council.events.Objected)
    assert objected == {"id": sitting.id_of(proposal), "member": THIRD.address, "cancelled": False}
    sitting.network.chain.refuses(THIRD, sitting.object(proposal), "Council: already objected")
    receipt = sitting.network.chain.send(SECOND, sitting.object(proposal))
    assert logged(receipt, sitting.council.events.Objected)[0]["cancelled"]
    sitting.wait()
    for step in (sitting.execute(proposal), sitting.approve(proposal), sitting.object(proposal)):
        sitting.network.chain.refuses(FIRST, step, "Council: cancelled")
    sitting.network.chain.refuses(FIRST, sitting.propose(proposal), "Council: already proposed")


def test_an_approval_taken_back_begins_the_time_lock_again(sitting: Sitting) -> None:
    proposal = sitting.decide(a_change(sitting))
    sitting.wait()
    sitting.network.chain.send(SECOND, sitting.object(proposal))
    sitting.network.chain.refuses(RELAY, sitting.execute(proposal), "Council: too few approvals")
    sitting.network.chain.send(THIRD, sitting.approve(proposal))
    sitting.network.chain.refuses(RELAY, sitting.execute(proposal), "Council: time lock not ended")
    sitting.wait()
    sitting.network.chain.send(RELAY, sitting.execute(proposal))


def test_an_objection_is_taken_back_by_the_member_and_by_no_old_signature(sitting: Sitting) -> None:
    proposal = sitting.proposal(a_change(sitting))
    sitting.network.chain.send(FIRST, sitting.propose(proposal))
    early = sitting.sign(SECOND, proposal)
    sitting.network.chain.send(SECOND, sitting.object(proposal))
    step = sitting.council.functions.approve_signed(sitting.id_of(proposal), SECOND.address, early)
    sitting.network.chain.refuses(RELAY, step, "Council: member has objected")
    sitting.network.chain.send(SECOND, sitting.approve(proposal))
    assert sitting.standing(proposal)["objections"] == 0


# -- the council itself


def test_the_council_changes_only_through_itself(sitting: Sitting) -> None:
    call = sitting.council.functions
    for step in (
        call.change_members([FIRST.address], 1),
        call.change_delay(0),
        call.change_pauser(FIRST.address),
    ):
        for who in (FIRST, ADMIN, EMERGENCY, OUTSIDER):
            sitting.network.chain.refuses(who, step, "Council: not the council itself")


def test_a_change_of_members_voids_what_is_open(sitting: Sitting) -> None:
    call = sitting.council.functions
    open_one = sitting.decide(a_change(sitting), salt=b"\x01" * 32)
    newcomer = actor("council newcomer")
    sitting.network.chain.fund(newcomer)
    seats = sorted((FIRST.address, newcomer.address), key=lambda address: int(address, 16))
    receipt = sitting.carry_out(call.change_members(seats, 2))
    assert logged(receipt, sitting.council.events.MembersChanged) == [
        {"version": 2, "members": seats, "threshold": 2}
    ]
    assert (call.members().call(), call.threshold().call(), call.members_version().call()) == (seats, 2, 2)
    for step in (sitting.execute(open_one), sitting.approve(open_one), sitting.object(open_one)):
        sitting.network.chain.refuses(FIRST, step, "Council: members have changed")
    sitting.network.chain.refuses(
        SECOND, sitting.propose(sitting.proposal(a_change(sitting))), "Council: not a member"
    )
    sitting.network.chain.send(newcomer, sitting.propose(sitting.proposal(a_change(sitting))))


def test_the_time_lock_and_the_pauser_change_by_proposal(sitting: Sitting) -> None:
    call = sitting.council.functions
    receipt = sitting.carry_out(call.change_delay(DAY_S), call.change_pauser(ZERO_ADDRESS))
    assert logged(receipt, sitting.council.events.DelayChanged) == [{"delay_s": DAY_S}]
    assert logged(receipt, sitting.council.events.PauserChanged) == [{"pauser": ZERO_ADDRESS}]
    assert (call.delay_s().call(), call.pauser().call()) == (DAY_S, ZERO_ADDRESS)
    sitting.network.chain.refuses(EMERGENCY, call.pause([]), "Council: not the emergency pauser")


def test_a_time_lock_has_a_limit(sitting: Sitting) -> None:
    proposal = sitting.decide(sitting.council.functions.change_delay(31 * DAY_S))
    sitting.wait()
    sitting.network.chain.refuses(RELAY, sitting.execute(proposal), "Council: delay too long")


SEATS = [who.address for who in MEMBERS]
BAD_COUNCILS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "nobody": ("Council: threshold out of range", ([], 0, DELAY_S, ZERO_ADDRESS)),
    "threshold of zero": ("Council: threshold out of range", (SEATS, 0, DELAY_S, ZERO_ADDRESS)),
    "more than there are": ("Council: threshold out of range", (SEATS, 4, DELAY_S, ZERO_ADDRESS)),
    "one member twice": (
        "Council: members not in ascending order",
        ([SEATS[0], SEATS[0]], 2, DELAY_S, ZERO_ADDRESS),
    ),
    "the zero account": (
        "Council: members not in ascending order",
        ([ZERO_ADDRESS, SEATS[0]], 1, DELAY_S, ZERO_ADDRESS),
    ),
    "out of order": ("Council: members not in ascending order", (SEATS[::-1], 2, DELAY_S, ZERO_ADDRESS)),
    "a delay of a year": ("Council: delay too long", (SEATS, 2, 365 * DAY_S, ZERO_ADDRESS)),
}


@pytest.mark.parametrize("case", BAD_COUNCILS)
def test_a_council_that_cannot_work_is_not_created(network: Network, case: str) -> None:
    sentence, arguments = BAD_COUNCILS[case]
    network.chain.refuses_to_deploy(ADMIN, sentence, "Council", *arguments)


def test_sixteen_members_and_sixteen_calls_fit_into_a_transaction(network: Network) -> None:
    seats = sorted((actor(f"seat {i}") for i in range(16)), key=lambda who: int(who.address, 16))
    arguments = ([who.address for who in seats], 16, 0, EMERGENCY.address)
    sitting = Sitting(network, network.chain.deploy(ADMIN, "Council", *arguments))
    network.chain.send(ADMIN, network.cny.functions.propose_admin(sitting.council.address))
    calls = [network.cny.functions.accept_admin(), *(a_change(sitting, i) for i in range(15))]
    proposal = sitting.proposal(*calls)
    first, *others = seats
    made = sitting.council.functions.propose_signed(
        proposal.as_tuple(), first.address, sitting.sign(first, proposal)
    )
    network.chain.send(RELAY, made, MAX_TRANSACTION_GAS)
    for who in others:
        signed = sitting.sign(who, proposal)
        step = sitting.council.functions.approve_signed(sitting.id_of(proposal), who.address, signed)
        network.chain.send(RELAY, step)
    receipt = network.chain.send(RELAY, sitting.execute(proposal), MAX_TRANSACTION_GAS)
    assert receipt["gasUsed"] < MAX_TRANSACTION_GAS
    assert allowance(sitting) == 14


# -- the emergency pauser


def test_the_emergency_pauser_stops_at_once(sitting: Sitting) -> None:
    tokens = [sitting.network.cny.address, sitting.network.aed.address]
    receipt = sitting.network.chain.send(
        EMERGENCY, sitting.council.functions.pause([*tokens, sitting.network.registry.address, OUTSIDER.address])
    )
    found = logged(receipt, sitting.council.events.EmergencyPause)
    assert [event["paused"] for event in found] == [True, True, False, False]
    assert found[0] == {"target": tokens[0], "pauser": EMERGENCY.address, "paused": True}
    assert sitting.network.cny.functions.paused().call()
    assert sitting.network.aed.functions.paused().call()


def test_the_emergency_pauser_can_do_nothing_else(sitting: Sitting) -> None:
    call = sitting.network.cny.functions
    for step, sentence in (
        (call.pause(), "CurrencyToken: not a pauser"),
        (call.unpause(), "CurrencyToken: not an unpauser"),
        (call.grant_role(EMERGENCY.address, TokenRole.UNPAUSER), "Access: not the admin"),
        (sitting.propose(sitting.proposal(a_change(sitting))), "Council: not a member"),
    ):
        sitting.network.chain.refuses(EMERGENCY, step, sentence)
    for who in (*MEMBERS, ADMIN, OUTSIDER):
        sitting.network.chain.refuses(
            who, sitting.council.functions.pause([]), "Council: not the emergency pauser"
        )
    sitting.network.chain.send(EMERGENCY, sitting.council.functions.pause([sitting.network.cny.address]))
    sitting.network.chain.send(UNPAUSER, call.unpause())


def test_a_council_without_a_pauser_has_none(network: Network) -> None:
    council = network.chain.deploy(ADMIN, "Council", SEATS, 2, DELAY_S, ZERO_ADDRESS)
    for who in (EMERGENCY, *MEMBERS):
        network.chain.fund(who)
        network.chain.refuses(who, council.functions.pause([]), "Council: not the emergency pauser")


def test_the_old_admin_has_nothing_left(sitting: Sitting) -> None:
    for contract in (sitting.network.registry, sitting.network.cny):
        assert contract.functions.admin().call() == sitting.council.address
        step = contract.functions.grant_role(ADMIN.address, 1)
        sitting.network.chain.refuses(ADMIN, step, "Access: not the admin")
