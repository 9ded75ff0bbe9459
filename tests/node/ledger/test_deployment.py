"""A network is set up in a few seconds, once, whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contracts import artifact
from node.domain.money import Currency, Money
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient, LedgerUnreachable
from node.ledger.deployment import DeploymentFailed, contract_address, deploy_network
from node.ledger.logs import issues
from node.ledger.orders import PAY_GAS, Order, carry_out, next_nonces
from node.ledger.plan import CurrencyPlan, IssuePlan, TokenRole
from node.ledger.values import BroadcastOutcome
from tests.node.ledger.actors import (
    CNY,
    CURRENCIES,
    FIRST_MONEY,
    PROVIDER,
    actor,
    bank,
    digest,
    issuer,
    network_keys,
    network_plan,
)
from tests.node.ledger.engines import Engine, anvil_engine
from tests.node.ledger.networks import Network
from wallet.address import to_checksum

REGISTRY = "ParticipantRegistry"


def blocks_and_nonces(client: LedgerClient, network: Network) -> tuple[int, list[int]]:
    """What would change if anything were sent."""
    return client.head().number, [client.next_nonce(signer.address) for signer in network.keys.signers()]


def test_the_whole_network_stands(network: Network) -> None:
    client, deployed = network.client, network.deployed
    abi = artifact(REGISTRY).abi
    assert client.read(deployed.registry, abi, "participant_count") == 9
    assert client.read(deployed.registry, abi, "settlement") == deployed.settlement
    assert network.contract.registry() == deployed.registry
    for currency in CURRENCIES:
        facts = client.token_facts(network.token(currency))
        assert (facts.currency_code, facts.minor_units) == (currency.code, 2)
        assert facts.issued_total == facts.total_supply == 3 * FIRST_MONEY
        assert network.balance(currency, bank(currency)) > 0
        token_abi = artifact("CurrencyToken").abi
        assert client.read(facts.address, token_abi, "settlement_operator") == deployed.settlement
        assert client.read(facts.address, token_abi, "admin") == issuer(currency).address
        assert client.read(facts.address, token_abi, "issue_allowance", issuer(currency).address) == FIRST_MONEY
        assert client.read(facts.address, token_abi, "roles", actor("freezer").address) == TokenRole.FREEZER


def test_a_complete_network_is_left_alone(network: Network) -> None:
    before = blocks_and_nonces(network.client, network)
    again = deploy_network(network.client, network.plan, network.keys)
    assert again == network.deployed
    assert blocks_and_nonces(network.client, network) == before


class Crash(Exception):
    """The process is gone."""


class CrashingClient(LedgerClient):
    """Sends the first `survives` transactions, then the process is gone."""

    def __init__(self, url: str, survives: int) -> None:
        super().__init__(url)
        self.survives = survives

    def broadcast_many(self, raws: Sequence[bytes]) -> list[BroadcastOutcome]:
        sent = super().broadcast_many(raws[: self.survives])
        self.survives -= len(raws)
        if self.survives < 0:
            raise Crash
        return sent


def test_a_crash_anywhere_is_taken_up(engine: Engine) -> None:
    plan, keys = network_plan(), network_keys("crashes", engine.funder)
    client = LedgerClient(engine.url)
    attempts, network = 0, None
    while network is None:
        attempts += 1
        try:
            network = deploy_network(CrashingClient(engine.url, 9), plan, keys)
        except (Crash, DeploymentFailed):
            # What was in flight at the crash may get into a block after the next attempt has read its nonces: that
            # attempt fails, as documented, and the one after it takes the deployment up.
            assert attempts < 20
    assert attempts > 4
    for currency in CURRENCIES:
        issued = issues(client, network.tokens[currency.code], issuer(currency).address, 0, client.head().number)
        references = [log.reference for log in issued]
        assert len(references) == len(set(references)) == 3
    assert client.read(network.registry, artifact(REGISTRY).abi, "participant_count") == 9


def test_what_its_owners_changed_stays_changed(network: Network) -> None:
    token, abi = network.token(CNY), artifact("CurrencyToken").abi
    network.send(
        issuer(CNY), token, call_data(abi, "revoke_role", actor("freezer").address, int(TokenRole.FREEZER))
    )
    try:
        deploy_network(network.client, network.plan, network.keys)
        assert network.client.read(token, abi, "roles", actor("freezer").address) == 0
    finally:
        network.send(issuer(CNY), token, call_data(abi, "grant_role", actor("freezer").address, 8))


def test_a_delisted_currency_is_not_listed_again(network: Network) -> None:
    registry, abi = network.deployed.registry, artifact(REGISTRY).abi
    registrar = actor("registrar")
    network.send(registrar, registry, call_data(abi, "delist_token", "AED"))
    try:
        deploy_network(network.client, network.plan, network.keys)
        assert network.client.read(registry, abi, "token_count") == 3
    finally:
        network.send(registrar, registry, call_data(abi, "list_token", "AED", network.deployed.tokens["AED"]))


def test_a_plan_may_grow(engine: Engine) -> None:
    plan, keys = network_plan(), network_keys("grows", engine.funder)
    client = LedgerClient(engine.url)
    first = deploy_network(client, replace(plan, currencies=plan.currencies[:2], issues=plan.issues[:6]), keys)
    more = IssuePlan(PROVIDER.address, Money(77, CNY), digest("a second order"))
    grown = deploy_network(client, replace(plan, issues=(*plan.issues, more)), keys)
    assert grown.tokens["CNY"] == first.tokens["CNY"]
    assert len(grown.tokens) == 4
    assert client.token_facts(grown.tokens["CNY"]).issued_total == 3 * FIRST_MONEY + 77


def test_a_network_without_holds_is_given_them_and_may_go_on_growing(engine: Engine) -> None:
    plan, keys = network_plan(), network_keys("holds", engine.funder)
    client = LedgerClient(engine.url)
    small = replace(plan, currencies=plan.currencies[:2], issues=plan.issues[:6])
    first = deploy_network(client, small, keys)
    assert first.holds is None
    upgraded = deploy_network(client, replace(small, holds=True), keys)
    assert upgraded.tokens == first.tokens
    assert upgraded.holds == contract_address(keys.deployer.address, 4), "after the tokens there were"
    grown = deploy_network(client, replace(plan, holds=True), keys)
    assert grown.holds == upgraded.holds
    assert [grown.tokens[one.currency.code] for one in plan.currencies] == [
        contract_address(keys.deployer.address, slot) for slot in (2, 3, 5, 6)
    ]
    abi = artifact("CurrencyToken").abi
    powers = [(token, "hold_operator", grown.holds) for token in grown.tokens.values()]
    assert client.read_many(abi, powers) == [2, 2, 2, 2]
    assert deploy_network(client, plan, keys) == grown, "what is there is found without being asked for"


def test_a_currency_taken_out_of_holds_stays_out(engine: Engine) -> None:
    currencies, first_money = (CurrencyPlan(CNY, "Digital CNY"),), network_plan().issues[:1]
    plan = replace(network_plan(), currencies=currencies, issues=first_money, holds=True)
    client, keys = LedgerClient(engine.url), network_keys("out of holds", engine.funder)
    network = Network(client, plan, keys, deploy_network(client, plan, keys))
    token, holds, abi = network.token(CNY), network.deployed.holds, artifact("CurrencyToken").abi
    network.send(issuer(CNY), token, call_data(abi, "set_hold_operator", holds, 0))
    assert deploy_network(client, plan, keys) == network.deployed
    assert client.read(token, abi, "hold_operator", holds) == 0


def test_it_takes_a_few_seconds(engine: Engine) -> None:
    client, keys = LedgerClient(engine.url), network_keys("timed", engine.funder)
    began = time.process_time()
    deploy_network(client, network_plan(), keys)
    assert time.process_time() - began < 10


def test_another_use_of_the_deployer_is_noticed(engine: Engine) -> None:
    client, keys = LedgerClient(engine.url), network_keys("misused", engine.funder)
    plan = replace(network_plan(), currencies=(CurrencyPlan(CNY, "Digital CNY"),), issues=())
    deploy_network(client, plan, keys)
    other = replace(plan, currencies=(CurrencyPlan(Currency("XTS", 2), "Digital XTS"),))
    with pytest.raises(DeploymentFailed, match="is a token of CNY, planned otherwise"):
        deploy_network(client, other, replace(keys, issuers={"XTS": issuer(CNY)}))


def test_a_plan_that_contradicts_itself_is_refused() -> None:
    client, plan, keys = LedgerClient("http://127.0.0.1:9"), network_plan(), network_keys("refused", None)
    with pytest.raises(ValueError, match="used for something else"):
        deploy_network(client, plan, replace(keys, governor=keys.deployer))
    with pytest.raises(ValueError, match="planned twice"):
        deploy_network(client, replace(plan, currencies=plan.currencies * 2), keys)
    with pytest.raises(ValueError, match="no issuer's key for AED"):
        deploy_network(
            client, plan, replace(keys, issuers={"CNY": keys.governor, "HKD": keys.governor, "THB": keys.governor})
        )
    with pytest.raises(ValueError, match="currency that is not planned: AED"):
        deploy_network(client, replace(plan, currencies=plan.currencies[:3]), keys)
    with pytest.raises(ValueError, match="the same reference"):
        deploy_network(client, replace(plan, issues=plan.issues * 2), keys)
    with pytest.raises(LedgerUnreachable):
        deploy_network(client, plan, keys)


@pytest.mark.anvil
def test_where_gas_costs_somebody_must_pay(tmp_path: Path) -> None:
    with anvil_engine(tmp_path) as engine:
        client, keys = LedgerClient(engine.url), network_keys("poor", None)
        with pytest.raises(DeploymentFailed, match="no funder's key"):
            deploy_network(client, network_plan(), keys)


@pytest.mark.anvil
def test_a_development_chain_that_forgets_to_make_a_block_is_asked_for_one(tmp_path: Path) -> None:
    with anvil_engine(tmp_path) as engine:
        client = LedgerClient(engine.url)
        client.connection.call("evm_setAutomine", False)
        assert engine.funder is not None
        order = Order("a coin to the creditor", engine.funder, actor("creditor").address, gas=PAY_GAS)
        nonces = next_nonces(client, [engine.funder])
        assert [receipt.succeeded for receipt in carry_out(client, [order], nonces, patience_s=60)] == [True]


def test_a_chain_that_makes_its_blocks_itself_refuses_to_be_asked(engine: Engine) -> None:
    client = LedgerClient(engine.url)
    before = client.head().number
    client.ask_for_block()
    assert client.head().number - before == (1 if engine.name == "anvil" else 0)


@pytest.mark.anvil
def test_a_chain_that_makes_a_block_a_second(tmp_path: Path) -> None:
    with anvil_engine(tmp_path, "--block-time", "1") as engine:
        client, keys = LedgerClient(engine.url), network_keys("slow", engine.funder)
        with pytest.raises(Crash):
            deploy_network(CrashingClient(engine.url, 20), network_plan(), keys)
        network = deploy_network(client, network_plan(), keys)
        assert client.read(network.registry, artifact(REGISTRY).abi, "participant_count") == 9
        assert client.token_facts(network.tokens["CNY"]).issued_total == 3 * FIRST_MONEY


def test_contract_addresses_are_known_beforehand() -> None:
    # A deployer on the public network and the first two contracts it created there.
    deployer = to_checksum("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert contract_address(deployer, 0) == to_checksum("0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d")
    assert contract_address(deployer, 1) == to_checksum("0x343c43a37d37dff08ae8c4a11544c718abb4fcf8")
