"""JSON-RPC over nothing: an institution's line to the fake chain, which loses requests and answers and lags.

It has the face of the real `Connection`, so everything above it in the ledger room is the real thing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from eth_abi.abi import encode

from node.ledger.errors import EngineRefused, LedgerUnreachable
from node.ledger.transport import Call, result_of
from tests.simulation.seeded.fake_chain import GAS, Block, FakeChain, NonceTooLow
from tests.simulation.seeded.fake_contracts import CHAIN_ID
from tests.simulation.seeded.reverted import Reverted
from wallet.address import to_checksum

T = TypeVar("T")
_REVERT_SELECTOR = "0x08c379a0"


@dataclass
class RpcWeather:
    """How an institution's engine behaves now: shares of requests lost, of answers lost, and how far it lags."""

    request_lost: float = 0.0
    answer_lost: float = 0.0
    lag_blocks: int = 0
    down: bool = False


class FakeConnection:
    """One institution's line."""

    rpc_url = "fake://chain"

    def __init__(self, chain: FakeChain, now_s: Callable[[], float], random: Random) -> None:
        self.weather = RpcWeather()
        self.lost = 0
        self._chain = chain
        self._now_s = now_s
        self._random = random
        self._methods: dict[str, Callable[..., Any]] = {
            "eth_chainId": lambda: hex(CHAIN_ID),
            "web3_clientVersion": lambda: "Geth/v1.0.0-simulated",
            "eth_gasPrice": lambda: "0x0",
            "eth_getBlockByNumber": self._block_by,
            "eth_getTransactionCount": self._count,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getLogs": self._logs,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": self._send,
        }

    def close(self) -> None:
        """Nothing is open."""

    def call(self, method: str, *params: Any) -> Any:
        """As the real one, faults included."""
        return self._through(lambda: self._result(method, params))

    def answers(self, calls: Sequence[Call]) -> list[Any]:
        """As the real one: errors are answers too."""
        return self._through(lambda: [self._answer(method, params) for method, params in calls])

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """As the real one: the first error is raised."""
        answered = self.answers(calls)
        return [result_of(method, answer) for (method, _), answer in zip(calls, answered, strict=True)]

    def _through(self, work: Callable[[], T]) -> T:
        if self.weather.down or self._random.random() < self.weather.request_lost:
            self.lost += 1
            raise LedgerUnreachable("HTTP 429")
        done = work()
        if self._random.random() < self.weather.answer_lost:
            self.lost += 1
            raise LedgerUnreachable("ReadTimeout")
        return done

    def _answer(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        try:
            return {"result": self._result(method, params)}
        except EngineRefused as refusal:
            return {"error": {"code": refusal.code, "message": refusal.message, "data": refusal.data}}

    def _result(self, method: str, params: Sequence[Any]) -> Any:
        if method not in self._methods:
            raise EngineRefused(-32601, f"the method {method} does not exist", None)
        return self._methods[method](*params)

    # -- what this engine sees

    def _head(self) -> int:
        return max(0, len(self._chain.blocks) - 1 - self.weather.lag_blocks)

    def _seen(self, transaction_hash: str) -> Block | None:
        block = self._chain.places.get(transaction_hash)
        return block if block is not None and block.number <= self._head() else None

    def _number(self, tag: str) -> int:
        if tag == "finalized":
            return min(self._chain.final.number, self._head())
        return self._head() if tag in {"latest", "pending"} else int(tag, 16)

    def _block_by(self, tag: str, in_full: bool) -> Any:
        number = self._number(tag)
        if number > self._head():
            return None
        block = self._chain.blocks[number]
        time_s = max(block.time_s + 1, int(self._now_s())) if tag == "pending" else block.time_s
        shown = [
            {"hash": sent.hash, "from": sent.sender, "nonce": hex(sent.nonce)} if in_full else sent.hash
            for sent in block.included
        ]
        named = {"number": hex(number), "hash": block.hash, "timestamp": hex(time_s)}
        return named | {"baseFeePerGas": "0x0", "transactions": shown}

    def _count(self, address: str, tag: str) -> str:
        return hex(self._chain.count_at(to_checksum(address), self._number(tag)))

    def _transaction(self, transaction_hash: str) -> Any:
        block = self._seen(transaction_hash)
        waiting = self._chain.pool.get(transaction_hash)
        sent = waiting or next((s for s in (block.included if block else ()) if s.hash == transaction_hash), None)
        if sent is None:
            return None
        shown = {"from": sent.sender, "to": sent.to, "input": "0x" + sent.data.hex(), "gas": hex(sent.gas)}
        return shown | {"hash": sent.hash, "blockNumber": hex(block.number) if block and not waiting else None}

    def _receipt(self, transaction_hash: str) -> Any:
        block = self._seen(transaction_hash)
        if block is None:
            return None
        return {
            "transactionHash": transaction_hash,
            "blockNumber": hex(block.number),
            "blockHash": block.hash,
            "status": hex(block.succeeded[transaction_hash]),
            "gasUsed": hex(GAS),
            "contractAddress": None,
        }

    def _logs(self, question: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(question["fromBlock"], 16), min(self._head(), int(question["toBlock"], 16))
        wanted = {to_checksum(address) for address in question["address"]}
        topics = question["topics"][0] if question["topics"] else None
        return [
            log
            for block in self._chain.blocks[first : last + 1]
            for log in _shown(block)
            if log["address"] in wanted and (topics is None or log["topics"][0] in topics)
        ]

    def _call(self, call: dict[str, Any], _: str) -> str:
        pending_s = max(self._chain.head.time_s + 1, int(self._now_s()))
        if "to" not in call:
            return "0x" + encode(["uint256"], [pending_s]).hex()
        try:
            data = bytes.fromhex(call["data"][2:])
            return "0x" + self._chain.contracts.read(to_checksum(call["to"]), data, pending_s).hex()
        except Reverted as reverted:
            raise _refusal(str(reverted)) from None

    def _estimate(self, call: dict[str, Any]) -> str:
        self._call(call, "latest")
        return hex(GAS)

    def _send(self, raw: str) -> str:
        try:
            return self._chain.take(bytes.fromhex(raw[2:]))
        except NonceTooLow:
            raise EngineRefused(-32000, "nonce too low", None) from None


def _shown(block: Block) -> list[dict[str, Any]]:
    return [
        {
            "address": event.address,
            "topics": list(event.topics),
            "data": event.data,
            "blockNumber": hex(block.number),
            "blockHash": block.hash,
            "transactionHash": transaction_hash,
            "logIndex": hex(index),
        }
        for index, (transaction_hash, event) in enumerate(block.events)
    ]


def _refusal(sentence: str) -> EngineRefused:
    data = _REVERT_SELECTOR + encode(["string"], [sentence]).hex()
    return EngineRefused(3, f"execution reverted: {sentence}", data)
