"""Everything that must not settle, and the sentence it is refused with."""

from collections.abc import Callable
from dataclasses import astuple, replace

import pytest

from contracts.roles import ParticipantRole, ParticipantStatus
from tests.contracts.chain import ZERO_ADDRESS
from tests.contracts.network import (
    ADMIN,
    CREDITOR,
    CREDITOR_AGENT,
    DEBTOR,
    DEBTOR_AGENT,
    OTHER_AGENT,
    OUTSIDER,
    PROVIDER,
    REGISTRAR,
    RELAY,
    SUSPENDER,
    Network,
)
from tests.contracts.payments import NO_QUOTE, Draft, pvp, settle, single_currency
from tests.contracts.signing import malleable_twin, sign
from wallet.typed_data import Acceptance

Spoil = Callable[[Network, Draft], Draft]


def past(network: Network) -> int:
    return network.chain.now() - 10


SPOILED: dict[str, tuple[str, Spoil]] = {
    "no uetr": (
        "Settlement: uetr missing",
        lambda n, d: d.with_instruction(uetr=bytes(16)),
    ),
    "expired instruction": (
        "Settlement: instruction expired",
        lambda n, d: d.with_instruction(expiry=past(n)),
    ),
    "debit of zero": (
        "Settlement: amount is zero",
        lambda n, d: d.with_instruction(debit_amount=0).with_quote(sell_amount=0),
    ),
    "credit of zero": (
        "Settlement: amount is zero",
        lambda n, d: d.with_instruction(credit_amount=0).with_quote(buy_amount=0),
    ),
    "expired acceptance": (
        "Settlement: acceptance expired",
        lambda n, d: replace(d, acceptance_expiry=past(n)),
    ),
    "no acceptance": (
        "Settlement: acceptance missing",
        lambda n, d: replace(d, acceptor=None),
    ),
    "acceptance by another bank": (
        "Settlement: acceptance signature invalid",
        lambda n, d: replace(d, acceptor=OTHER_AGENT),
    ),
    "acceptance of another instruction": (
        "Settlement: acceptance signature invalid",
        lambda n, d: d.with_signature(
            "acceptance", sign(CREDITOR_AGENT, n.settlement, Acceptance(b"\x01" * 32, d.acceptance_expiry))
        ),
    ),
    "debtor signature of an outsider": (
        "Settlement: debtor signature invalid",
        lambda n, d: replace(d, debtor=OUTSIDER),
    ),
    "debtor signature missing": (
        "Settlement: debtor signature invalid",
        lambda n, d: d.with_signature("debtor", b""),
    ),
    "debtor signature over other amounts": (
        "Settlement: debtor signature invalid",
        lambda n, d: d.with_signature(
            "debtor", sign(DEBTOR_AGENT, n.settlement, replace(d.instruction, debit_amount=1))
        ),
    ),
    "customer alone": (
        "Settlement: debtor agent signature invalid",
        lambda n, d: replace(d.with_instruction(debtor_account=DEBTOR.address), debtor=DEBTOR),
    ),
    "agent alone, for its customer": (
        "Settlement: debtor signature invalid",
        lambda n, d: replace(d.with_instruction(debtor_account=DEBTOR.address), agent=DEBTOR_AGENT),
    ),
    "expired quote": (
        "Settlement: quote expired",
        lambda n, d: d.with_quote(expiry=past(n)),
    ),
    "quote for another sell amount": (
        "Settlement: quote does not match",
        lambda n, d: d.with_quote(sell_amount=1_000_01),
    ),
    "quote for another buy amount": (
        "Settlement: quote does not match",
        lambda n, d: d.with_quote(buy_amount=512_33),
    ),
    "quote for another taker": (
        "Settlement: quote does not match",
        lambda n, d: d.with_quote(taker=OTHER_AGENT.address),
    ),
    "quote the other way round": (
        "Settlement: quote does not match",
        lambda n, d: d.with_quote(sell_token=n.aed.address, buy_token=n.cny.address),
    ),
    "quote signed by somebody else": (
        "Settlement: quote signature invalid",
        lambda n, d: replace(d, provider=OUTSIDER),
    ),
    "quote not signed": (
        "Settlement: quote signature invalid",
        lambda n, d: replace(d, provider=None),
    ),
    "no quote": (
        "Settlement: quote missing",
        lambda n, d: replace(d, quote=NO_QUOTE, provider=None),
    ),
    "quote of a bank that is no provider": (
        "Settlement: quote provider not an fx provider",
        lambda n, d: replace(d.with_quote(provider=OTHER_AGENT.address), provider=OTHER_AGENT),
    ),
    "quote of a stranger": (
        "Settlement: quote provider not active",
        lambda n, d: replace(d.with_quote(provider=OUTSIDER.address), provider=OUTSIDER),
    ),
    "debtor agent unknown": (
        "Settlement: debtor agent not active",
        lambda n, d: replace(
            d.with_instruction(debtor_agent=OUTSIDER.address).with_quote(taker=OUTSIDER.address),
            agent=OUTSIDER,
        ),
    ),
    "debtor agent that is no bank": (
        "Settlement: debtor agent not a bank",
        lambda n, d: d.with_instruction(debtor_agent=PROVIDER.address),
    ),
    "creditor agent unknown": (
        "Settlement: creditor agent not active",
        lambda n, d: d.with_instruction(creditor_agent=OUTSIDER.address),
    ),
    "creditor agent that is no bank": (
        "Settlement: creditor agent not a bank",
        lambda n, d: d.with_instruction(creditor_agent=PROVIDER.address),
    ),
    "agent zero": (
        "Settlement: debtor agent not active",
        lambda n, d: d.with_instruction(debtor_agent=ZERO_ADDRESS),
    ),
    "a token as agent": (
        "Settlement: debtor agent not a bank",
        lambda n, d: d.with_instruction(debtor_agent=n.cny.address),
    ),
    "a debit token nobody listed": (
        "Settlement: debit token not listed",
        lambda n, d: d.with_instruction(debit_token=n.registry.address),
    ),
    "a bank as debit token": (
        "Settlement: debit token not listed",
        lambda n, d: d.with_instruction(debit_token=OTHER_AGENT.address),
    ),
    "a credit token nobody listed": (
        "Settlement: credit token not listed",
        lambda n, d: d.with_instruction(credit_token=n.registry.address),
    ),
    "a return without its original": (
        "Settlement: return needs its original",
        lambda n, d: d.with_instruction(return_of=b"\x01" * 16),
    ),
    "credit to account zero": (
        "CurrencyToken: creditor account not allowed",
        lambda n, d: d.with_instruction(creditor_account=ZERO_ADDRESS),
    ),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_spoiled_payment_is_refused(network: Network, case: str) -> None:
    reason, spoil = SPOILED[case]
    network.chain.refuses(RELAY, settle(network, spoil(network, pvp(network))), reason)


def test_the_amounts_of_one_currency_are_equal(network: Network) -> None:
    draft = single_currency(network).with_instruction(credit_amount=999_99)
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: amounts differ")


def test_one_currency_takes_no_quote(network: Network) -> None:
    draft = single_currency(network)
    full = replace(draft, quote=pvp(network).quote, provider=PROVIDER)
    network.chain.refuses(RELAY, settle(network, full), "Settlement: quote not expected")
    only_an_id = draft.with_quote(id=b"\x01" * 16)
    network.chain.refuses(RELAY, settle(network, only_an_id), "Settlement: quote not expected")


@pytest.mark.parametrize(
    ("part", "who", "reason"),
    [
        ("debtor", DEBTOR_AGENT, "Settlement: debtor signature invalid"),
        ("acceptance", CREDITOR_AGENT, "Settlement: acceptance signature invalid"),
        ("quote", PROVIDER, "Settlement: quote signature invalid"),
    ],
)
def test_attack_signature_malleability(network: Network, part: str, who: object, reason: str) -> None:
    """The twin of a valid signature, with s in the upper half, is no signature."""
    draft = pvp(network)
    instruction_hash = network.settlement.functions.hash_instruction(astuple(draft.instruction)).call()
    made = {
        "debtor": sign(DEBTOR_AGENT, network.settlement, draft.instruction),
        "acceptance": sign(
            CREDITOR_AGENT, network.settlement, Acceptance(instruction_hash, draft.acceptance_expiry)
        ),
        "quote": sign(PROVIDER, network.settlement, draft.quote),
    }
    twin = draft.with_signature(part, malleable_twin(made[part]))
    network.chain.refuses(RELAY, settle(network, twin), reason)
    for broken in (made[part][:64], made[part][:64] + b"\x00", made[part][:64] + b"\x1d", bytes(65)):
        network.chain.refuses(RELAY, settle(network, draft.with_signature(part, broken)), reason)


def test_attack_signer_zero(network: Network) -> None:
    """A signature that recovers to nobody does not speak for account zero."""
    draft = pvp(network).with_instruction(debtor_account=ZERO_ADDRESS).with_signature("debtor", bytes(65))
    network.chain.refuses(
        RELAY, settle(network, replace(draft, agent=DEBTOR_AGENT)), "Settlement: debtor signature invalid"
    )


def test_a_payment_settles_once(network: Network) -> None:
    network.chain.send(RELAY, settle(network, pvp(network)))
    after = network.balances()
    network.chain.refuses(RELAY, settle(network, pvp(network)), "Settlement: uetr already settled")
    other = pvp(network).with_instruction(debit_amount=1).with_quote(sell_amount=1, id=b"\x02" * 16)
    network.chain.refuses(RELAY, settle(network, other), "Settlement: uetr already settled")
    assert network.balances() == after


def test_a_quote_counts_once(network: Network) -> None:
    network.chain.send(RELAY, settle(network, pvp(network)))
    again = pvp(network).with_instruction(uetr=b"\x02" * 16)
    network.chain.refuses(RELAY, settle(network, again), "Settlement: quote already used")


def test_the_last_valid_second_is_the_expiry(network: Network) -> None:
    draft = pvp(network)
    network.chain.travel_to(draft.instruction.expiry)
    assert network.chain.web3.eth.get_block("pending")["timestamp"] == draft.instruction.expiry
    network.chain.send(RELAY, settle(network, draft))


def test_the_second_after_is_too_late(network: Network) -> None:
    draft = pvp(network)
    network.chain.travel_to(draft.instruction.expiry + 1)
    network.chain.mine()
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: instruction expired")


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (DEBTOR_AGENT, "Settlement: debtor agent not active"),
        (CREDITOR_AGENT, "Settlement: creditor agent not active"),
        (PROVIDER, "Settlement: quote provider not active"),
    ],
)
@pytest.mark.parametrize("route", ["new", "remembered"])
def test_a_suspended_participant_settles_nothing(network: Network, who: object, reason: str, route: str) -> None:
    if route == "remembered":
        network.chain.send(RELAY, settle(network, pvp(network)))
    draft = pvp(network).with_instruction(uetr=b"\x02" * 16).with_quote(id=b"\x02" * 16)
    network.chain.send(SUSPENDER, network.registry.functions.suspend(who.address))  # type: ignore[attr-defined]
    network.chain.refuses(RELAY, settle(network, draft), reason)
    reinstate = network.registry.functions.set_status(who.address, ParticipantStatus.ACTIVE)  # type: ignore[attr-defined]
    network.chain.send(REGISTRAR, reinstate)
    network.chain.send(RELAY, settle(network, draft))


