"""A transaction is acknowledged when its block is promised on disk: whatever happens, it is that very block."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.genesis import Genesis
from node.chain.promise import Promise, decode_promise
from node.chain.redo_log import PAGE_BYTES
from node.chain.rpc import JsonRpc
from node.chain.store_file import FILE_NAME, LOG_NAME
from tests.node.chain.signing import dynamic_fee

NOTHING: Callable[[bytes], None] = lambda _: None  # noqa: E731 - a delivery nobody looks at


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def kept(tmp_path: Path, genesis: Genesis, wall: Wall) -> Iterator[LocalChain]:
    opened = LocalChain.open(tmp_path / "kept", genesis, ChainClock(wall))
    yield opened
    opened.close()


def send(rpc: JsonRpc, raw: bytes, deliver: Callable[[bytes], None] = NOTHING) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": ["0x" + raw.hex()]}
    assert rpc.answer_at_once(json.dumps(body).encode(), deliver)


def opened_later(folder: Path, genesis: Genesis, wall: Wall) -> tuple[int, bytes, int]:
    """Height and hash of the head, and what waits, when the store is opened an hour later."""
    chain = LocalChain.open(folder, genesis, ChainClock(lambda: wall.now_s + 3600))
    try:
        return chain.head.number, chain.head.hash, len(chain.pool)
    finally:
        chain.close()


def test_killed_before_the_block_is_made(
    kept: LocalChain, tmp_path: Path, genesis: Genesis, debtor: LocalAccount, wall: Wall
) -> None:
    """Who was answered finds the very block that the others were shown, if it was shown to anyone."""
    rpc, heads = JsonRpc(kept), list[int]()

    def killed(answer: bytes) -> None:
        assert json.loads(answer)["result"]
        shutil.copytree(tmp_path / "kept", tmp_path / f"killed {len(heads)}")
        heads.append(kept.head.number)

    for nonce in range(4):
        send(rpc, dynamic_fee(debtor, nonce), killed)
        found = opened_later(tmp_path / f"killed {nonce}", genesis, wall)
        assert found == (nonce + 1, kept.head.hash, 0)
        wall.now_s += 1
    assert heads == [0, 1, 2, 3]


def test_power_lost_while_records_are_written(
    kept: LocalChain, tmp_path: Path, genesis: Genesis, debtor: LocalAccount, wall: Wall
) -> None:
    """Each page of the log may be as before or as after: it opens with all that was acknowledged, and is right."""
    rpc, hashes = JsonRpc(kept), [kept.head.hash]
    log = tmp_path / "kept" / LOG_NAME
    states: list[bytes] = []
    for nonce in range(3):
        raw = dynamic_fee(debtor, nonce, to=debtor.address, data=bytes(3_000))
        send(rpc, raw, lambda _: states.append(log.read_bytes()))
        hashes.append(kept.head.hash)
    for nonce, (before, after) in enumerate(pairwise(states)):
        changed = [
            at for at in range(0, len(after), PAGE_BYTES) if before[at:][:PAGE_BYTES] != after[at:][:PAGE_BYTES]
        ]
        assert len(changed) > 1
        for torn in changed:
            folder = tmp_path / f"torn {nonce} {torn}"
            shutil.copytree(tmp_path / "kept", folder)
            written = bytearray(after)
            written[torn : torn + PAGE_BYTES] = before[torn : torn + PAGE_BYTES]
            (folder / LOG_NAME).write_bytes(written)
            assert opened_later(folder, genesis, wall)[:2] == (nonce + 1, hashes[nonce + 1])


def test_a_block_nobody_waited_for_is_made_again(
    kept: LocalChain, tmp_path: Path, genesis: Genesis, debtor: LocalAccount, wall: Wall
) -> None:
    """Killed after the block was seen; and a record later, when it is there as it was made."""
    rpc = JsonRpc(kept)
    send(rpc, dynamic_fee(debtor, 0))
    seen = kept.head.hash
    shutil.copytree(tmp_path / "kept", tmp_path / "killed")
    assert opened_later(tmp_path / "killed", genesis, wall) == (1, seen, 0)
    send(rpc, dynamic_fee(debtor, 3))
    shutil.copytree(tmp_path / "kept", tmp_path / "later")
    assert opened_later(tmp_path / "later", genesis, wall) == (1, seen, 1)


def test_a_block_nobody_waited_for_is_there_after_the_end(
    tmp_path: Path, genesis: Genesis, debtor: LocalAccount, wall: Wall
) -> None:
    chain = LocalChain.open(tmp_path, genesis, ChainClock(wall))
    send(JsonRpc(chain), dynamic_fee(debtor, 0))
    seen = chain.head.hash
    chain.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        assert file.execute("SELECT max(number) FROM block").fetchone() == (1,)
    file.close()
    assert opened_later(tmp_path, genesis, wall) == (1, seen, 0)


def test_what_is_not_certain_is_not_promised(
    kept: LocalChain, debtor: LocalAccount, creditor: LocalAccount
) -> None:
    """It is refused before it is acknowledged, or waits, as without promises."""
    rpc = JsonRpc(kept)
    answers: list[bytes] = []
    send(rpc, dynamic_fee(creditor, 0, value=1), answers.append)
    assert b"insufficient funds" in answers[0]
    send(rpc, dynamic_fee(debtor, 1), answers.append)
    assert kept.head.number == 0
    assert kept._store.promised() is None
    send(rpc, dynamic_fee(debtor, 0), answers.append)
    assert kept.head.number == 2  # and what it was holding up
    assert kept.nonce(bytes.fromhex(debtor.address[2:])) == 2
    send(rpc, dynamic_fee(debtor, 1), answers.append)
    assert b"already known" in answers[3]


def test_a_fault_after_the_answer_loses_nothing(
    kept: LocalChain,
    tmp_path: Path,
    genesis: Genesis,
    debtor: LocalAccount,
    wall: Wall,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rpc, store = JsonRpc(kept), kept._store

    def full(*_: object) -> None:
        raise OSError("no space")

    answers: list[bytes] = []
    with monkeypatch.context() as broken:

        def fill_up(answer: bytes) -> None:
            answers.append(answer)
            broken.setattr(store, "commit_block", full)

        send(rpc, dynamic_fee(debtor, 0), fill_up)
    assert b"result" in answers[0]
    assert "no space" in caplog.text
    assert kept.head.number == 0
    shutil.copytree(tmp_path / "kept", tmp_path / "killed")
    assert opened_later(tmp_path / "killed", genesis, wall)[0] == 1
    wall.now_s += 5
    send(rpc, dynamic_fee(debtor, 1))
    assert kept.head.number == 2
    assert len(kept.pool) == 0


def test_a_promise_as_bytes() -> None:
    promise = Promise(b"\1" * 32, b"\2" * 32, 1_800_000_000)
    assert decode_promise(promise.encode()) == promise
    assert decode_promise(b"") is None
