"""Returns: a payment of its own that names the original, reversed, and never more than was settled."""

from dataclasses import astuple, replace
from typing import Any

import pytest
from web3.contract.contract import ContractFunction

from tests.contracts.chain import Actor, logged
from tests.contracts.network import (
    CREDITOR,
    CREDITOR_AGENT,
    DEBTOR_AGENT,
    OTHER_AGENT,
    OUTSIDER,
    RELAY,
    Network,
)
from tests.contracts.payments import UETR, Draft, pvp, settle, single_currency
from tests.contracts.return_payments import return_of, settle_return
from tests.contracts.signing import sign


@pytest.fixture
def original(network: Network) -> Draft:
    draft = single_currency(network)
    network.chain.send(RELAY, settle(network, draft))
    return draft


def test_a_payment_goes_back_in_parts_up_to_what_was_settled(network: Network, original: Draft) -> None:
    instruction_hash = network.settlement.functions.settled(DEBTOR_AGENT.address, UETR).call()
    first = return_of(original, 600_00)
    receipt = network.chain.send(RELAY, settle_return(network, first, original))
    (settled,) = logged(receipt, network.settlement.events.Settled)
    assert settled["return_of"] == UETR
    second = return_of(original, 400_01, b"\x0b" * 16)
    network.chain.refuses(
        RELAY, settle_return(network, second, original), "Settlement: returns exceed the original"
    )
    second = return_of(original, 400_00, b"\x0b" * 16)
    network.chain.send(RELAY, settle_return(network, second, original))
    assert network.settlement.functions.returned(instruction_hash).call() == 1_000_00
    assert network.cny.functions.balanceOf(CREDITOR_AGENT.address).call() == 0


def test_a_return_settles_once(network: Network, original: Draft) -> None:
    draft = return_of(original, 100_00)
    network.chain.send(RELAY, settle_return(network, draft, original))
    network.chain.refuses(RELAY, settle_return(network, draft, original), "Settlement: uetr already settled")
    instruction_hash = network.settlement.functions.settled(DEBTOR_AGENT.address, UETR).call()
    assert network.settlement.functions.returned(instruction_hash).call() == 100_00


def test_a_return_across_currencies_takes_a_new_quote(network: Network) -> None:
    original = pvp(network)
    network.chain.send(RELAY, settle(network, original))
    back = return_of(original, 512_34).with_instruction(credit_amount=998_00)
    back = replace(
        back.with_quote(
            id=b"\x0c" * 16,
            taker=CREDITOR_AGENT.address,
            sell_token=network.aed.address,
            sell_amount=512_34,
            buy_token=network.cny.address,
            buy_amount=998_00,
        ),
        debtor=CREDITOR,
        agent=CREDITOR_AGENT,
    )
    network.chain.send(RELAY, settle_return(network, back, original))


def test_the_creditor_agent_may_return_from_its_own_account(network: Network) -> None:
    original = single_currency(network).with_instruction(creditor_account=CREDITOR.address)
    network.chain.send(RELAY, settle(network, original))
    # The customer's account was credited; the agent has its own money in the currency from elsewhere.
    own = single_currency(network).with_instruction(uetr=b"\x02" * 16)
    network.chain.send(RELAY, settle(network, own))
    back = return_of(original, 1_000_00).with_instruction(debtor_account=CREDITOR_AGENT.address)
    network.chain.send(RELAY, settle_return(network, back, original))


MISMATCHES: dict[str, dict[str, Any]] = {
    "another payment": {"return_of": b"\x0f" * 16},
    "another debtor agent": {"debtor_agent": OTHER_AGENT.address},
    "another creditor agent": {"creditor_agent": OTHER_AGENT.address},
    "to somebody else": {"creditor_account": OUTSIDER.address},
    "from somebody else": {"debtor_account": OUTSIDER.address},
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_a_return_is_the_original_reversed(network: Network, original: Draft, case: str) -> None:
    draft = return_of(original, 100_00).with_instruction(**MISMATCHES[case])
    network.chain.refuses(
        RELAY, settle_return(network, draft, original), "Settlement: return does not match its original"
    )


@pytest.mark.parametrize("token", ["debit_token", "credit_token"])
def test_a_return_is_in_the_currencies_of_the_original(network: Network, original: Draft, token: str) -> None:
    draft = return_of(original, 100_00).with_instruction(**{token: network.aed.address})
    network.chain.refuses(
        RELAY, settle_return(network, draft, original), "Settlement: return does not match its original"
    )


def test_only_what_has_settled_can_be_returned(network: Network, original: Draft) -> None:
    larger = original.with_instruction(credit_amount=2_000_00, debit_amount=2_000_00)
    draft = return_of(larger, 1_500_00)
    network.chain.refuses(RELAY, settle_return(network, draft, larger), "Settlement: original not settled")
    unseen = original.with_instruction(uetr=b"\x0e" * 16)
    network.chain.refuses(
        RELAY, settle_return(network, return_of(unseen, 1), unseen), "Settlement: original not settled"
    )


def test_a_cancelled_payment_cannot_be_returned(network: Network) -> None:
    network.chain.send(DEBTOR_AGENT, network.settlement.functions.cancel(UETR))
    original = single_currency(network)
    draft = return_of(original, 100_00)
    network.chain.refuses(RELAY, settle_return(network, draft, original), "Settlement: original not settled")


def test_what_settled_by_its_sequence_is_returned_once_it_is_recorded(network: Network) -> None:
    original = single_currency(network).with_instruction(sequence=5)
    network.chain.send(RELAY, settle(network, original))
    back = return_of(original, 600_00).with_instruction(sequence=0)
    network.chain.refuses(RELAY, settle_return(network, back, original), "Settlement: original not settled")
    network.chain.send(RELAY, record(network, original))
    network.chain.send(RELAY, settle_return(network, back, original))
    more = return_of(original, 400_01, b"\x0b" * 16).with_instruction(sequence=0)
    refused = settle_return(network, more, original)
    network.chain.refuses(RELAY, refused, "Settlement: returns exceed the original")
    assert network.settlement.functions.settled(DEBTOR_AGENT.address, UETR).call() == bytes(32)


def test_only_what_settled_by_its_sequence_is_recorded(network: Network) -> None:
    original = single_currency(network).with_instruction(sequence=5)
    not_settled = "Settlement: sequence not settled"
    network.chain.refuses(RELAY, record(network, original), not_settled)
    network.chain.refuses(RELAY, record(network, original.with_instruction(sequence=0)), not_settled)
    network.chain.send(RELAY, settle(network, original))
    by_somebody_else = record(network, original, by=CREDITOR_AGENT)
    network.chain.refuses(RELAY, by_somebody_else, "Settlement: debtor agent signature invalid")
    network.chain.send(DEBTOR_AGENT, network.settlement.functions.cancel_sequence(6))
    network.chain.refuses(RELAY, record(network, original.with_instruction(sequence=6)), not_settled)


def record(network: Network, original: Draft, by: Actor = DEBTOR_AGENT) -> ContractFunction:
    signature = sign(by, network.settlement, original.instruction)
    return network.settlement.functions.record_for_return(astuple(original.instruction), signature)
