"""Who is a contract pays, accepts and quotes like anybody, by signatures that it accepts (ERC-1271)."""

from dataclasses import replace

import pytest

from contracts.roles import ParticipantRole
from tests.contracts.chain import ZERO_ADDRESS
from tests.contracts.contract_wallets import deploy_wallet
from tests.contracts.network import (
    AED_SUPPLY,
    CREDITOR,
    CREDITOR_AGENT,
    DEBTOR,
    DEBTOR_AGENT,
    ISSUER,
    KEY,
    OUTSIDER,
    PROVIDER,
    REFERENCE,
    REGISTRAR,
    RELAY,
    Network,
)
from tests.contracts.payments import Draft, pvp, settle, single_currency
from tests.contracts.signing import domain, sign_typed

INVALID = "CurrencyToken: signature invalid"


def from_wallet(network: Network, address: str) -> Draft:
    """1.00 yuan of a customer whose account is a contract of the debtor's."""
    draft = single_currency(network).with_instruction(
        debtor_account=address, debit_amount=1_00, credit_amount=1_00
    )
    return replace(draft, debtor=DEBTOR, agent=DEBTOR_AGENT)


def test_a_contract_pays_by_settlement(network: Network) -> None:
    wallet = deploy_wallet(network, DEBTOR, mode=0)
    draft = from_wallet(network, wallet.address)
    refused = settle(network, replace(draft, debtor=OUTSIDER))
    network.chain.refuses(RELAY, refused, "Settlement: debtor signature invalid")
    network.chain.send(RELAY, settle(network, draft))
    assert network.cny.functions.balanceOf(wallet.address).call() == 99_00


@pytest.mark.parametrize("mode", [1, 2])
def test_a_contract_that_does_not_accept_pays_nothing(network: Network, mode: int) -> None:
    wallet = deploy_wallet(network, DEBTOR, mode=mode)
    refused = settle(network, from_wallet(network, wallet.address))
    network.chain.refuses(RELAY, refused, "Settlement: debtor signature invalid")


def test_agents_and_providers_may_be_contracts(network: Network) -> None:
    bank, creditor_bank, provider = (
        deploy_wallet(network, who, mode=0).address for who in (DEBTOR_AGENT, CREDITOR_AGENT, PROVIDER)
    )
    for account, bic, role in (
        (bank, "DDDDCNBJ", ParticipantRole.BANK),
        (creditor_bank, "EEEEAEAD", ParticipantRole.BANK),
        (provider, "GGGGHKHH", ParticipantRole.FX_PROVIDER),
    ):
        details = (bic, f"{bic:0<20}", "A contract", role, KEY, "https://contract.example", "CN")
        network.chain.send(REGISTRAR, network.registry.functions.register(account, *details))
    network.chain.send(ISSUER, network.aed.functions.issue(provider, 1_000_00, REFERENCE))
    draft = pvp(network).with_instruction(
        debtor_agent=bank, creditor_agent=creditor_bank, debtor_account=DEBTOR.address
    )
    draft = replace(draft.with_quote(provider=provider, taker=bank), debtor=DEBTOR, agent=DEBTOR_AGENT)
    network.chain.send(RELAY, settle(network, draft))
    assert network.aed.functions.balanceOf(CREDITOR.address).call() == 10_000_00 + 512_34
    assert network.aed.functions.totalSupply().call() == AED_SUPPLY + 1_000_00


def test_a_contract_gives_a_permit(network: Network) -> None:
    wallet = deploy_wallet(network, DEBTOR, mode=0)
    kinds = [
        {"name": name, "type": kind}
        for name, kind in (
            ("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256"),
            ("deadline", "uint256"),
        )
    ]  # fmt: skip
    terms = {"owner": wallet.address, "spender": RELAY.address, "value": 70_00, "nonce": 0, "deadline": 2 * 10**9}

    def permit(signer: object) -> object:
        signature = sign_typed(signer, domain(network.cny, "Digital yuan"), "Permit", kinds, terms)  # type: ignore[arg-type]
        parts = signature[64], signature[:32], signature[32:64]
        return network.cny.functions.permit(wallet.address, RELAY.address, 70_00, 2 * 10**9, *parts)

    network.chain.refuses(RELAY, permit(OUTSIDER), INVALID)  # type: ignore[arg-type]
    network.chain.send(RELAY, permit(DEBTOR))  # type: ignore[arg-type]
    assert network.cny.functions.allowance(wallet.address, RELAY.address).call() == 70_00
    nobody = network.cny.functions.permit(ZERO_ADDRESS, RELAY.address, 1, 2 * 10**9, 27, bytes(32), bytes(32))
    network.chain.refuses(RELAY, nobody, INVALID)
