"""Batches: each payment on its own feet; one that fails leaves the others and no trace but its reason."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_hash.auto import keccak

from contracts.roles import ParticipantPolicy, ParticipantRole
from tests.contracts.chain import MAX_TRANSACTION_GAS, Actor, logged
from tests.contracts.network import (
    CREDITOR,
    DEBTOR,
    FREEZER,
    OUTSIDER,
    PAUSER,
    REGISTRAR,
    RELAY,
    SUSPENDER,
    UNPAUSER,
    Network,
)
from tests.contracts.payments import settle, single_currency
from tests.contracts.settle_batches import BulkPayment, banks, changed, payment, settle_batch


@pytest.fixture
def members(network: Network) -> list[Actor]:
    return banks(network, 3)


def send(network: Network, payments: list[BulkPayment]) -> dict[str, Any]:
    """Sends a batch and gives what its last log says, with the reasons of what failed."""
    receipt = network.chain.send(RELAY, settle_batch(network, payments), MAX_TRANSACTION_GAS)
    (told,) = logged(receipt, network.settlement.events.BatchSettled)
    failed = logged(receipt, network.settlement.events.FailedInBatch)
    settled = logged(receipt, network.settlement.events.SettledInBatch)
    assert (told["settled"], told["failed"]) == (len(settled), len(failed))
    return {**told, "reasons": [log["reason"] for log in failed], "log": settled}


def balances(network: Network, members: list[Actor]) -> list[int]:
    return [network.cny.functions.balanceOf(bank.address).call() for bank in members]


def test_a_batch_settles(network: Network, members: list[Actor]) -> None:
    a, b, c = members
    payments = [
        payment(network, a, b, 1, 10_00),
        payment(network, b, c, 1, 20_00),
        payment(network, a, c, 2, 5_00),
    ]
    told = send(network, payments)
    assert (told["settled"], told["failed"], told["skipped"]) == (3, 0, 0)
    assert (told["submitter"], told["token"]) == (RELAY.address, network.cny.address)
    assert balances(network, members) == [985_00, 990_00, 1_025_00]
    digest = bytes(32)
    for bulk in payments:
        digest = keccak(digest + bulk.instruction.uetr.ljust(32, b"\0"))
    assert told["uetrs_digest"] == digest
    terms = payments[0].instruction
    assert told["log"][0] == {
        "uetr": terms.uetr,
        "debtor_agent": a.address,
        "instruction": network.settlement.functions.hash_instruction(
            tuple(getattr(terms, name) for name, _ in terms.FIELDS)
        ).call(),
    }


def test_the_same_batch_again_changes_nothing(network: Network, members: list[Actor]) -> None:
    a, b, c = members
    payments = [payment(network, a, b, 1), payment(network, b, c, 1)]
    send(network, payments)
    after = balances(network, members)
    told = send(network, [*payments, payment(network, c, a, 1, 7_00)])
    assert (told["settled"], told["failed"], told["skipped"]) == (1, 0, 2)
    assert balances(network, members) == [after[0] + 7_00, after[1], after[2] - 7_00]


def test_attack_duplicate_entries_in_a_batch(network: Network, members: list[Actor]) -> None:
    a, b, _ = members
    told = send(network, [payment(network, a, b, 1, 10_00)] * 3)
    assert (told["settled"], told["skipped"]) == (1, 2)
    assert balances(network, members)[0] == 990_00


def test_a_sequence_counts_in_batches_and_alone(network: Network) -> None:
    single = single_currency(network).with_instruction(sequence=3)
    network.chain.send(RELAY, settle(network, single))
    again = BulkPayment(single.instruction, single.debtor, None, single.acceptor, single.acceptance_expiry)
    assert send(network, [again])["skipped"] == 1
    other = changed(again, sequence=4)
    assert send(network, [other])["settled"] == 1
    network.chain.refuses(
        RELAY,
        settle(network, single.with_instruction(sequence=4)),
        "Settlement: sequence already used",
    )


Spoil = Callable[[Network, BulkPayment, list[Actor]], BulkPayment]
SPOILED: dict[str, tuple[str, Spoil]] = {
    "expired": (
        "Settlement: instruction expired",
        lambda n, p, m: changed(p, expiry=n.chain.now() - 10),
    ),
    "zero": ("Settlement: amount is zero", lambda n, p, m: changed(p, debit_amount=0, credit_amount=0)),
    "no uetr": ("Settlement: uetr missing", lambda n, p, m: changed(p, uetr=bytes(16))),
    "no sequence": ("Settlement: sequence missing", lambda n, p, m: changed(p, sequence=0)),
    "debtor signature": (
        "Settlement: debtor signature invalid",
        lambda n, p, m: replace(p, debtor=OUTSIDER),
    ),
    "agent signature": (
        "Settlement: debtor agent signature invalid",
        lambda n, p, m: replace(changed(p, debtor_account=DEBTOR.address), debtor=DEBTOR, agent=OUTSIDER),
    ),
    "no acceptance": ("Settlement: acceptance missing", lambda n, p, m: replace(p, acceptor=None)),
    "late acceptance": (
        "Settlement: acceptance expired",
        lambda n, p, m: replace(p, acceptance_expiry=n.chain.now() - 10),
    ),
    "acceptance of another": (
        "Settlement: acceptance signature invalid",
        lambda n, p, m: replace(p, acceptor=OUTSIDER),
    ),
    "debtor agent unknown": (
        "Settlement: debtor agent not active",
        lambda n, p, m: replace(changed(p, debtor_agent=OUTSIDER.address), agent=OUTSIDER),
    ),
    "creditor agent unknown": (
        "Settlement: creditor agent not active",
        lambda n, p, m: changed(p, creditor_agent=OUTSIDER.address),
    ),
    "short": (
        "CurrencyToken: balance too low",
        lambda n, p, m: changed(p, debit_amount=10**10, credit_amount=10**10),
    ),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_bad_payment_fails_alone(network: Network, members: list[Actor], case: str) -> None:
    reason, spoil = SPOILED[case]
    a, b, c = members
    good = [payment(network, c, b, 1, 4_00), payment(network, b, c, 1, 3_00)]
    bad = spoil(network, payment(network, a, b, 1, 10_00), members)
    told = send(network, [good[0], bad, good[1]])
    assert (told["settled"], told["failed"], told["skipped"]) == (2, 1, 0)
    assert told["reasons"] == [reason]
    assert balances(network, members) == [1_000_00, 1_001_00, 999_00]
    assert not network.settlement.functions.sequence_used(bad.instruction.debtor_agent, 1).call()
    # It has left no mark: put right, it settles.
    assert send(network, [payment(network, a, b, 1, 10_00)])["settled"] == 1


def test_freeze_and_pause_stop_payments_one_by_one(network: Network, members: list[Actor]) -> None:
    a, b, c = members
    payments = [payment(network, a, b, 1), payment(network, c, a, 1), payment(network, b, c, 1)]
    network.chain.send(FREEZER, network.cny.functions.freeze(a.address))
    assert send(network, payments[:2])["reasons"] == [
        "CurrencyToken: debtor account frozen",
        "CurrencyToken: creditor account frozen",
    ]
    network.chain.send(FREEZER, network.cny.functions.thaw(a.address))
    network.chain.send(PAUSER, network.cny.functions.pause())
    assert send(network, payments)["reasons"] == ["CurrencyToken: paused"] * 3
    network.chain.send(UNPAUSER, network.cny.functions.unpause())
    assert send(network, payments)["settled"] == 3


def test_standing_counts_at_the_time_of_the_batch(network: Network, members: list[Actor]) -> None:
    a, b, c = members
    call = network.registry.functions
    network.chain.send(REGISTRAR, call.set_roles(a.address, ParticipantRole.FX_PROVIDER))
    network.chain.send(SUSPENDER, call.suspend(b.address))
    told = send(
        network,
        [payment(network, a, c, 1), payment(network, c, a, 1), payment(network, b, c, 1)],
    )
    assert told["reasons"] == [
        "Settlement: debtor agent not a bank",
        "Settlement: creditor agent not a bank",
        "Settlement: debtor agent not active",
    ]


def test_termination_counts_by_expiry(network: Network, members: list[Actor]) -> None:
    a, b, _ = members
    end = network.chain.now() + 3600
    network.chain.send(REGISTRAR, network.registry.functions.terminate(a.address, end))
    late, early = payment(network, a, b, 1), changed(payment(network, a, b, 2), expiry=end)
    told = send(network, [late, early])
    assert (told["settled"], told["reasons"]) == (1, ["Settlement: debtor agent not active"])


def test_customers_and_waived_acceptances(network: Network, members: list[Actor]) -> None:
    a, b, c = members
    network.chain.send(b, network.registry.functions.set_policy(ParticipantPolicy.ACCEPTANCE_WAIVED))
    of_customer = replace(
        changed(payment(network, a, b, 1, 9_00), debtor_account=DEBTOR.address), debtor=DEBTOR, agent=a
    )
    to_customer = changed(payment(network, c, b, 1, 8_00), creditor_account=CREDITOR.address)
    inside = changed(payment(network, c, c, 2, 7_00), creditor_account=CREDITOR.address)
    payments = [
        replace(of_customer, acceptor=None),
        replace(to_customer, acceptor=None),
        replace(inside, acceptor=None),
        replace(of_customer, instruction=replace(of_customer.instruction, sequence=2)),
    ]
    assert send(network, payments)["settled"] == 4
    assert network.cny.functions.balanceOf(CREDITOR.address).call() == 15_00
    assert network.cny.functions.balanceOf(DEBTOR.address).call() == 200_000_00 - 18_00


def test_what_the_whole_batch_is_refused_for(network: Network, members: list[Actor]) -> None:
    a, b, _ = members
    bulk = payment(network, a, b, 1)
    call = settle_batch(network, [bulk])
    token, accounts, items, agents = call.arguments
    batch = network.settlement.functions.settle_batch
    reason = "Settlement: debit token not listed"
    network.chain.refuses(RELAY, batch(OUTSIDER.address, accounts, items, agents), reason)
    for broken in (
        batch(token, accounts[:1], items, agents),
        batch(token, [*accounts, DEBTOR.address], [(items[0][0] | 3 << 16, *items[0][1:])], agents),
    ):
        assert network.chain.attempt(RELAY, broken)["status"] == 0


def test_a_token_that_breaks_down_without_a_word(network: Network, members: list[Actor]) -> None:
    a, b, _ = members
    token = network.chain.deploy_code(OUTSIDER, "0x60018060005360016000f3")  # code that no call survives
    network.chain.send(REGISTRAR, network.registry.functions.list_token("XTS", token))
    bulk = changed(payment(network, a, b, 1), debit_token=token, credit_token=token)
    receipt = network.chain.send(RELAY, settle_batch(network, [bulk], token))
    (failed,) = logged(receipt, network.settlement.events.FailedInBatch)
    assert failed == {
        "uetr": bulk.instruction.uetr,
        "debtor_agent": a.address,
        "sequence": 1,
        "reason": "Settlement: leg failed",
    }


def test_an_empty_batch_is_nothing(network: Network) -> None:
    assert send(network, [])["settled"] == 0
