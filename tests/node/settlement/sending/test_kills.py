"""SIGKILL between every pair of states of a transaction: the payment settles once, from the book alone."""

from __future__ import annotations

import time

import pytest

from node.domain.lifecycle import State
from node.settlement.engine import due_payments, step
from node.settlement.replacement import offer_of
from tests.node.settlement.sending.following import Following
from tests.node.settlement.sending.mortal import Errand, dies
from tests.node.settlement.town import DEBTOR_BIC, payment


def accepted(following: Following) -> str:
    """A payment whose creditor agent has accepted it, and for which nothing is signed yet."""
    uetr = following.town.post(payment(100)).uetr
    following.posted.append(uetr)
    for _ in range(20):
        if following.state(uetr) is State.ACCEPTED:
            return uetr
        for due in due_payments(following.office):
            step(following.office, due)
    raise AssertionError(following.state(uetr))


def die_at(following: Following, boundary: str, uetr: str) -> None:
    """Let another process take the payment forward until it dies there."""
    office = following.office
    errand = Errand(
        url=following.town.url,
        book=office.book.url,
        registry=office.contract.registry(),
        settlement=office.contract.address,
        bic=DEBTOR_BIC,
        secret=(bytes([1]) * 32).hex(),
        lane_secret=(bytes([21]) * 32).hex(),
        uetr=uetr,
        dies_at=boundary,
        ahead_s=office.clock.now_s() - time.time(),
    )
    assert dies(errand)


@pytest.mark.parametrize(
    ("boundary", "kept", "noted", "arrived"),
    [
        ("allotted", 0, 0, False),  # in the unit that allots, signs and keeps, before its commit
        ("signed", 1, 0, False),  # kept, not broadcast
        ("sent", 1, 0, True),  # the engine has it, the book does not know
        ("broadcast", 1, 1, True),  # noted, not yet looked for
        ("settled", 1, 1, True),  # final and booked, its mark perhaps not
    ],
)
def test_killed_at_every_boundary(either: Following, boundary: str, kept: int, noted: int, arrived: bool) -> None:
    uetr = accepted(either)
    die_at(either, boundary, uetr)
    found = either.kept(uetr)
    assert [one.broadcast_count for one in found] == [noted] * kept
    assert [either.is_pooled(one) for one in found] == [arrived] * kept
    either.turn_until(lambda: _submitted(either, uetr))
    either.settle()
    assert len(either.kept(uetr)) == 1
    if found:
        assert either.town.record(uetr).transaction_hash == found[0].transaction_hash


def _submitted(following: Following, uetr: str) -> bool:
    step(following.office, uetr)
    return bool(following.kept(uetr))


@pytest.mark.anvil
@pytest.mark.parametrize("boundary", ["replaced", "sent"])
def test_killed_around_a_replacement(anvil: Following, boundary: str) -> None:
    """Once with the better offer kept and not sent, once with it sent and not noted."""
    first = anvil.submitted()
    anvil.rpc("evm_setAutomine", False)
    anvil.turn()
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(offer_of(first).max_fee_per_gas * 3))
    anvil.rpc("evm_mine")
    if boundary == "sent":
        anvil.turn()
        assert len(anvil.attempts(first.nonce)) == 2
    die_at(anvil, boundary, first.uetr or "")
    assert len(anvil.attempts(first.nonce)) == 2
    anvil.rpc("evm_setAutomine", True)
    anvil.turn()
    anvil.rpc("evm_mine")
    anvil.settle()
    second = anvil.attempts(first.nonce)[1]
    assert len(anvil.attempts(first.nonce)) == 2
    assert anvil.town.record(first.uetr or "").transaction_hash == second.transaction_hash


def test_killed_again_and_again(either: Following) -> None:
    """Each start gets one boundary further, or dies at the same one once more; nothing is signed twice."""
    uetr = accepted(either)
    for boundary in ("allotted", "allotted", "signed"):
        die_at(either, boundary, uetr)
    (kept,) = either.kept(uetr)
    for _ in range(2):
        die_at(either, "sent", uetr)
    assert either.kept(uetr)[0].raw == kept.raw
    either.settle()
    assert either.town.record(uetr).transaction_hash == kept.transaction_hash
