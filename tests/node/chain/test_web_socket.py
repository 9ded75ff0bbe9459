"""Subscriptions over a real WebSocket, with web3.py's provider and with a bare client."""

import asyncio
import json
import socket
import time
from random import Random
from typing import Any

import httpx
import pytest
from eth._utils.address import generate_contract_address
from eth_account.signers.local import LocalAccount
from eth_typing import Address
from eth_utils.address import to_checksum_address
from web3 import AsyncWeb3, WebSocketProvider
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from node.chain import subscriptions
from node.chain.chain import LocalChain
from tests.node.chain.assembly import creation, keeper
from tests.node.chain.signing import dynamic_fee


def ws(url: str) -> str:
    return url.replace("http://", "ws://")


async def ask(client: ClientConnection, method: str, *params: Any) -> Any:
    await client.send(json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
    return json.loads(await client.recv())


async def event(client: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(client.recv(), 10))["params"]


def test_web3_follows_new_heads(rpc_url: str, chain: LocalChain) -> None:
    async def follow() -> list[int]:
        async with AsyncWeb3(WebSocketProvider(ws(rpc_url))) as web3:
            await web3.eth.subscribe("newHeads")
            await asyncio.to_thread(chain.mine, 3)
            seen: list[int] = []
            async for message in web3.socket.process_subscriptions():
                result: Any = message["result"]
                seen.append(result["number"])
                if len(seen) == 3:
                    return seen
        return seen

    assert asyncio.run(follow()) == [1, 2, 3]


def test_heads_logs_and_pending(rpc_url: str, chain: LocalChain, debtor: LocalAccount) -> None:
    async def follow() -> list[Any]:
        async with connect(ws(rpc_url)) as client:
            pending = (await ask(client, "eth_subscribe", "newPendingTransactions"))["result"]
            logs = (await ask(client, "eth_subscribe", "logs", {"topics": [None, "0x" + "00" * 31 + "05"]}))[
                "result"
            ]
            heads = (await ask(client, "eth_subscribe", "newHeads"))["result"]
            sent = await asyncio.to_thread(send_all)
            names = {pending: "pending", logs: "log", heads: "head"}
            seen = [await event(client) for _ in range(7)]
            found = [(names[one["subscription"]], one["result"]) for one in seen]
            assert [result for name, result in found if name == "pending"] == sent
            assert [int(result["number"], 16) for name, result in found if name == "head"] == [1, 2, 3]
            return [result for name, result in found if name == "log"]

    def send_all() -> list[str]:
        address = generate_contract_address(Address(bytes.fromhex(debtor.address[2:])), 0)
        raws = [dynamic_fee(debtor, 0, data=creation(keeper()))]
        for nonce, value in [(1, 4), (2, 5)]:
            raws.append(
                dynamic_fee(debtor, nonce, to=to_checksum_address(address), data=value.to_bytes(32, "big"))
            )
        return ["0x" + chain.send_raw_transaction(raw).hex() for raw in raws]

    (log,) = asyncio.run(follow())
    assert int(log["data"], 16) == 5


def test_unsubscribe_and_other_requests(rpc_url: str, chain: LocalChain) -> None:
    async def follow() -> None:
        async with connect(ws(rpc_url)) as client:
            key = (await ask(client, "eth_subscribe", "newHeads"))["result"]
            assert (await ask(client, "eth_unsubscribe", key))["result"] is True
            assert (await ask(client, "eth_unsubscribe", key))["result"] is False
            await asyncio.to_thread(chain.mine)
            assert (await ask(client, "eth_blockNumber"))["result"] == "0x1"
            assert (await ask(client, "eth_subscribe", "weather"))["error"]["code"] == -32601
            await client.send("{")
            assert json.loads(await client.recv())["error"]["code"] == -32700
            await client.send(json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}] * 2))
            assert len(json.loads(await client.recv())) == 2

    asyncio.run(follow())


def test_subscribing_needs_a_connection(rpc_url: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
    assert httpx.post(rpc_url, json=body, trust_env=False, timeout=60).json()["error"]["code"] == -32601


def test_a_vanished_client_leaves_nothing_behind(rpc_url: str, chain: LocalChain) -> None:
    async def vanish() -> None:
        client = await connect(ws(rpc_url))
        await ask(client, "eth_subscribe", "newHeads")
        client.transport.abort()
        deadline = time.monotonic() + 60
        while chain.block_listeners and time.monotonic() < deadline:
            await asyncio.to_thread(chain.mine)
            await asyncio.sleep(0.01)

    asyncio.run(vanish())
    assert chain.block_listeners == []


def narrow_socket(url: str) -> socket.socket:
    """A connection whose kernel keeps little for a client that does not read, whatever the machine's defaults."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", int(url.rsplit(":", 1)[1])))
    narrow.setblocking(False)
    return narrow


async def drain(client: ClientConnection) -> None:
    while True:
        await client.recv()


def test_a_client_that_does_not_read_is_cut_off(
    rpc_url: str, chain: LocalChain, debtor: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MAX_WAITING_MESSAGES", 20)
    logs_its_call_data = bytes.fromhex("365f5f37365fa000")
    chain.send_raw_transaction(dynamic_fee(debtor, 0, data=creation(logs_its_call_data)))
    logger = generate_contract_address(Address(bytes.fromhex(debtor.address[2:])), 0)

    noise = Random(1)  # the connection compresses, so only noise fills its buffers

    def log_until_cut_off() -> None:
        for nonce in range(1, 400):
            if not chain.block_listeners:
                return
            words = {"to": to_checksum_address(logger), "data": noise.randbytes(60_000), "gas": 4_000_000}
            chain.send_raw_transaction(dynamic_fee(debtor, nonce, **words))

    async def stall() -> None:
        async with connect(ws(rpc_url), max_queue=1, sock=narrow_socket(rpc_url)) as client:
            await ask(client, "eth_subscribe", "logs", {})
            await asyncio.to_thread(log_until_cut_off)
            assert chain.block_listeners == []  # before a single event was read
            with pytest.raises(ConnectionClosed):
                await drain(client)

    asyncio.run(stall())


def test_a_page_from_elsewhere_may_not_connect(rpc_url: str) -> None:
    async def try_it() -> None:
        async with connect(ws(rpc_url), additional_headers={"Origin": "https://elsewhere.example"}):
            pass

    with pytest.raises(InvalidStatus):
        asyncio.run(try_it())
