"""The engines side by side, each a process of its own: our node as a user starts it, eth-tester, Anvil.

Each is asked over HTTP. One that is not installed is simply absent.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from node.chain.bench import tester_bridge
from node.chain.bench.workload import (
    BATCH_GAS,
    FEE_LIMIT,
    FUNDS,
    Account,
    accounts,
    batch,
    deployment,
)
from node.chain.genesis import CHAIN_ID

SENDERS = tester_bridge.SENDERS
START_LIMIT_S = 30.0
_ADDRESS = re.compile(r"(?:JSON-RPC on http://|Listening on )127\.0\.0\.1:(\d+)")


@dataclass
class Engine:
    """A running engine with the token deployed and a hundred accounts that hold it."""

    name: str
    url: str
    pid: int
    client: httpx.Client
    senders: list[Account]
    token: bytes = b""

    def call(self, method: str, *params: Any) -> Any:
        """One JSON-RPC request. Raises RuntimeError when it is refused."""
        answer = self.client.post(self.url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return _result(method, answer.json())

    def call_many(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """A batch of requests."""
        asked = [
            {"jsonrpc": "2.0", "id": index, "method": method, "params": list(params)}
            for index, (method, params) in enumerate(calls)
        ]
        answers = self.client.post(self.url, json=asked).json()
        return [_result(calls[answer["id"]][0], answer) for answer in answers]

    def send(self, raw: bytes) -> str:
        """Send a transaction; returns its hash."""
        sent: str = self.call("eth_sendRawTransaction", "0x" + raw.hex())
        return sent


def prepare(engine: Engine) -> Engine:
    """Deploy the token and give every sender some."""
    if engine.name == "anvil":
        engine.call_many([("anvil_setBalance", ["0x" + one.address.hex(), hex(FUNDS)]) for one in engine.senders])
    owner = engine.senders[0]
    raw, engine.token = deployment(owner)
    _await_receipt(engine, engine.send(raw))
    creditors = [one.address for one in engine.senders]
    raw = owner.signed(engine.token, batch(creditors, 10**9), BATCH_GAS)
    _await_receipt(engine, engine.send(raw))
    return engine


@contextmanager
def running(name: str, command: Sequence[str], folder: Path, fee_limit: int, chain_id: int) -> Iterator[Engine]:
    """Start an engine and wait for its address; ended with the context."""
    diary = folder / f"{name}.log"  # a pipe nobody reads would fill up and stop it
    with diary.open("w") as written:
        process = subprocess.Popen(  # noqa: S603 - the command line is ours
            list(command), cwd=folder, stdin=subprocess.PIPE, stdout=written, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{_port(process, diary)}"
        with httpx.Client(timeout=600) as client:
            senders = accounts(chain_id, fee_limit, SENDERS)
            yield Engine(name, url, process.pid, client, senders)
    finally:
        process.kill()
        process.wait(timeout=10)


@contextmanager
def our_node(command: Sequence[str], folder: Path, name: str = "ours") -> Iterator[Engine]:
    """Our node from its command line, on a store in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = [*command, "--port", "0", "--data", str(folder / "data")]
    with running(name, whole, folder, 0, CHAIN_ID) as engine:
        yield engine


@contextmanager
def eth_tester(folder: Path) -> Iterator[Engine]:
    """eth-tester behind a bridge."""
    command = [sys.executable, "-m", tester_bridge.__name__]
    with running("eth_tester", command, folder, FEE_LIMIT, tester_bridge.CHAIN_ID) as engine:
        yield engine


@contextmanager
def anvil(program: str, folder: Path) -> Iterator[Engine]:
    """Anvil with our chain id and its own defaults."""
    command = [program, "--port", "0", "--chain-id", str(CHAIN_ID), "--cache-path", str(folder), "--gas-limit"]
    with running("anvil", [*command, "60000000"], folder, FEE_LIMIT, CHAIN_ID) as engine:
        yield engine


def _port(process: "subprocess.Popen[bytes]", diary: Path) -> int:
    ends_at = time.monotonic() + START_LIMIT_S
    while time.monotonic() < ends_at and process.poll() is None:
        found = _ADDRESS.search(diary.read_text(errors="replace"))
        if found:
            return int(found[1])
        time.sleep(0.01)
    raise RuntimeError(f"an engine of the bench did not start: {diary.read_text(errors='replace')[-500:]}")


def _await_receipt(engine: Engine, transaction_hash: str) -> None:
    ends_at = time.monotonic() + START_LIMIT_S
    while (receipt := engine.call("eth_getTransactionReceipt", transaction_hash)) is None:
        if time.monotonic() > ends_at:
            raise RuntimeError(f"{engine.name} does not mine")
        time.sleep(0.002)
    if receipt["status"] not in {1, "0x1"}:
        raise RuntimeError(f"{engine.name}: a transaction of the bench failed")


def _result(method: str, answer: Mapping[str, Any]) -> Any:
    if "result" not in answer:
        raise RuntimeError(f"{method}: {answer.get('error')}")
    return answer["result"]
