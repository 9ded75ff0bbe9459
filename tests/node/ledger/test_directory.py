"""The directory says what the registry says, asks little, and is never older than what it was told of."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts import artifact
from node.domain.party import ParticipantRole, ParticipantStatus
from node.ledger.abi import call_data
from node.ledger.client import LedgerBehind, LedgerClient, LedgerUnreachable, Receipt
from node.ledger.deployment import deploy_network
from node.ledger.directory import Directory
from tests.node.ledger.actors import (
    AED,
    CNY,
    CURRENCIES,
    PROVIDER,
    actor,
    bank,
    issuer,
    network_keys,
    network_plan,
)
from tests.node.ledger.engines import Engine, anvil_engine
from tests.node.ledger.networks import Network
from tests.node.ledger.proxies import Answer, faulty, forward
from wallet.signer import LocalSigner

ABI = artifact("ParticipantRegistry").abi
BANK_BIC = "BNKCCN2AXXX"


def directory(network: Network, *, url: str | None = None, fresh_s: float = 0) -> Directory:
    """A directory that asks at every use, unless told otherwise."""
    return Directory(LedgerClient(url or network.client.rpc_url), network.deployed.registry, fresh_s=fresh_s)


def change(network: Network, signer: LocalSigner, function: str, *args: object) -> Receipt:
    """Change something in the registry."""
    return network.send(signer, network.deployed.registry, call_data(ABI, function, *args))


def test_it_says_what_the_registry_says(network: Network) -> None:
    found = directory(network)
    assert len(found.participants()) == 9
    assert found.settlement_address() == network.deployed.settlement
    planned = next(item for item in network.plan.participants if item.account == bank(CNY).address)
    participant = found.by_bic(planned.bic)
    assert participant is not None
    assert participant == found.by_account(bank(CNY).address)
    for name in ("bic", "lei", "name", "roles", "message_key", "api_address", "jurisdiction"):
        assert getattr(participant, name) == getattr(planned, name), name
    assert participant.settlement_account == planned.account
    assert participant.status is ParticipantStatus.ACTIVE
    assert participant.requires_acceptance
    provider = found.by_account(PROVIDER.address)
    assert provider is not None
    assert provider.roles is ParticipantRole.FX_PROVIDER


def test_currencies_have_their_tokens_and_minor_units(network: Network) -> None:
    tokens = directory(network).tokens()
    assert {code: info.address for code, info in tokens.items()} == dict(network.deployed.tokens)
    assert [tokens[currency.code].currency for currency in CURRENCIES] == list(CURRENCIES)
    assert tokens["THB"].name == "Digital THB"


def test_a_head_office_is_found_by_eight_characters(network: Network) -> None:
    found = directory(network)
    assert found.by_bic(BANK_BIC[:8]) == found.by_bic(BANK_BIC) is not None
    assert found.by_bic("NOSUCHBKXXX") is None
    assert found.by_account(actor("outsider").address) is None


def test_a_change_is_seen_with_the_next_block(network: Network) -> None:
    found, registrar = directory(network), actor("registrar")
    change(network, registrar, "suspend", bank(AED).address)
    try:
        assert status(found) is ParticipantStatus.SUSPENDED
    finally:
        change(network, registrar, "set_status", bank(AED).address, ParticipantStatus.ACTIVE.value)
    assert status(found) is ParticipantStatus.ACTIVE


def status(found: Directory) -> ParticipantStatus:
    """The standing of the AED bank."""
    participant = found.by_account(bank(AED).address)
    assert participant is not None
    return participant.status


def test_an_applicant_does_not_get_the_bic_it_names(network: Network) -> None:
    impostor = actor("holder CNY")
    key, lei = bytes(31) + b"\x01", "54930000000000000000"
    change(network, impostor, "apply_to_participate", BANK_BIC, lei, "Impostor", 1, key, "", "CN")
    found = directory(network)
    by_bic = found.by_bic(BANK_BIC)
    assert by_bic is not None
    assert by_bic.settlement_account == bank(CNY).address
    applicant = found.by_account(impostor.address)
    assert applicant is not None
    assert applicant.status is ParticipantStatus.APPLIED


@contextmanager
def counted(network: Network) -> Iterator[tuple[str, list[str]]]:
    """A line that notes what is asked."""
    asked: list[str] = []

    def note(method: str, passed_on: Callable[[], bytes]) -> Answer:
        asked.append(method)
        return passed_on()

    with faulty(network.client.rpc_url, note) as url:
        yield url, asked


def test_it_asks_nothing_while_fresh_and_little_while_nothing_changes(network: Network) -> None:
    with counted(network) as (url, asked):
        found = directory(network, url=url, fresh_s=60)
        found.tokens()
        asked.clear()
        assert len(found.participants()) >= 9
        assert found.by_bic(BANK_BIC)
        assert asked == []
        strict = directory(network, url=url)
        strict.tokens()
        asked.clear()
        strict.tokens()
        assert asked == ["eth_getBlockByNumber"] * 2


def test_a_block_that_does_not_touch_the_registry_costs_no_reading(network: Network) -> None:
    with counted(network) as (url, asked):
        found = directory(network, url=url)
        before = found.snapshot()
        approve = call_data(artifact("CurrencyToken").abi, "approve", PROVIDER.address, 1)
        network.send(issuer(CNY), network.token(CNY), approve)
        asked.clear()
        after = found.snapshot()
        assert after.block.number > before.block.number
        assert after.participants is before.participants
        assert asked == ["eth_getBlockByNumber", "eth_getBlockByNumber", "batch"]


def test_told_of_a_change_it_serves_nothing_older(network: Network, engine: Engine) -> None:
    """A node that lags behind answers with an old head; what was read before the change must not be served."""
    with lagging(engine) as (url, stands_at):
        found = directory(network, url=url, fresh_s=60)
        assert status(found) is ParticipantStatus.ACTIVE
        stands_at.append(network.client.head().number)
        receipt = change(network, actor("registrar"), "suspend", bank(AED).address)
        try:
            assert status(found) is ParticipantStatus.ACTIVE, "it is fresh, and was told of nothing"
            found.told_of(receipt.block_number)
            with pytest.raises(LedgerBehind, match="the registry changed in"):
                found.participants()
            with pytest.raises(LedgerUnreachable):
                found.by_bic(BANK_BIC)
            stands_at.clear()
            assert status(found) is ParticipantStatus.SUSPENDED
        finally:
            change(network, actor("registrar"), "set_status", bank(AED).address, ParticipantStatus.ACTIVE.value)


@contextmanager
def lagging(engine: Engine) -> Iterator[tuple[str, list[int]]]:
    """A line to an engine whose newest block is the one in the list, or the true one while the list is empty."""
    stands_at: list[int] = []

    def stale(method: str, passed_on: Callable[[], bytes]) -> Answer:
        answer = passed_on()
        if method != "eth_getBlockByNumber" or not stands_at:
            return answer
        found = json.loads(answer)
        if int(found["result"]["number"], 16) <= stands_at[0]:
            return answer
        asked = {"jsonrpc": "2.0", "id": found["id"], "method": method, "params": [hex(stands_at[0]), False]}
        return forward(engine.url, json.dumps(asked).encode())

    with faulty(engine.url, stale) as url:
        yield url, stands_at


def test_others_go_on_with_what_is_kept_while_one_asks_and_wait_only_when_that_is_old(network: Network) -> None:
    asked, answer = threading.Event(), threading.Event()
    slow: list[bool] = []

    def late(_method: str, passed_on: Callable[[], bytes]) -> Answer:
        if slow:
            asked.set()
            answer.wait(30)
        return passed_on()

    with faulty(network.client.rpc_url, late) as url, ThreadPoolExecutor(2) as pool:
        found = directory(network, url=url, fresh_s=1_000)
        kept = found.snapshot()
        grown_older(found, 2_000)
        slow.append(True)
        asking = pool.submit(found.snapshot)
        try:
            assert asked.wait(30)
            assert found.snapshot() is kept, "another thread asks"
            grown_older(found, 4_000)
            waiting = pool.submit(found.snapshot)
            assert not wait([waiting], 0.2).done, "too old to be served"
        finally:
            answer.set()
        assert asking.result(30) is waiting.result(30) is not kept


def grown_older(found: Directory, by_s: float) -> None:
    """Let time pass for what a directory keeps."""
    kept, asked_at = found._kept
    found._kept = (kept, asked_at - by_s)


def test_an_engine_that_falls_back_does_not_take_the_directory_with_it(network: Network, engine: Engine) -> None:
    with lagging(engine) as (url, stands_at):
        found = directory(network, url=url)
        newest = found.snapshot().block.number
        stands_at.append(newest - 1)
        assert LedgerClient(url).head().number == newest - 1
        assert found.snapshot().block.number == newest


@pytest.mark.anvil
def test_a_reorganisation_takes_back_what_was_read(tmp_path: Path) -> None:
    with anvil_engine(tmp_path) as engine:
        client, plan, keys = LedgerClient(engine.url), network_plan(), network_keys("reorganised", engine.funder)
        network = Network(client, plan, keys, deploy_network(client, plan, keys))
        found = directory(network)
        change(network, actor("registrar"), "suspend", bank(AED).address)
        assert status(found) is ParticipantStatus.SUSPENDED
        client.connection.call("anvil_reorg", 1, [])
        assert status(found) is ParticipantStatus.ACTIVE
