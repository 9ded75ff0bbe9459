"""The same transactions on two engines written by different people: same outcome, logs, gas and reason."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from contracts import artifact
from contracts.roles import HoldPower
from node.ledger.abi import call_data, deploy_data, event_topic
from node.ledger.bench.measure import OPERATIONS
from node.ledger.bench.network import (
    BANKS,
    CLEARING_AGENT,
    CNY,
    CREDITOR,
    EXPIRY_S,
    HOLDER,
    ISSUER,
    PATIENCE_S,
    RELAY,
    BenchNetwork,
    Call,
    actor,
    deploy_bench_network,
    digest,
    uetr,
)
from node.ledger.bench.settlement_operations import pvp, settle
from node.ledger.client import LedgerClient
from node.ledger.deployment import contract_address
from node.ledger.orders import Order, carry_out, next_nonces
from node.ledger.values import CallRefused
from tests.node.ledger import council_script
from tests.node.ledger.council_script import council
from tests.node.ledger.engines import Engine, anvil_engine, local_engine
from wallet.address import ZERO_ADDRESS
from wallet.transaction import UnsignedTransaction, sign_transaction

SECRET = digest("secret")
REFUSED_GAS = 500_000
WEEK_S = 7 * 86_400
# Its log says when a proposal can be executed, and no two engines have the same time.
APPROVED = event_topic(artifact("Council").abi, "Approved")


@dataclass(frozen=True)
class Outcome:
    """What a transaction did, as far as it must not depend on the engine."""

    succeeded: bool
    gas_used: int
    logs: tuple[tuple[str, tuple[str, ...], str], ...]
    reason: str | None


def attempt(network: BenchNetwork, call: Call) -> Outcome:
    """Send a transaction whatever becomes of it."""
    client = network.client
    simulated = client.simulate(call.signer.address, call.to, call.data)
    fees = client.fees()
    unsigned = UnsignedTransaction(
        chain_id=client.chain_id(),
        nonce=client.next_nonce(call.signer.address),
        to=call.to,
        value=0,
        data=call.data,
        gas=REFUSED_GAS if isinstance(simulated, CallRefused) else 16_000_000,
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
    )
    signed = sign_transaction(unsigned, call.signer)
    assert client.broadcast(signed.raw).on_its_way
    found = awaited(client, "0x" + signed.hash.hex())
    logs = tuple((log["address"], tuple(log["topics"]), _timeless(log)) for log in found["logs"])
    reason = simulated.reason if isinstance(simulated, CallRefused) else None
    return Outcome(found["status"] == "0x1", int(found["gasUsed"], 16), logs, reason)


def _timeless(log: Any) -> str:
    if log["topics"][0] == APPROVED:
        return "not yet decided" if int(log["data"], 16) == 0 else "decided"
    return str(log["data"])


def awaited(client: LedgerClient, transaction_hash: str) -> Any:
    for _ in range(10_000):
        found = client.connection.call("eth_getTransactionReceipt", transaction_hash)
        if found is not None:
            return found
    raise AssertionError("not in a block")


def holds(network: BenchNetwork) -> Iterator[tuple[str, Call]]:
    """Place a hold under a lock, release it with a wrong secret and with the right one."""
    nonces = next_nonces(network.client, [actor("holds deployer")])
    code = artifact("Holds")
    create = Order("Holds", actor("holds deployer"), None, deploy_data(code.abi, code.bytecode), gas=6_000_000)
    carry_out(network.client, [create], nonces, patience_s=120)
    desk = contract_address(actor("holds deployer").address, 0)
    yield "admit holds", network.token_call(ISSUER, "set_hold_operator", desk, HoldPower.HOLD)
    terms = (
        network.token(CNY), actor(HOLDER).address, actor(CREDITOR).address, ZERO_ADDRESS, 500_00, 0,
        digest("another lock"), digest("order"), bytes(32), EXPIRY_S,
    )  # fmt: skip

    def call(who: str, function: str, *arguments: Any) -> Call:
        return Call(actor(who), desk, call_data(code.abi, function, *arguments))

    yield "place a hold", call(HOLDER, "place", terms, b"", b"")
    yield "place it again", call(HOLDER, "place", terms, b"", b"")
    yield "release with a wrong secret", call(CREDITOR, "release", terms, SECRET, b"")
    yield "give up a hold", call(CREDITOR, "lift", terms)


def script(network: BenchNetwork, expiry: int) -> Iterator[tuple[str, Call]]:
    """Every measured operation, and refusals of many kinds between them."""
    for operation in OPERATIONS:
        yield operation.name, operation.prepare(network)
    paid = settle(network, pvp(network, 500))
    yield "a payment", paid
    yield "the same payment again", paid
    other = pvp(network, 501)
    dearer = replace(other, instruction=replace(other.instruction, debit_amount=1))
    yield "a quote for another amount", settle(network, dearer)
    late = replace(other, instruction=replace(other.instruction, expiry=1))
    yield "an expired instruction", settle(network, late)
    yield "more than the balance", network.token_call(HOLDER, "transfer", actor(CREDITOR).address, 10**20)
    yield "no role", network.token_call(HOLDER, "freeze", actor(CREDITOR).address)
    yield (
        "a reference paid twice",
        network.token_call(HOLDER, "pay_once", actor(CREDITOR).address, 1, uetr(2), bytes(32)),
    )
    yield "freeze", network.token_call(ISSUER, "grant_role", actor(RELAY).address, 8)
    yield "frozen", network.token_call(RELAY, "freeze", actor(CREDITOR).address)
    yield "pay a frozen account", network.token_call(HOLDER, "transfer", actor(CREDITOR).address, 1)
    yield "thawed", network.token_call(RELAY, "thaw", actor(CREDITOR).address)
    yield from holds(network)
    yield from council(network, expiry)


def run(engine: Engine, expiry: int) -> dict[str, Outcome]:
    network = deploy_bench_network(LedgerClient(engine.url, timeout_s=PATIENCE_S), engine.funder)
    fund(network, engine)
    return {name: attempt(network, call) for name, call in script(network, expiry)}


def fund(network: BenchNetwork, engine: Engine) -> None:
    """Coin for the actors who pay their own gas here, where gas is not free."""
    if engine.funder is None:
        return
    for role in (
        *BANKS,
        *council_script.EVERYBODY,
        RELAY,
        CLEARING_AGENT,
        HOLDER,
        CREDITOR,
        ISSUER,
        "holds deployer",
    ):
        network.client.connection.call("anvil_setBalance", actor(role).address, hex(10**24))


@pytest.mark.anvil
def test_two_engines_agree_on_everything(tmp_path: Path) -> None:
    expiry = int(time.time()) + WEEK_S
    with anvil_engine(tmp_path, "--hardfork", "prague", "--chain-id", "20022") as engine:
        elsewhere = run(engine, expiry)
    with local_engine() as engine:
        here = run(engine, expiry)
    assert len(here) > 40
    assert {outcome.reason for outcome in here.values()} >= {
        None,
        "Settlement: uetr already settled",
        "Settlement: instruction expired",
        "CurrencyToken: balance too low",
        "CurrencyToken: creditor account frozen",
        "Holds: wrong secret",
        "Council: too few approvals",
        "Council: signature invalid",
        "Council: already executed",
        "Council: not a member",
    }
    for name, outcome in here.items():
        assert outcome == elsewhere[name], name
