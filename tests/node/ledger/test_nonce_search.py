"""The transaction that used a nonce is found, wherever it is; what cannot be found is None."""

from __future__ import annotations

import json

import pytest

from contracts import artifact
from node.ledger.abi import call_data
from node.ledger.client import LedgerClient
from node.ledger.errors import LedgerBehind
from node.ledger.nonce_search import nonces_used, transaction_at, used_by_none_of
from node.ledger.values import BlockReference
from tests.node.ledger.actors import CNY, actor
from tests.node.ledger.networks import Network
from tests.node.ledger.proxies import forward, serving


def send_some(network: Network, count: int) -> list[str]:
    """Transactions of the operator, each in a block of its own as far as the engine makes it so."""
    operator, token = actor("operator"), network.token(CNY)
    return [network.send(operator, token, _approve(network, number)).hash for number in range(count)]


def _approve(network: Network, number: int) -> bytes:
    return call_data(artifact("CurrencyToken").abi, "approve", actor("creditor").address, number)


def test_each_of_many_is_found(network: Network) -> None:
    lane, client = actor("operator").address, network.client
    first = client.next_nonce(lane)
    sent = send_some(network, 9)
    head = client.head()
    assert nonces_used(client, lane, head) == first + 9
    assert [transaction_at(client, lane, first + index, head) for index in range(9)] == sent
    assert transaction_at(client, lane.lower(), first, head) == sent[0]


def test_what_is_not_used_yet_is_not_found(network: Network) -> None:
    lane, client = actor("operator").address, network.client
    assert transaction_at(client, lane, client.next_nonce(lane), client.head()) is None
    assert transaction_at(client, actor("nobody at all").address, 0, client.head()) is None


def test_a_nonce_is_used_by_one_of_ours_or_by_none(network: Network) -> None:
    lane, client = actor("operator").address, network.client
    nonce = client.next_nonce(lane)
    (ours,) = send_some(network, 1)
    head, other = client.head(), "0x" + "77" * 32
    assert used_by_none_of(client, lane, nonce, [other], head)
    assert used_by_none_of(client, lane, nonce, [], head)
    assert not used_by_none_of(client, lane, nonce, [other, ours], head)
    assert not used_by_none_of(client, lane, nonce + 1, [other], head)


def test_an_engine_that_is_not_so_far_has_no_opinion(network: Network) -> None:
    beyond = BlockReference(network.client.head().number + 1_000, "0x", 0)
    lane = actor("operator").address
    with pytest.raises(LedgerBehind):
        nonces_used(network.client, lane, beyond)
    with pytest.raises(LedgerBehind):
        used_by_none_of(network.client, lane, 0, [], beyond)


def test_an_engine_that_forgot_old_states_finds_what_is_recent(network: Network) -> None:
    lane, client = actor("operator").address, network.client
    first = client.next_nonce(lane)
    sent = send_some(network, 6)
    head = client.head()

    def forgetful(body: bytes) -> bytes:
        asked = json.loads(body)
        if isinstance(asked, dict) and asked["method"] == "eth_getTransactionCount":
            block = asked["params"][1]
            if block.startswith("0x") and int(block, 16) < head.number - 2:
                error = {"code": -32000, "message": "missing trie node"}
                return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
        return forward(client.rpc_url, body)

    with serving(forgetful) as url:
        pruned = LedgerClient(url)
        assert transaction_at(pruned, lane, first + 5, head) == sent[5]
        assert transaction_at(pruned, lane, first, head) is None
