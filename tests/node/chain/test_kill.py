"""A real node process is killed with SIGKILL under load, again and again: nothing it acknowledged is ever lost.

`make kill KILLS=200` does it as often as one likes; the default run four times.
"""

import multiprocessing
import os
import random
import re
import threading
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
import pytest
from eth._utils.address import generate_contract_address
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Address

from cli.node import app
from node.chain.account import EMPTY_CODE_HASH, decode_account
from node.chain.chain import LocalChain
from node.chain.genesis import Genesis
from node.chain.state_walk import leaves
from node.chain.transaction import decode_stored
from tests.node.chain.assembly import creation, keeper
from tests.node.chain.signing import dynamic_fee
from tests.undertaker import ends_with_us


class Load:
    """Signers that send as fast as the node answers, and remember what it acknowledged."""

    def __init__(self, count: int) -> None:
        self.signers = [Account.from_key(bytes([7, number]) * 16) for number in range(count)]
        self.contract = "0x" + generate_contract_address(address_of(self.signers[0]), 0).hex()
        self.acknowledged: list[str] = []

    def _raw(self, signer: LocalAccount, nonce: int) -> bytes:
        """The first creates a contract; all others make it store something and announce it."""
        if signer is self.signers[0] and nonce == 0:
            return dynamic_fee(signer, 0, data=creation(keeper()))
        return dynamic_fee(signer, nonce, to=self.contract, data=nonce.to_bytes(32, "big"))

    def run(self, url: str, stop: threading.Event, nonces: list[int]) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=self._send, args=(url, stop, signer, nonce))
            for signer, nonce in zip(self.signers, nonces, strict=True)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _send(self, url: str, stop: threading.Event, signer: LocalAccount, nonce: int) -> None:
        with httpx.Client(timeout=60, trust_env=False) as client:
            while not stop.is_set():
                raw = self._raw(signer, out_of_turn(nonce))
                asked = {
                    "jsonrpc": "2.0",
                    "id": 1,
                    "method": "eth_sendRawTransaction",
                    "params": ["0x" + raw.hex()],
                }
                try:
                    answer = client.post(url, json=asked).json()
                except (httpx.HTTPError, ValueError):
                    return
                if "result" in answer:
                    self.acknowledged.append(answer["result"])
                nonce += 1


def out_of_turn(nonce: int) -> int:
    """Two of eleven change places, so that now and then one waits in the journal for the one before it."""
    return nonce + {9: 1, 10: -1}.get(nonce % 11, 0)


def address_of(signer: LocalAccount) -> Address:
    return Address(bytes.fromhex(signer.address[2:]))


def run_node(data: Path, diary: Path) -> None:
    """`corridor node`, in a process of its own."""
    with diary.open("w") as written:
        os.dup2(written.fileno(), 1)
        app(["--port", "0", "--data", str(data)])


def start(data: Path, diary: Path) -> tuple[BaseProcess, str]:
    """The command in a process forked from one that has already loaded it, which makes many starts quick."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    diary.unlink(missing_ok=True)
    process = context.Process(target=run_node, args=(data, diary), daemon=True)
    process.start()
    ends_with_us(process.pid or 0)
    while process.is_alive():
        if diary.exists() and (found := re.search(r"JSON-RPC on (http://\S+)\n", diary.read_text())):
            return process, found[1]
        time.sleep(0.005)
    raise AssertionError(f"the node did not start: {diary.read_text()}")


def check(data: Path, load: Load) -> list[int]:
    """Open the store as a restart would: what was acknowledged is in a block or waits. Returns the next nonces."""
    chain = LocalChain.open(data, Genesis())
    try:
        lost = [h for h in load.acknowledged if chain.transaction(bytes.fromhex(h[2:])) is None]
        lost = [h for h in lost if bytes.fromhex(h[2:]) not in chain.pool]
        assert lost == []
        check_whole_state(chain)
        if chain.head.number > 0:
            check_last_block(chain)
        return [chain.pending_nonce(address_of(signer)) for signer in load.signers]
    finally:
        chain.close()


def mined(data: Path, load: Load) -> int:
    """How many of the acknowledged are in blocks: a load that only waits proves little."""
    chain = LocalChain.open(data, Genesis())
    try:
        return sum(1 for one in load.acknowledged if chain.transaction(bytes.fromhex(one[2:])) is not None)
    finally:
        chain.close()


def check_whole_state(chain: LocalChain) -> None:
    """Every node under the newest header's state root is there, and has the hash it is kept under."""
    for _, encoded in leaves(chain.state_node, chain.head.header.state_root):
        account = decode_account(encoded)
        assert all(value for _, value in leaves(chain.state_node, account.storage_root))
        assert account.code_hash == EMPTY_CODE_HASH or chain.state_node(account.code_hash)


def check_last_block(chain: LocalChain) -> None:
    """Executing the newest block again on its parent's state gives the same block."""
    head = chain.head
    transactions = [decode_stored(record.raw) for record in chain.transactions_in(head.number)]
    chain.revert_to(head.number - 1)
    chain.clock.pin_next(head.header.timestamp)
    opened = chain.begin_block()
    for transaction in transactions:
        opened.apply(transaction)
    assert chain.commit_block(opened).hash == head.hash


def wait_for(load: Load, count: int) -> None:
    """Until the node has acknowledged so many, or a busy machine has had a minute."""
    deadline = time.monotonic() + 60
    while len(load.acknowledged) < count and time.monotonic() < deadline:
        time.sleep(0.002)


def test_nothing_acknowledged_is_lost(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    rounds: int = request.config.getoption("--kills")
    load = Load(3)
    nonces = [0, 0, 0]
    dice = random.Random(20022)
    for _ in range(rounds):
        process, url = start(tmp_path / "chain", tmp_path / "diary")
        stop = threading.Event()
        threads = load.run(url, stop, nonces)
        wait_for(load, len(load.acknowledged) + dice.randint(3, 40))
        time.sleep(dice.uniform(0, 0.02))
        process.kill()
        process.join()
        stop.set()
        for thread in threads:
            thread.join()
        nonces = check(tmp_path / "chain", load)
    assert len(load.acknowledged) >= 3 * rounds
    assert mined(tmp_path / "chain", load) >= 2 * rounds
