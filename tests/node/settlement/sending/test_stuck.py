"""What keeps a transaction out of blocks, and how it gets there: the same bytes, or more for them, never twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from contracts import artifact
from node.domain.lifecycle import State
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient
from node.settlement.lane import lane_statuses
from node.settlement.office import Office
from node.settlement.replacement import offer_more, offer_of
from node.settlement.sender import send_pending
from node.settlement.watcher import watch
from tests.node.settlement.sending.following import Following
from tests.node.settlement.town import CNY
from wallet.transaction import UnsignedTransaction, sign_transaction

GWEI = 10**9


def with_terms(office: Office, **changes: float) -> Office:
    return replace(office, terms=replace(office.terms, **changes))  # type: ignore[arg-type]


@pytest.mark.anvil
def test_what_the_pool_has_lost_is_sent_again_as_it_was(anvil: Following) -> None:
    anvil.rpc("evm_setAutomine", False)
    kept = [anvil.submitted() for _ in range(3)]
    send_pending(anvil.office)
    assert all(anvil.is_pooled(one) for one in kept)
    anvil.rpc("anvil_dropTransaction", kept[0].transaction_hash)
    assert not anvil.is_pooled(kept[0])
    send_pending(anvil.office)
    assert all(anvil.is_pooled(one) for one in kept)
    anvil.rpc("evm_mine")
    anvil.settle()
    assert [len(anvil.kept(uetr)) for uetr in anvil.posted] == [1, 1, 1]


@pytest.mark.anvil
def test_a_whole_pool_that_is_lost_is_sent_again(anvil: Following) -> None:
    anvil.rpc("evm_setAutomine", False)
    kept = [anvil.submitted() for _ in range(5)]
    send_pending(anvil.office)
    anvil.rpc("anvil_dropAllTransactions")
    assert not any(anvil.is_pooled(one) for one in kept)
    send_pending(anvil.office)
    anvil.rpc("evm_setAutomine", True)
    anvil.rpc("evm_mine")
    anvil.settle()


@pytest.mark.anvil
def test_a_base_fee_above_the_offer_is_met_by_both_fees_raised(anvil: Following) -> None:
    anvil.rpc("evm_setAutomine", False)
    kept = [anvil.submitted() for _ in range(3)]
    send_pending(anvil.office)
    offered = offer_of(kept[0])
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(offered.max_fee_per_gas * 3))
    anvil.rpc("evm_mine")
    assert anvil.office.client.receipt(kept[0].transaction_hash) is None
    send_pending(anvil.office)  # sees the base fee, and keeps a better offer for each
    for first in kept:
        before, after = anvil.attempts(first.nonce)
        assert before.transaction_hash == first.transaction_hash
        assert (after.attempt, after.uetr, after.purpose) == (1, first.uetr, "settle")
        assert offer_of(after).max_fee_per_gas > offered.max_fee_per_gas * 3
        assert offer_of(after).max_priority_fee_per_gas * 8 >= offered.max_priority_fee_per_gas * 9
    send_pending(anvil.office)
    anvil.rpc("evm_mine")
    anvil.settle()
    for first in kept:
        assert (
            anvil.town.record(first.uetr or "").transaction_hash == anvil.attempts(first.nonce)[1].transaction_hash
        )


@pytest.mark.anvil
def test_a_refusal_for_the_fee_is_met_at_once(anvil: Following) -> None:
    """The base fee rises between the signing and the first broadcast."""
    kept = anvil.submitted()
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(offer_of(kept).max_fee_per_gas * 2))
    anvil.rpc("evm_mine")
    anvil.settle()
    assert len(anvil.attempts(kept.nonce)) == 2


@pytest.mark.anvil
def test_at_the_cap_the_last_bytes_are_sent_again_and_the_lane_says_so(anvil: Following) -> None:
    anvil.rpc("evm_setAutomine", False)
    kept = anvil.submitted()
    offered = offer_of(kept).max_fee_per_gas
    capped = with_terms(anvil.office, most_fee_per_gas_wei=offered * 2)
    send_pending(capped)
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(offered * 50))
    anvil.rpc("evm_mine")
    for _ in range(4):
        send_pending(capped)
        anvil.rpc("evm_mine")
    attempts = anvil.attempts(kept.nonce)
    assert [offer_of(one).max_fee_per_gas for one in attempts] == [offered, offered * 2]
    status = anvil.lane
    assert (status.healthy, status.stopped) == (False, None)
    assert "the cap is" in (status.trouble or "")
    sent_before = attempts[-1].broadcast_count
    send_pending(capped)
    assert anvil.attempts(kept.nonce)[-1].broadcast_count == sent_before + 1
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(offered))
    anvil.rpc("evm_mine")
    send_pending(capped)
    anvil.rpc("evm_mine")
    anvil.settle(capped)
    assert anvil.lane.healthy
    assert anvil.town.record(kept.uetr or "").transaction_hash == attempts[-1].transaction_hash


@pytest.mark.anvil
def test_the_earlier_bytes_may_be_the_ones_included(anvil: Following) -> None:
    """A pool that we do not see has kept the first offer, and the base fee has fallen again."""
    anvil.rpc("evm_setAutomine", False)
    kept = anvil.submitted()
    send_pending(anvil.office)
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(offer_of(kept).max_fee_per_gas * 3))
    anvil.rpc("evm_mine")
    send_pending(anvil.office)
    assert len(anvil.attempts(kept.nonce)) == 2
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    anvil.rpc("evm_mine")
    assert anvil.office.client.broadcast(kept.raw).on_its_way
    anvil.rpc("evm_mine")
    anvil.settle()
    assert anvil.town.record(kept.uetr or "").transaction_hash == kept.transaction_hash
    anvil.turn_until(lambda: anvil.unfinished() == [])
    assert [one.status.value for one in anvil.attempts(kept.nonce)] == ["final", "replaced"]


@pytest.mark.anvil
def test_where_no_blocks_are_made_nothing_more_is_offered(anvil: Following) -> None:
    anvil.rpc("evm_setAutomine", False)
    kept = anvil.submitted()
    hurried = with_terms(anvil.office, stuck_s=0)
    time.sleep(1.1)  # block times are whole seconds
    for _ in range(5):
        send_pending(hurried)
    assert len(anvil.attempts(kept.nonce)) == 1
    anvil.rpc("evm_setAutomine", True)
    anvil.rpc("evm_mine")
    anvil.settle(hurried)


@pytest.mark.anvil
def test_what_blocks_pass_over_for_long_offers_more(anvil: Following) -> None:
    """Blocks are made, but by somebody who leaves ours out: Anvil with our transaction dropped before each."""
    anvil.rpc("evm_setAutomine", False)
    kept = anvil.submitted()
    hurried = with_terms(anvil.office, stuck_s=1.0)
    send_pending(hurried)
    time.sleep(2.1)
    anvil.rpc("anvil_dropTransaction", kept.transaction_hash)
    anvil.rpc("evm_mine")
    assert len(anvil.attempts(kept.nonce)) == 1
    send_pending(hurried)
    first, second = anvil.attempts(kept.nonce)
    for before, after in zip(offer_of(first), offer_of(second), strict=True):
        assert after >= before * 9 / 8
    anvil.rpc("evm_setAutomine", True)
    anvil.rpc("evm_mine")
    anvil.settle()


def test_where_gas_is_free_no_fee_is_ever_offered(local: Following) -> None:
    kept = local.submitted()
    hurried = with_terms(local.office, stuck_s=0)
    local.town.chain.automine = False
    for _ in range(5):
        send_pending(hurried)
        local.town.forward_both(60)
    assert [offer_of(one).free for one in local.attempts(kept.nonce)] == [True]
    local.town.chain.mine()
    local.town.chain.automine = True
    local.settle()


@pytest.mark.anvil
def test_of_two_senders_that_see_the_same_trouble_one_offers_more(anvil: Following) -> None:
    anvil.rpc("evm_setAutomine", False)
    kept = anvil.submitted()
    send_pending(anvil.office)
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(offer_of(kept).max_fee_per_gas * 3))
    anvil.rpc("evm_mine")
    usual, signer = anvil.office.client.fees(), anvil.office.lane_signer
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: offer_more(anvil.office, signer, kept, usual), range(8)))
    assert [one.attempt for one in anvil.attempts(kept.nonce)] == [0, 1]
    anvil.rpc("evm_setAutomine", True)
    send_pending(anvil.office)
    anvil.rpc("evm_mine")
    anvil.settle()


def test_a_revert_is_answered_when_it_is_final_and_forgotten_when_it_is_reorganised_away(local: Following) -> None:
    """The debtor agent's money left in a block that is then replaced by another: the payment settles after all."""
    careful = LedgerClient(local.town.url, finality="depth:2")
    ours = replace(local.office, client=careful)
    before = local.town.chain.head.number
    kept = local.submitted()
    _move_everything_away(local)
    send_pending(ours)
    watch(ours)
    assert local.attempts(kept.nonce)[0].status.value == "reverted"
    assert local.state(kept.uetr or "") is State.SUBMITTED
    assert len(local.kept(kept.uetr or "")) == 1, "nothing is withdrawn yet"
    local.town.chain.revert_to(before)
    local.town.chain.mine()
    local.settle()
    careful.close()


def _move_everything_away(following: Following) -> None:
    client, owner = following.office.client, following.office.signer
    everything = following.town.on_chain(following.office, CNY)
    transfer = call_data(artifact("CurrencyToken").abi, "transfer", following.town.provider.account, everything)
    unsigned = UnsignedTransaction(
        chain_id=client.chain_id(),
        nonce=client.next_nonce(owner.address),
        to=following.office.directory.tokens()["CNY"].address,
        value=0,
        data=transfer,
        gas=200_000,
        max_fee_per_gas=0,
        max_priority_fee_per_gas=0,
    )
    signed = sign_transaction(unsigned, owner)
    assert client.broadcast(signed.raw).on_its_way
    receipt = client.receipt("0x" + signed.hash.hex())
    assert receipt is not None
    assert receipt.succeeded


def test_a_lane_says_what_waits(either: Following) -> None:
    kept = either.submitted()
    (status,) = lane_statuses(either.office)
    assert (status.lane, status.waiting, status.healthy) == (kept.lane, 1, True)
    either.settle()
    assert either.state(kept.uetr or "") is State.SETTLED
    either.turn_until(lambda: either.lane.waiting == 0)
