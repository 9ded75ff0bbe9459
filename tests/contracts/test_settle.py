"""Settlement of one payment: every leg or none, in one currency or two."""

from dataclasses import astuple, replace

import pytest

from tests.contracts.chain import logged
from tests.contracts.network import (
    ADMIN,
    CREDITOR,
    CREDITOR_AGENT,
    DEBTOR,
    DEBTOR_AGENT,
    FREEZER,
    OTHER_AGENT,
    PAUSER,
    PROVIDER,
    RELAY,
    Network,
)
from tests.contracts.payments import DIGEST, QUOTE_ID, UETR, Draft, pvp, settle, single_currency


def moved(network: Network, before: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    after = network.balances()
    return {key: after[key] - before[key] for key in after if after[key] != before[key]}


def test_payment_versus_payment_moves_both_legs_in_one_transaction(network: Network) -> None:
    before = network.balances()
    draft = pvp(network)
    receipt = network.chain.send(RELAY, settle(network, draft))
    assert moved(network, before) == {
        ("debtor agent", "CNY"): -1_000_00,
        ("fx provider", "CNY"): 1_000_00,
        ("fx provider", "AED"): -512_34,
        ("creditor", "AED"): 512_34,
    }
    (settled,) = logged(receipt, network.settlement.events.Settled)
    assert settled == {
        "uetr": UETR,
        "debtor_agent": DEBTOR_AGENT.address,
        "creditor_agent": CREDITOR_AGENT.address,
        "debtor_account": DEBTOR_AGENT.address,
        "creditor_account": CREDITOR.address,
        "debit_token": network.cny.address,
        "debit_amount": 1_000_00,
        "credit_token": network.aed.address,
        "credit_amount": 512_34,
        "provider": PROVIDER.address,
        "quote_id": QUOTE_ID,
        "message_digest": DIGEST,
        "return_of": bytes(16),
    }
    instruction_hash = network.settlement.functions.hash_instruction(astuple(draft.instruction)).call()
    assert network.settlement.functions.settled(DEBTOR_AGENT.address, UETR).call() == instruction_hash
    assert network.settlement.functions.quote_used(PROVIDER.address, QUOTE_ID).call()


def test_one_currency_moves_one_leg(network: Network) -> None:
    before = network.balances()
    network.chain.send(RELAY, settle(network, single_currency(network)))
    assert moved(network, before) == {
        ("debtor agent", "CNY"): -1_000_00,
        ("creditor agent", "CNY"): 1_000_00,
    }


def test_a_customer_and_its_agent_both_sign(network: Network) -> None:
    before = network.balances()
    draft = replace(
        pvp(network).with_instruction(debtor_account=DEBTOR.address), debtor=DEBTOR, agent=DEBTOR_AGENT
    )
    network.chain.send(RELAY, settle(network, draft))
    assert moved(network, before)[("debtor", "CNY")] == -1_000_00


def test_inside_one_bank_no_acceptance_is_needed(network: Network) -> None:
    draft = single_currency(network).with_instruction(
        creditor_agent=DEBTOR_AGENT.address, creditor_account=DEBTOR.address
    )
    network.chain.send(RELAY, settle(network, replace(draft, acceptor=None)))


def test_a_creditor_agent_may_waive_its_acceptance_and_ask_for_it_again(network: Network) -> None:
    draft = replace(pvp(network), acceptor=None)
    set_policy = network.registry.functions.set_policy
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: acceptance missing")
    network.chain.send(CREDITOR_AGENT, set_policy(1))
    network.chain.send(RELAY, settle(network, draft))
    # The route is remembered now; the policy must count nevertheless.
    network.chain.send(CREDITOR_AGENT, set_policy(0))
    again = draft.with_instruction(uetr=b"\x02" * 16).with_quote(id=b"\x02" * 16)
    network.chain.refuses(RELAY, settle(network, again), "Settlement: acceptance missing")


def test_a_waived_acceptance_that_is_given_must_still_be_right(network: Network) -> None:
    network.chain.send(CREDITOR_AGENT, network.registry.functions.set_policy(1))
    draft = replace(pvp(network), acceptor=OTHER_AGENT)
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: acceptance signature invalid")


def test_the_same_uetr_of_two_agents_are_two_payments(network: Network) -> None:
    network.chain.send(RELAY, settle(network, single_currency(network)))
    draft = replace(
        single_currency(network).with_instruction(debtor_agent=OTHER_AGENT.address, debtor_account=DEBTOR.address),
        debtor=DEBTOR,
        agent=OTHER_AGENT,
    )
    network.chain.send(RELAY, settle(network, draft))


def test_attack_burning_anothers_uetr(network: Network) -> None:
    """An agent that has seen a UETR settles or cancels it as its own; the owner's payment is untouched."""
    network.chain.send(OTHER_AGENT, network.settlement.functions.cancel(UETR))
    network.chain.send(RELAY, settle(network, pvp(network)))


def test_a_quote_bound_to_its_payment_needs_no_record_and_serves_no_other(network: Network) -> None:
    bound = UETR[:6] + bytes([0x80 | UETR[6] & 0x0F]) + UETR[7:]  # the UETR, a UUID, with version 8 for 4
    draft = pvp(network).with_quote(id=bound)
    other = draft.with_instruction(uetr=b"\x02" * 16)
    reason = "Settlement: quote bound to another payment"
    network.chain.refuses(RELAY, settle(network, other), reason)
    network.chain.send(RELAY, settle(network, draft))
    assert not network.settlement.functions.quote_used(PROVIDER.address, bound).call()
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: uetr already settled")
    network.chain.refuses(RELAY, settle(network, other), reason)
    for version in range(16):  # a UETR that differs in its version only is another payment
        if version != 4:
            twin = UETR[:6] + bytes([version << 4 | UETR[6] & 0x0F]) + UETR[7:]
            network.chain.refuses(RELAY, settle(network, draft.with_instruction(uetr=twin)), reason)
    network.chain.refuses(
        PROVIDER,
        network.settlement.functions.withdraw_quote(bound),
        "Settlement: bound quote cannot be withdrawn",
    )


def test_quotes_whose_ids_share_their_beginning_are_told_apart(network: Network) -> None:
    network.chain.send(RELAY, settle(network, pvp(network)))
    sibling = QUOTE_ID[:15] + b"\x02"
    assert not network.settlement.functions.quote_used(PROVIDER.address, sibling).call()
    draft = pvp(network).with_instruction(uetr=b"\x02" * 16).with_quote(id=sibling)
    network.chain.send(RELAY, settle(network, draft))


@pytest.mark.parametrize("leg", ["debit", "credit"])
@pytest.mark.parametrize("fault", ["frozen payer", "frozen payee", "paused", "short", "closed"])
def test_a_leg_that_fails_takes_the_other_with_it(network: Network, leg: str, fault: str) -> None:
    draft = pvp(network)
    token, payer, payee = (
        (network.cny, DEBTOR_AGENT, PROVIDER) if leg == "debit" else (network.aed, PROVIDER, CREDITOR)
    )
    before = network.balances()
    if fault == "frozen payer":
        network.chain.send(FREEZER, token.functions.freeze(payer.address))
        reason = "CurrencyToken: debtor account frozen"
    elif fault == "frozen payee":
        network.chain.send(FREEZER, token.functions.freeze(payee.address))
        reason = "CurrencyToken: creditor account frozen"
    elif fault == "paused":
        network.chain.send(PAUSER, token.functions.pause())
        reason = "CurrencyToken: paused"
    elif fault == "closed":
        network.chain.send(ADMIN, token.functions.set_settlement_operator(RELAY.address))
        reason = "CurrencyToken: not the settlement operator"
    else:
        draft = short_on(draft, leg)
        reason = "CurrencyToken: balance too low"
    network.chain.refuses(RELAY, settle(network, draft), reason)
    receipt = network.chain.attempt(RELAY, settle(network, draft))
    assert receipt["status"] == 0
    assert network.balances() == before
    assert network.settlement.functions.settled(DEBTOR_AGENT.address, UETR).call() == bytes(32)
    assert not network.settlement.functions.quote_used(PROVIDER.address, QUOTE_ID).call()


def short_on(draft: Draft, leg: str) -> Draft:
    amount = 10**12
    if leg == "debit":
        return draft.with_instruction(debit_amount=amount).with_quote(sell_amount=amount)
    return draft.with_instruction(credit_amount=amount).with_quote(buy_amount=amount)
