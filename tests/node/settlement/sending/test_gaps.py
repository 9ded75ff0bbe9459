"""Nonces that nothing can use, and nonces that somebody else used: filled in the one case, a stop in the other."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from node.book.records import EvmTransactionRecord
from node.domain.lifecycle import State
from node.domain.reasons import Reason
from node.ledger.signed_bytes import unsigned_of
from node.settlement.engine import step
from node.settlement.lane import LaneStopped, keep_signed, lane_statuses, open_slot, signed_record
from node.settlement.office import Office
from node.settlement.replacement import FILL, offer_of
from node.settlement.sender import send_pending
from node.settlement.stranger import resume_lane
from node.settlement.submission import submit
from tests.node.ledger.networks import hash_of
from tests.node.settlement.sending.following import Following
from tests.node.settlement.town import DEBTOR_ACCOUNT, SECOND_LANE, payment
from wallet.signer import LocalSigner
from wallet.transaction import SignedTransaction, UnsignedTransaction, sign_transaction

TOO_MUCH_GAS = 31_000_000


def make_impossible(following: Following, kept: EvmTransactionRecord) -> EvmTransactionRecord:
    """Put into the book, instead of what was kept, the same call for more gas than a block has."""
    office = following.office
    unsigned = replace(unsigned_of(kept.raw), gas=TOO_MUCH_GAS)
    changed = signed_record(office, office.lane_signer, unsigned, kept.purpose, kept.uetr)
    with office.book._writer.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE evm_transactions SET transaction_hash = ?, raw = ? WHERE transaction_hash = ?",
            (changed.transaction_hash, changed.raw, kept.transaction_hash),
        )
    return changed


def test_what_the_engine_refuses_for_good_gives_its_place_up_and_its_payment_fails(either: Following) -> None:
    kept = either.submitted()
    behind = [either.submitted() for _ in range(2)]
    kept = make_impossible(either, kept)
    either.turn_until(lambda: either.state(kept.uetr or "") is State.FAILED)
    impossible, filling = either.attempts(kept.nonce)
    assert (impossible.transaction_hash, impossible.status.value) == (kept.transaction_hash, "replaced")
    assert (filling.purpose, filling.uetr, filling.status.value) == (FILL, None, "final")
    filled = unsigned_of(filling.raw)
    assert (filled.to, filled.value, filled.data) == (either.office.lane_signer.address, 0, b"")
    record = either.town.record(kept.uetr or "")
    assert record.findings[-1].reason is Reason.SETTLEMENT_REFUSED_BY_CONTRACT
    assert either.office.contract.is_cancelled(either.office.account, uuid.UUID(record.uetr).bytes)
    either.posted.remove(record.uetr)
    either.settle()
    assert [len(either.kept(one.uetr or "")) for one in behind] == [1, 1]
    assert either.town.account(either.office, DEBTOR_ACCOUNT).reserved.minor == 0


@pytest.mark.anvil
def test_a_filling_may_cost_more_than_the_cap(anvil: Following) -> None:
    kept = make_impossible(anvil, anvil.submitted())
    behind = anvil.submitted()
    offered = offer_of(kept).max_fee_per_gas
    capped = replace(anvil.office, terms=replace(anvil.office.terms, most_fee_per_gas_wei=offered))
    anvil.rpc("evm_setAutomine", False)
    send_pending(capped)
    assert [one.purpose for one in anvil.attempts(kept.nonce)] == ["settle", FILL]
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(offered * 20))
    anvil.rpc("evm_mine")
    send_pending(capped)
    send_pending(capped)
    fillings = anvil.attempts(kept.nonce)[1:]
    assert offer_of(fillings[-1]).max_fee_per_gas > offered * 20
    assert len(anvil.attempts(behind.nonce)) == 1, "what moves money keeps to the cap"
    send_pending(capped)
    anvil.rpc("evm_mine")
    assert anvil.office.client.receipt(anvil.attempts(kept.nonce)[-1].transaction_hash) is not None
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    anvil.rpc("evm_setAutomine", True)
    anvil.rpc("evm_mine")
    anvil.turn_until(lambda: anvil.state(kept.uetr or "") is State.FAILED)
    anvil.posted.remove(kept.uetr or "")
    anvil.settle()


def test_a_nonce_that_was_allotted_and_lost_is_filled(either: Following) -> None:
    first = either.submitted()
    with either.office.book.unit() as unit:
        lost = unit.lanes.next_nonce(either.office.lane_signer.address, 0)
    behind = either.submitted()
    assert (lost, behind.nonce) == (first.nonce + 1, first.nonce + 2)
    either.settle()
    (filling,) = either.attempts(lost)
    assert (filling.purpose, filling.uetr) == (FILL, None)


def use_nonce(following: Following, signer: LocalSigner, nonce: int) -> SignedTransaction:
    """Somebody who holds the lane's key sends a transaction of their own with this nonce."""
    client = following.office.client
    fees = client.fees()
    unsigned = UnsignedTransaction(client.chain_id(), nonce, signer.address, 0, b"", 30_000, *fees)
    signed = sign_transaction(unsigned, signer)
    assert client.broadcast(signed.raw).on_its_way
    following.turn_until(lambda: client.receipt(hash_of(signed)) is not None)
    return signed


