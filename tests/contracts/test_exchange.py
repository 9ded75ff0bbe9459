"""Exchange: a signed quote and its taker, both legs or none."""

from dataclasses import astuple, replace
from typing import Any

import pytest
from web3.contract.contract import ContractFunction

from tests.contracts.chain import Actor, logged
from tests.contracts.network import (
    ADMIN,
    CREDITOR,
    DEBTOR,
    DEBTOR_AGENT,
    FREEZER,
    OUTSIDER,
    PAUSER,
    PROVIDER,
    RELAY,
    Network,
)
from tests.contracts.payments import QUOTE_ID, pvp
from tests.contracts.signing import malleable_twin, sign


def exchange(
    network: Network, *, signer: Actor = PROVIDER, twin: bool = False, **changes: Any
) -> ContractFunction:
    quote = replace(pvp(network).quote, taker=DEBTOR.address)
    quote = replace(quote, **changes)
    signature = sign(signer, network.settlement, quote)
    given = malleable_twin(signature) if twin else signature
    return network.settlement.functions.exchange(astuple(quote), given)


def test_both_legs_move_once(network: Network) -> None:
    receipt = network.chain.send(DEBTOR, exchange(network))
    assert network.cny.functions.balanceOf(DEBTOR.address).call() == 199_000_00
    assert network.aed.functions.balanceOf(DEBTOR.address).call() == 512_34
    assert network.cny.functions.balanceOf(PROVIDER.address).call() == 401_000_00
    assert logged(receipt, network.settlement.events.Exchanged) == [
        {"provider": PROVIDER.address, "quote_id": QUOTE_ID}
    ]
    assert network.settlement.functions.quote_used(PROVIDER.address, QUOTE_ID).call()
    network.chain.refuses(DEBTOR, exchange(network), "Settlement: quote already used")


def test_what_an_exchange_refuses(network: Network) -> None:
    for who in (PROVIDER, RELAY, DEBTOR_AGENT):
        network.chain.refuses(who, exchange(network), "Settlement: caller is not the taker")
    invalid = "Settlement: quote signature invalid"
    network.chain.refuses(DEBTOR, exchange(network, signer=OUTSIDER), invalid)
    network.chain.refuses(DEBTOR, exchange(network, twin=True), invalid)
    late = exchange(network, expiry=network.chain.now() - 10)
    network.chain.refuses(DEBTOR, late, "Settlement: quote expired")
    for bound in (bytes.fromhex("7f9d1c2ab3e48f6a8b0c1d2e3f405162"), (8 << 76).to_bytes(16, "big")):
        network.chain.refuses(DEBTOR, exchange(network, id=bound), "Settlement: quote bound to another payment")
    network.chain.send(PROVIDER, network.settlement.functions.withdraw_quote(QUOTE_ID))
    network.chain.refuses(DEBTOR, exchange(network), "Settlement: quote already used")


def test_account_without_code_is_no_token(network: Network) -> None:
    """A call to no contract would succeed silently: half an exchange for nothing."""
    call = exchange(network, buy_token=OUTSIDER.address)
    before = network.balances()
    assert network.chain.attempt(DEBTOR, call)["status"] == 0
    assert network.balances() == before


@pytest.mark.parametrize("fault", ["freeze", "pause", "short", "closed"])
def test_a_leg_that_fails_takes_the_other_with_it(network: Network, fault: str) -> None:
    call = exchange(network)
    if fault == "freeze":
        network.chain.send(FREEZER, network.aed.functions.freeze(PROVIDER.address))
        reason = "CurrencyToken: debtor account frozen"
    elif fault == "pause":
        network.chain.send(PAUSER, network.aed.functions.pause())
        reason = "CurrencyToken: paused"
    elif fault == "closed":
        network.chain.send(ADMIN, network.aed.functions.set_settlement_operator(CREDITOR.address))
        reason = "CurrencyToken: not the settlement operator"
    else:
        call = exchange(network, buy_amount=10**12)
        reason = "CurrencyToken: balance too low"
    before = network.balances()
    network.chain.refuses(DEBTOR, call, reason)
    assert network.chain.attempt(DEBTOR, call)["status"] == 0
    assert network.balances() == before
    assert not network.settlement.functions.quote_used(PROVIDER.address, QUOTE_ID).call()
