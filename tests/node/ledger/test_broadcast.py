"""The same bytes may be sent as often as one likes; what an unclear answer means is looked up on the chain."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from node.ledger.broadcast import sender_and_nonce
from node.ledger.client import BroadcastOutcome, LedgerClient, LedgerUnreachable
from tests.node.ledger.actors import AED, CNY, HKD, THB, actor
from tests.node.ledger.networks import Network, hash_of, payment
from tests.node.ledger.proxies import Answer, Fault, faulty, late, lost_after, lost_before
from wallet.transaction import SignedTransaction

SEND = "eth_sendRawTransaction"


def signed(network: Network) -> SignedTransaction:
    """A settlement that the chain will take."""
    return network.transaction(payment(network, CNY, AED, 1_000, 500).call(network))


def test_accepted_and_then_already_known(network: Network) -> None:
    transaction = signed(network)
    assert network.client.broadcast(transaction.raw) == BroadcastOutcome.ACCEPTED
    again = network.client.broadcast(transaction.raw)
    assert again == BroadcastOutcome.ALREADY_KNOWN
    assert again.text, "the engine's own words are kept for the log"
    assert again.on_its_way
    assert network.included(transaction)[0].succeeded


def test_a_lost_reply_is_not_a_lost_transaction(network: Network) -> None:
    transaction = signed(network)
    with faulty(network.client.rpc_url, lost_after(SEND)) as url:
        assert LedgerClient(url).broadcast(transaction.raw) == BroadcastOutcome.ACCEPTED
    assert network.client.is_known(hash_of(transaction))


def test_a_late_reply_is_not_a_lost_transaction(network: Network) -> None:
    transaction = signed(network)
    nobody_waits = threading.Event()
    with faulty(network.client.rpc_url, late(SEND, nobody_waits)) as url:
        assert LedgerClient(url, timeout_s=1.5).broadcast(transaction.raw) == BroadcastOutcome.ACCEPTED
        nobody_waits.set()
    assert network.client.is_known(hash_of(transaction))


def test_a_lost_request_can_be_repeated(network: Network) -> None:
    transaction = signed(network)
    with faulty(network.client.rpc_url, lost_before(SEND)) as url, pytest.raises(LedgerUnreachable):
        LedgerClient(url).broadcast(transaction.raw)
    assert not network.client.is_known(hash_of(transaction))
    assert network.client.broadcast(transaction.raw) == BroadcastOutcome.ACCEPTED


def test_a_transaction_is_sent_once_by_one_broadcast(network: Network) -> None:
    asked: list[str] = []

    def count(method: str, passed_on: Callable[[], bytes]) -> Answer:
        asked.append(method)
        return None if method == SEND else passed_on()

    with faulty(network.client.rpc_url, count) as url, pytest.raises(LedgerUnreachable):
        LedgerClient(url).broadcast(signed(network).raw)
    assert asked.count(SEND) == 1


def test_when_nothing_can_be_looked_up_it_is_unreachable(network: Network) -> None:
    transaction = signed(network)

    def dies(method: str, passed_on: Callable[[], bytes]) -> Answer:
        if method == SEND:
            passed_on()
        return None

    with faulty(network.client.rpc_url, dies) as url, pytest.raises(LedgerUnreachable):
        LedgerClient(url).broadcast(transaction.raw)
    assert network.client.broadcast(transaction.raw) == BroadcastOutcome.ALREADY_KNOWN


def test_a_nonce_used_by_another_transaction(network: Network) -> None:
    nonce = network.client.next_nonce(actor("operator").address)
    first = network.transaction(payment(network, HKD, THB, 10, 20).call(network), nonce=nonce)
    second = network.transaction(payment(network, HKD, THB, 10, 20).call(network), nonce=nonce)
    assert network.client.broadcast(first.raw) == BroadcastOutcome.ACCEPTED
    network.included(first)
    outcome = network.client.broadcast(second.raw)
    assert outcome == BroadcastOutcome.NONCE_TOO_LOW
    assert not outcome.on_its_way
    assert network.client.receipt(hash_of(second)) is None


def test_nonce_too_low_about_our_own_included_transaction_is_no_alarm(network: Network) -> None:
    """What an engine says that has the transaction in a block already and forgot that it had it in its pool."""
    transaction = signed(network)
    network.client.broadcast(transaction.raw)
    network.included(transaction)
    words = {"code": -32000, "message": "nonce too low: address has 7, tx nonce is 6"}

    with faulty(network.client.rpc_url, refusing_with(words)) as url:
        assert LedgerClient(url).broadcast(transaction.raw) == BroadcastOutcome.ALREADY_KNOWN


def test_a_refusal_keeps_the_engines_words(network: Network) -> None:
    transaction = signed(network)
    words = {"code": -32000, "message": "txpool is full"}
    with faulty(network.client.rpc_url, refusing_with(words)) as url:
        outcome = LedgerClient(url).broadcast(transaction.raw)
    assert outcome == BroadcastOutcome.REFUSED
    assert outcome.text == "txpool is full"
    assert str(outcome) == "refused: txpool is full"


def refusing_with(words: dict[str, object]) -> Fault:
    """An engine that answers every transaction with this error."""
    error = json.dumps({"jsonrpc": "2.0", "id": 1, "error": words}).encode()
    return lambda method, passed_on: error if method == SEND else passed_on()


def test_bytes_that_are_no_transaction_of_this_chain(network: Network) -> None:
    poor = actor("operator without money")
    call = payment(network, CNY, AED, 10, 5).call(network)
    made = replace(network, client=OtherChain(network.client.rpc_url)).transaction(call)
    assert network.client.broadcast(made.raw) == BroadcastOutcome.REFUSED
    assert sender_and_nonce(made.raw)[0] == actor("operator").address != poor.address


class OtherChain(LedgerClient):
    """A client that takes the chain for another one."""

    def chain_id(self) -> int:
        return 999_999


def test_many_at_once_each_with_its_own_outcome(network: Network) -> None:
    nonce = network.client.next_nonce(actor("operator").address)
    calls = [payment(network, THB, HKD, 10, 2).call(network) for _ in range(3)]
    made = [network.transaction(call, nonce=nonce + offset) for offset, call in enumerate(calls)]
    assert network.client.broadcast(made[0].raw) == BroadcastOutcome.ACCEPTED
    outcomes = network.client.broadcast_many([item.raw for item in made])
    assert outcomes == [BroadcastOutcome.ALREADY_KNOWN, BroadcastOutcome.ACCEPTED, BroadcastOutcome.ACCEPTED]
    assert all(receipt.succeeded for receipt in network.included(*made))
