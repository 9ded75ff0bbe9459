"""Kills at every boundary of what comes after settlement: returns and recalls, on either side, by SIGKILL.

One return, or one recall, is cut off at boundary after boundary by processes that are started to die at the next;
whatever was answered is done once, and never is more given back than was settled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.api.test_recalls import Recall
from tests.api.test_returns import Return
from tests.audit.books import read_book
from tests.simulation.aftermath import Aftermath
from tests.simulation.parts import Part
from tests.simulation.simulation import Simulation
from tests.simulation.test_unhappy_ends import suspended

RETURNING = ("received", "validated", "instructed", "accepted", "signed", "sent", "broadcast", "settled")
TAKING_BACK = ("considered", "settled")
ASKING, ASKED = ("case opened", "recalled", "asked"), ("case opened", "case accepted", "told")
SETTLED_MINOR = 1_000
pytestmark = pytest.mark.timeout(1800)


def everywhere(*boundaries: Sequence[str]) -> pytest.ParameterSet:
    return pytest.param(*boundaries, marks=pytest.mark.long)


@pytest.mark.parametrize(
    ("returning", "taking_back"),
    [(("received", "accepted", "sent"), ("considered",)), everywhere(RETURNING, TAKING_BACK)],
)
def test_a_return_cut_off_on_either_side_gives_back_once(
    simulation: Simulation, returning: Sequence[str], taking_back: Sequence[str]
) -> None:
    """Two returns of seven tenths each are ordered meanwhile: one settles, the other is refused."""
    back, to = simulation.creditor_agent, simulation.debtor_agent
    aftermath = settled(simulation)
    orders = [Return(aftermath.uetr, amount="7.00") for _ in range(2)]
    with dying(simulation, (back, returning), (to, taking_back)):
        uetrs = [aftermath.give_back(back, order) for order in orders]
    simulation.await_ends()
    assert [aftermath.give_back(back, order) for order in orders] == uetrs
    for part in (back, to):
        assert list(aftermath.returns(part).values()).count("SETTLED") == 1
    assert sorted(aftermath.returns(back)[uetr] for uetr in uetrs) == ["REJECTED", "SETTLED"]
    assert aftermath.given_back_minor(back) == aftermath.given_back_minor(to) == 700
    assert simulation.faults(**dict.fromkeys(uetrs, back.name)) == []


@pytest.mark.parametrize(
    ("asking", "asked"), [(("recalled",), ("case accepted", "told")), everywhere(ASKING, ASKED)]
)
def test_a_recall_cut_off_on_either_side_brings_the_money_back_once(
    simulation: Simulation, asking: Sequence[str], asked: Sequence[str]
) -> None:
    ours, theirs = simulation.debtor_agent, simulation.creditor_agent
    aftermath = settled(simulation)
    with dying(simulation, (ours, asking), (theirs, asked)):
        reference = aftermath.recall(ours, recall_of(aftermath))
        decide(aftermath, decision="accept")
        aftermath.case(ours, "asking", lambda case: case["state"] == "ACCEPTED")
    assert aftermath.recall(ours, recall_of(aftermath)) == reference
    simulation.await_ends()
    for part in (ours, theirs):
        assert list(aftermath.returns(part).values()) == ["SETTLED"]
        assert aftermath.given_back_minor(part) == SETTLED_MINOR
    assert simulation.faults() == []


@pytest.mark.long
def test_a_refusal_cut_off_moves_nothing(simulation: Simulation) -> None:
    ours, theirs = simulation.debtor_agent, simulation.creditor_agent
    aftermath = settled(simulation)
    with dying(simulation, (ours, ASKING), (theirs, ("case refused", "told"))):
        aftermath.recall(ours, recall_of(aftermath))
        decide(aftermath, decision="refuse", code="CUST", text="The customer says no.")
        aftermath.case(ours, "asking", lambda case: case["state"] == "REFUSED")
    assert aftermath.returns(ours) == aftermath.returns(theirs) == {}
    assert simulation.faults() == []


@pytest.mark.long
def test_a_payment_stopped_by_a_process_that_dies_then_stays_stopped(simulation: Simulation) -> None:
    ours, theirs = simulation.debtor_agent, simulation.creditor_agent
    order = simulation.load.domestic()
    aftermath = Aftermath(simulation, order.uetr)
    theirs.kill("at rest")
    ours.kill("at rest")
    ours.start_mortal("stopped", 1)
    simulation.load.send(order)
    with ThreadPoolExecutor(1) as pool:
        reference = pool.submit(aftermath.recall, ours, recall_of(aftermath))
        simulation.await_death(ours, "stopped")
        ours.start()
        theirs.start()
        reference.result()
    aftermath.case(ours, "asking", lambda case: case["state"] == "STOPPED")
    simulation.await_ends()
    assert state(ours, order.uetr) == "CANCELLED"
    assert simulation.faults() == []


@pytest.mark.long
def test_a_recall_of_what_is_withdrawn_on_chain_ends_with_it(simulation: Simulation) -> None:
    """Signed, then suspended: the withdrawal is the chain's to decide, and the case waits for it."""
    ours, order = simulation.debtor_agent, simulation.load.domestic()
    aftermath = Aftermath(simulation, order.uetr)
    ours.kill("at rest")
    ours.start_mortal("signed", 1)
    simulation.load.send(order)
    simulation.await_death(ours, "signed")
    with suspended(simulation, ours):
        ours.start_mortal("concluded", 1)
        aftermath.recall(ours, recall_of(aftermath))
        simulation.await_death(ours, "concluded")
        ours.start()
        simulation.await_ends()
    aftermath.case(ours, "asking", lambda case: case["state"] == "STOPPED")
    assert aftermath.returns(ours) == {}
    assert simulation.faults() == []


def settled(simulation: Simulation) -> Aftermath:
    """A payment of ten yuan that has settled in both books."""
    order = simulation.load.domestic()
    simulation.load.send(order)
    simulation.await_ends()
    for part in (simulation.debtor_agent, simulation.creditor_agent):
        assert state(part, order.uetr) == "SETTLED"
    return Aftermath(simulation, order.uetr)


@contextmanager
def dying(simulation: Simulation, *parts: tuple[Part, Sequence[str]]) -> Iterator[None]:
    """Meanwhile each part dies at its boundaries, one after the other, and lives in the end."""
    with ThreadPoolExecutor(len(parts)) as pool:
        deaths = [pool.submit(simulation.die_in_turn, part, boundaries) for part, boundaries in parts]
        yield
        for death in deaths:
            death.result()


def recall_of(aftermath: Aftermath) -> Recall:
    """The same request every time."""
    ours, theirs = aftermath.simulation.debtor_agent.name, aftermath.simulation.creditor_agent.name
    case_id, assignment = f"CASE-{aftermath.uetr[:8]}", f"ASG{aftermath.uetr[:8]}"
    return Recall(aftermath.uetr, case_id=case_id, assignment_id=assignment, assigner=ours, assignee=theirs)


def decide(aftermath: Aftermath, **decision: str) -> None:
    """Who is asked decides, as often as it has to say so, once the other knows that it is asked."""
    asked = aftermath.simulation.creditor_agent
    aftermath.case(aftermath.simulation.debtor_agent, "asking", lambda found: found["state"] != "OPEN")
    case = aftermath.case(asked, "asked", lambda found: True)
    aftermath.insist(asked, f"/v1/cases/{case['reference']}/decision", json=decision)


def state(part: Part, uetr: str) -> str:
    """Where a payment stands in a bank's book."""
    return str(read_book(part.name, "0x", part.folder / "book.sqlite").payments[uetr]["state"])