def test_a_delisted_currency_settles_no_more(network: Network) -> None:
    network.chain.send(RELAY, settle(network, pvp(network)))
    network.chain.send(REGISTRAR, network.registry.functions.delist_token("AED"))
    draft = pvp(network).with_instruction(uetr=b"\x02" * 16).with_quote(id=b"\x02" * 16)
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: credit token not listed")


def test_a_provider_that_loses_its_role_settles_no_more(network: Network) -> None:
    network.chain.send(RELAY, settle(network, pvp(network)))
    network.chain.send(REGISTRAR, network.registry.functions.set_roles(PROVIDER.address, ParticipantRole.BANK))
    draft = pvp(network).with_instruction(uetr=b"\x02" * 16).with_quote(id=b"\x02" * 16)
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: quote provider not an fx provider")


def test_termination_lets_what_was_open_finish_and_nothing_new_begin(network: Network) -> None:
    draft = pvp(network)
    end = draft.instruction.expiry
    network.chain.send(REGISTRAR, network.registry.functions.terminate(CREDITOR_AGENT.address, end - 1))
    network.chain.refuses(RELAY, settle(network, draft), "Settlement: creditor agent not active")
    network.chain.send(RELAY, settle(network, draft.with_instruction(expiry=end - 1)))
    # A route with somebody terminating is not remembered: the expiry is looked at each time.
    later = draft.with_instruction(uetr=b"\x02" * 16).with_quote(id=b"\x02" * 16)
    network.chain.refuses(RELAY, settle(network, later), "Settlement: creditor agent not active")


def test_a_token_left_by_its_issuer_is_closed(network: Network) -> None:
    network.chain.send(ADMIN, network.aed.functions.set_settlement_operator(ZERO_ADDRESS))
    network.chain.refuses(RELAY, settle(network, pvp(network)), "CurrencyToken: not the settlement operator")


def test_settlement_needs_a_registry(network: Network) -> None:
    network.chain.refuses_to_deploy(ADMIN, "Settlement: registry is no contract", "Settlement", CREDITOR.address)
