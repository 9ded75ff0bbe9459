"""eth-tester over HTTP as web3.py's EthereumTesterProvider would serve it, in a process of its own.

`python -m node.chain.bench.tester_bridge` prints its address. Methods named bench_ run a measurement inside
this process and answer the seconds it took, so that eth-tester is also measured without HTTP around it.
"""

import json
import sys
import time
from typing import Any

from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]
from eth_typing import HexStr
from hexbytes import HexBytes
from web3 import EthereumTesterProvider, Web3
from web3.datastructures import AttributeDict

from node.chain.bench.workload import FUNDS, Account, accounts
from node.chain.serving import BackgroundServer

CHAIN_ID = 131277322940537  # eth-tester's, which cannot be changed
SENDERS = 100
CALL_GAS = 20_000_000


class Bridge:
    """An ASGI application over one EthereumTester."""

    def __init__(self) -> None:
        funded = {one.address: {"balance": FUNDS, "nonce": 0, "code": b"", "storage": {}} for one in _senders()}
        self._tester = EthereumTester(PyEVMBackend(genesis_state=funded))
        self._web3 = Web3(EthereumTesterProvider(self._tester))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for stage in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{stage}.complete"})
            return
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        answer = json.dumps(self._answer(json.loads(b"".join(parts)))).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        method, params = asked["method"], asked.get("params") or []
        if method.startswith("bench_"):
            return {"jsonrpc": "2.0", "id": asked["id"], "result": getattr(self, method)(*params)}
        provider = self._web3.provider
        made = provider.request_func(self._web3, self._web3.middleware_onion)(method, params)
        answer: dict[str, Any] = _plain(made)
        return answer | {"id": asked["id"]}

    def bench_block(self, raws: list[str]) -> float:
        """Seconds for these transactions, each of another account, in one block."""
        self._tester.disable_auto_mine_transactions()
        started = time.perf_counter()
        for raw in raws:
            self._tester.send_raw_transaction(raw)
        self._tester.mine_block()
        took_s = time.perf_counter() - started
        self._tester.enable_auto_mine_transactions()
        return took_s

    def bench_send(self, raw: str) -> float:
        """Seconds for one transaction in a block of its own."""
        started = time.perf_counter()
        self._tester.send_raw_transaction(raw)
        return time.perf_counter() - started

    def bench_call(self, to: str, data: str) -> float:
        """Seconds for one call."""
        caller, callee = Web3.to_checksum_address(_senders()[0].address), Web3.to_checksum_address(to)
        started = time.perf_counter()
        self._tester.call({"from": caller, "to": callee, "data": HexStr(data), "gas": CALL_GAS})
        return time.perf_counter() - started


def _senders() -> list[Account]:
    return accounts(CHAIN_ID, 0, SENDERS)


def _plain(value: Any) -> Any:
    """A result as JSON can say it."""
    if isinstance(value, HexBytes | bytes):
        return "0x" + bytes(value).hex()
    if isinstance(value, AttributeDict | dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def main() -> None:
    """Serve until standard input ends, so that the bridge does not outlive the bench."""
    with BackgroundServer(Bridge()) as server:
        sys.stdout.write(f"JSON-RPC on {server.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
