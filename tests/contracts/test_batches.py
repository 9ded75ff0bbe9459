"""Many payments of one payer, and payments that count once."""

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from tests.contracts.chain import MAX_TRANSACTION_GAS, ZERO_ADDRESS, actor, logged
from tests.contracts.network import (
    CREDITOR,
    DEBTOR,
    DEBTOR_AGENT,
    FREEZER,
    OUTSIDER,
    PAUSER,
    TIER_KEEPER,
    Network,
)

UETRS = [bytes([n]) * 16 for n in range(1, 4)]
DIGEST = b"\x42" * 32


def test_a_batch_pays_all_and_binds_their_references(network: Network) -> None:
    payments = [
        (CREDITOR.address, 1_00, UETRS[0]),
        (OUTSIDER.address, 2_00, UETRS[1]),
        (CREDITOR.address, 3_00, UETRS[2]),
    ]
    receipt = network.chain.send(DEBTOR, network.cny.functions.pay_batch(payments, DIGEST))
    assert network.cny.functions.balanceOf(CREDITOR.address).call() == 4_00
    assert network.cny.functions.balanceOf(OUTSIDER.address).call() == 2_00
    assert network.cny.functions.balanceOf(DEBTOR.address).call() == 199_994_00
    assert [log["amount"] for log in logged(receipt, network.cny.events.Transfer)] == [1_00, 2_00, 3_00]
    (batch,) = logged(receipt, network.cny.events.PaymentBatch)
    assert batch == {
        "debtor": DEBTOR.address,
        "count": 3,
        "payments_hash": keccak(encode(["(address,uint256,bytes16)[]"], [payments])),
        "digest": DIGEST,
    }


@pytest.mark.parametrize(
    ("payments", "reason"),
    [
        (
            [(CREDITOR.address, 200_000_00), (OUTSIDER.address, 1)],
            "CurrencyToken: balance too low",
        ),
        ([(CREDITOR.address, 1), (DEBTOR.address, 1)], "CurrencyToken: debtor among the creditors"),
        (
            [(CREDITOR.address, 1), (ZERO_ADDRESS, 1)],
            "CurrencyToken: creditor account not allowed",
        ),
    ],
)
def test_a_batch_with_one_bad_payment_pays_nobody(
    network: Network, payments: list[tuple[str, int]], reason: str
) -> None:
    batch = [(to, amount, UETRS[0]) for to, amount in payments]
    call = network.cny.functions.pay_batch(batch, DIGEST)
    network.chain.refuses(DEBTOR, call, reason)
    before = network.balances()
    assert network.chain.attempt(DEBTOR, call)["status"] == 0
    assert network.balances() == before


def test_attack_duplicate_entries_in_a_batch_against_a_freeze(network: Network) -> None:
    """Each entry alone is within what is free; together they are not."""
    network.chain.send(FREEZER, network.cny.functions.setFrozenTokens(DEBTOR.address, 199_900_00))
    once = [(CREDITOR.address, 60_00, UETRS[0])]
    network.chain.refuses(
        DEBTOR, network.cny.functions.pay_batch(once * 2, DIGEST), "CurrencyToken: amount frozen"
    )
    network.chain.send(DEBTOR, network.cny.functions.pay_batch(once, DIGEST))


def test_attack_duplicate_entries_in_a_batch_against_a_tier(network: Network) -> None:
    call = network.cny.functions
    network.chain.send(TIER_KEEPER, call.set_tier(1, 10_000_00, 60_00, 100_00))
    network.chain.send(TIER_KEEPER, call.set_account_tier(DEBTOR.address, 1))
    once = [(CREDITOR.address, 60_00, UETRS[0])]
    network.chain.refuses(
        DEBTOR, call.pay_batch(once * 2, DIGEST), "CurrencyToken: daily total above the tier's cap"
    )
    network.chain.send(DEBTOR, call.pay_batch(once, DIGEST))


def test_a_batch_is_stopped_like_a_payment(network: Network) -> None:
    batch = network.cny.functions.pay_batch([(CREDITOR.address, 1, UETRS[0])], DIGEST)
    network.chain.send(FREEZER, network.cny.functions.freeze(DEBTOR.address))
    network.chain.refuses(DEBTOR, batch, "CurrencyToken: debtor account frozen")
    network.chain.send(PAUSER, network.cny.functions.pause())
    network.chain.refuses(DEBTOR, batch, "CurrencyToken: paused")


def test_a_full_batch_fits_into_one_transaction(network: Network) -> None:
    payments = [(actor(f"holder {n}").address, 1, UETRS[0]) for n in range(100)]
    call = network.cny.functions.pay_batch
    network.chain.send(DEBTOR, call(payments, DIGEST), MAX_TRANSACTION_GAS)
    longer = call([*payments, payments[0]], DIGEST)
    assert network.chain.attempt(DEBTOR, longer, MAX_TRANSACTION_GAS)["status"] == 0


def test_pay_once_pays_a_uetr_once_for_each_payer(network: Network) -> None:
    call = network.cny.functions
    once = call.pay_once(CREDITOR.address, 5_00, UETRS[0], DIGEST)
    receipt = network.chain.send(DEBTOR, once)
    assert logged(receipt, network.cny.events.Payment) == [{"uetr": UETRS[0], "digest": DIGEST}]
    assert call.paid(DEBTOR.address, UETRS[0]).call()
    assert not call.paid(DEBTOR_AGENT.address, UETRS[0]).call()
    network.chain.refuses(DEBTOR, once, "CurrencyToken: uetr already paid")
    network.chain.send(DEBTOR_AGENT, once)
    network.chain.send(PAUSER, call.pause())
    other = call.pay_once(CREDITOR.address, 5_00, UETRS[1], DIGEST)
    network.chain.refuses(DEBTOR, other, "CurrencyToken: paused")
