"""Blocks, balances and capabilities, in plain values, on both engines."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from contracts import artifact
from node.ledger.abi import call_data
from node.ledger.client import CallRefused, LedgerBehind, LedgerClient
from node.ledger.finality import INSTANT
from tests.node.ledger.actors import CNY, FIRST_MONEY, PROVIDER, actor, bank
from tests.node.ledger.engines import Engine, local_engine
from tests.node.ledger.networks import Network

HASH = re.compile(r"0x[0-9a-f]{64}")


def test_what_the_engine_says_of_itself(engine: Engine) -> None:
    found = LedgerClient(engine.url).capabilities()
    names = {"local": ("Corridor/", 20022, True), "anvil": ("anvil/", 31337, False)}
    name, chain_id, free_gas = names[engine.name]
    assert found.client_version.startswith(name)
    assert (found.chain_id, found.free_gas, found.finality) == (chain_id, free_gas, INSTANT)


def test_blocks_are_plain_references(network: Network) -> None:
    client = network.client
    head = client.head()
    assert HASH.fullmatch(head.hash)
    assert client.block(head.number) == head == client.final()
    assert client.block(0).number == 0
    with pytest.raises(LedgerBehind):
        client.block(head.number + 1_000)


def test_the_chains_clock_goes_on_while_no_block_is_made(network: Network) -> None:
    client = network.client
    began, first = time.monotonic(), client.pending_time_s()
    assert first >= client.head().timestamp_s
    ends_at = time.monotonic() + 120
    while client.pending_time_s() == first:
        assert time.monotonic() < ends_at
        time.sleep(0.1)
    later = client.pending_time_s()
    assert first < later <= first + (time.monotonic() - began) + 1


def test_balances_now_and_then(network: Network) -> None:
    client, token, outsider = network.client, network.token(CNY), actor("outsider").address
    before = client.head().number
    data = call_data(artifact("CurrencyToken").abi, "transfer", outsider, 3)
    network.send(actor("holder CNY"), token, data)
    assert client.balance_of(token, outsider, before) + 3 == client.balance_of(token, outsider)
    facts = client.token_facts(token, before)
    assert facts.total_supply == facts.issued_total - facts.redeemed_total == 3 * FIRST_MONEY
    with pytest.raises(LedgerBehind):
        client.balance_of(token, outsider, client.head().number + 1_000)


def test_many_reads_of_one_block(network: Network) -> None:
    abi, token = artifact("CurrencyToken").abi, network.token(CNY)
    holders = [bank(CNY).address, PROVIDER.address] * 75  # more than one batch
    answers = network.client.read_many(abi, [(token, "balanceOf", holder) for holder in holders])
    assert answers == [network.balance(CNY, bank(CNY)), network.balance(CNY, PROVIDER)] * 75


def test_a_struct_is_read_by_its_members_names(network: Network) -> None:
    abi = artifact("CurrencyToken").abi
    account = network.client.read(network.token(CNY), abi, "account_of", PROVIDER.address)
    assert account == {
        "balance": network.balance(CNY, PROVIDER), "held": 0, "tier": 0, "frozen": False, "spent_today": 0
    }  # fmt: skip


def test_simulating_costs_nothing_and_needs_no_coin(network: Network) -> None:
    """An account that was never funded can still ask what a call would do."""
    abi, token = artifact("CurrencyToken").abi, network.token(CNY)
    creditor = actor("creditor").address
    approve = call_data(abi, "approve", creditor, 1)
    gas = network.client.simulate(actor("nobody at all").address, token, approve)
    assert isinstance(gas, int)
    assert 21_000 < gas < 100_000
    transfer = call_data(abi, "transfer", creditor, 1)
    refused = network.client.simulate(actor("nobody at all").address, token, transfer)
    assert refused == CallRefused("CurrencyToken: balance too low")


def test_fees_are_what_the_engine_asks(network: Network, engine: Engine) -> None:
    most, tip = fees = network.client.fees()
    assert fees.free is (engine.name == "local")
    assert (most == 0) is fees.free
    assert tip <= most


def test_a_restart_of_the_engine_is_not_noticed(tmp_path: Path) -> None:
    """The kept-alive connection is dead; the next question opens another."""
    client = None
    with local_engine(tmp_path) as engine:
        client = LedgerClient(engine.url)
        head = client.head()
    with local_engine(tmp_path) as engine:
        assert LedgerClient(engine.url).head() == head