def lane_key(following: Following) -> LocalSigner:
    signer = following.office.lane_signer
    assert isinstance(signer, LocalSigner)
    return signer


def test_a_stranger_at_our_nonce_stops_the_lane_and_nothing_is_signed_again(either: Following) -> None:
    robbed = either.submitted()
    stranger = use_nonce(either, lane_key(either), robbed.nonce)
    either.turn_until(lambda: either.lane.stopped is not None)
    told = either.lane.stopped or ""
    assert f"nonce {robbed.nonce}" in told
    assert hash_of(stranger) in told
    assert "resume the lane" in told
    waiting = either.town.post(payment(100)).uetr
    for _ in range(5):
        either.town.clock.forward(1)
        either.town.turn()
    assert either.state(waiting) is State.ACCEPTED, "nothing is submitted on a stopped lane"
    assert [one.transaction_hash for one in either.kept(robbed.uetr or "")] == [robbed.transaction_hash]
    with pytest.raises(LaneStopped):
        submit(either.office, either.town.record(waiting))
    assert resume_lane(either.office, robbed.lane) == 1
    assert either.lane.healthy
    either.posted = [waiting]
    either.town.clock.forward(30)
    either.town.run(waiting, lambda record: record.state is State.SETTLED, turns=200)
    assert either.state(robbed.uetr or "") is State.SUBMITTED
    assert either.attempts(robbed.nonce)[0].status.value == "replaced"
    expire(either, robbed.uetr or "")


def expire(following: Following, uetr: str) -> None:
    """Let the chain's clock pass the payment's expiry: it ends, and its reservation with it."""
    following.town.chain_clock.forward(1_000)
    if following.town.chain is None:
        following.rpc("evm_increaseTime", 1_000)
        following.rpc("evm_mine")
    following.turn_until(lambda: following.state(uetr) is State.EXPIRED)
    if following.town.chain is not None:
        following.town.clock.forward(1_000)
    assert following.town.account(following.office, DEBTOR_ACCOUNT).reserved.minor == 0


def test_a_stranger_at_a_nonce_not_yet_ours_is_noticed_before_anything_is_signed(either: Following) -> None:
    either.submitted()
    either.settle()
    slot = open_slot(either.office)
    with either.office.book.view() as unit:
        lane = unit.lanes.find(slot.signer.address)
    assert lane is not None
    use_nonce(either, lane_key(either), lane.next_nonce)
    with pytest.raises(LaneStopped):
        open_slot(either.office)
    assert "is not in this book" in (either.lane.stopped or "")
    assert resume_lane(either.office, slot.signer.address) == 0
    either.submitted()
    either.settle()


def test_a_second_lane_goes_on_where_the_first_is_stopped(either: Following) -> None:
    either.submitted()
    either.settle()
    two = replace(either.office, more_lane_signers=(SECOND_LANE,))
    with two.book.unit() as unit:
        unit.lanes.stop(two.lane_signer.address, "for this test")
    assert open_slot(two).signer is SECOND_LANE
    uetr = either.town.post(payment(100)).uetr
    either.posted.append(uetr)
    either.turn_until(lambda: _submitted_by(either, two, uetr))
    assert either.kept(uetr)[0].lane == SECOND_LANE.address
    either.settle(two)
    either.turn_until(lambda: either.kept(uetr)[0].status.value == "final", two)
    assert [status.waiting for status in lane_statuses(two)] == [0, 0]
    with two.book.unit() as unit:
        unit.lanes.stop(two.lane_signer.address, None)


def _submitted_by(following: Following, office: Office, uetr: str) -> bool:
    step(office, uetr)
    return bool(following.kept(uetr))


def test_a_lane_stopped_between_choice_and_signing_signs_nothing(local: Following) -> None:
    local.submitted()
    slot = open_slot(local.office)
    with local.office.book.unit() as unit:
        unit.lanes.stop(slot.signer.address, "for this test")
        before = unit.lanes.find(slot.signer.address)
    with pytest.raises(LaneStopped, match="for this test"), local.office.book.unit() as unit:
        keep_signed(local.office, unit, slot, None, None)  # type: ignore[arg-type]
    with local.office.book.unit() as unit:
        assert unit.lanes.find(slot.signer.address) == before
        unit.lanes.stop(slot.signer.address, None)
    local.settle()
