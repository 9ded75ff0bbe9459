"""The store on disk: nothing is lost by closing it, and nothing foreign or damaged is opened."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from node.chain.chain import LocalChain
from node.chain.development import DevelopmentChain
from node.chain.errors import ForeignStore, StoreDamaged, StoreInUse, TransactionRefused
from node.chain.genesis import Genesis
from node.chain.log_query import LogQuery
from node.chain.rpc import JsonRpc
from node.chain.store_file import FILE_NAME
from tests.node.chain.assembly import creation, keeper
from tests.node.chain.signing import dynamic_fee


def test_everything_is_there_after_a_restart(tmp_path: Path, genesis: Genesis, debtor: LocalAccount) -> None:
    chain = LocalChain.open(tmp_path, genesis)
    sent = chain.send_raw_transaction(dynamic_fee(debtor, 0, data=creation(keeper())))
    head = chain.head
    chain.close()
    again = LocalChain.open(tmp_path, genesis)
    assert again.head == head
    record = again.transaction(sent)
    assert record is not None
    assert record.succeeded
    assert again.nonce(bytes.fromhex(debtor.address[2:])) == 1
    again.send_raw_transaction(dynamic_fee(debtor, 1))
    assert again.head.header.parent_hash == head.hash
    again.close()


def test_a_waiting_transaction_survives(tmp_path: Path, genesis: Genesis, debtor: LocalAccount) -> None:
    chain = LocalChain.open(tmp_path, genesis)
    waiting = [chain.send_raw_transaction(dynamic_fee(debtor, nonce)) for nonce in (2, 1)]
    chain.close()
    again = LocalChain.open(tmp_path, genesis)
    assert all(one in again.pool for one in waiting)
    again.send_raw_transaction(dynamic_fee(debtor, 0))
    assert again.head.number == 3
    again.close()
    third = LocalChain.open(tmp_path, genesis)
    assert len(third.pool) == 0
    third.close()


def test_a_replaced_transaction_does_not_come_back(tmp_path: Path, genesis: Genesis, debtor: LocalAccount) -> None:
    chain = LocalChain.open(tmp_path, genesis)
    chain.send_raw_transaction(dynamic_fee(debtor, 1))
    better = chain.send_raw_transaction(dynamic_fee(debtor, 1, maxFeePerGas=9, maxPriorityFeePerGas=9))
    chain.close()
    again = LocalChain.open(tmp_path, genesis)
    assert [one.hash for one in again.pool.all()] == [better]
    again.close()


def test_looking_at_old_state_hands_nothing_over(tmp_path: Path, genesis: Genesis, debtor: LocalAccount) -> None:
    """On a grown chain each transaction meets state that is on disk only; SQLite need not keep up for it."""
    chain = LocalChain.open(tmp_path, genesis)
    old, before = chain.send_raw_transaction(dynamic_fee(debtor, 0)), chain.head.header.state_root
    chain.close()
    again = LocalChain.open(tmp_path, genesis)
    again.send_raw_transaction(dynamic_fee(debtor, 1))
    store = again._store
    assert store._pending
    assert store.node(before) is not None
    assert store._pending, "what is pending waits on"
    assert store.node(again.head.header.state_root) is not None
    assert not store._pending, "what SQLite does not have, it was given"
    assert again.transaction(old) is not None
    again.close()


def test_one_process_at_a_time(tmp_path: Path, genesis: Genesis) -> None:
    chain = LocalChain.open(tmp_path, genesis)
    with pytest.raises(StoreInUse, match="in use by another process"):
        LocalChain.open(tmp_path, genesis)
    chain.close()
    LocalChain.open(tmp_path, genesis).close()


def test_another_chain_is_refused(tmp_path: Path, genesis: Genesis) -> None:
    LocalChain.open(tmp_path, genesis).close()
    with pytest.raises(ForeignStore, match="holds chain id 20022, not 7"):
        LocalChain.open(tmp_path, Genesis(chain_id=7))
    with pytest.raises(ForeignStore, match="began differently"):
        LocalChain.open(tmp_path, Genesis())


def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / FILE_NAME)
    other.execute("CREATE TABLE thing (x)")
    other.commit()
    other.close()
    with pytest.raises(ForeignStore, match="was not written by this program"):
        LocalChain.open(tmp_path)


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    LocalChain.open(tmp_path).close()
    file = sqlite3.connect(tmp_path / FILE_NAME)
    file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(ForeignStore, match="version 99"):
        LocalChain.open(tmp_path)


def test_noise_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database at all, but long enough to look" * 200)
    with pytest.raises(StoreDamaged, match="cannot be read as a store"):
        LocalChain.open(tmp_path)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM block WHERE number = 1", "block 1 is missing"),
        (
            "UPDATE block SET header = (SELECT header FROM block WHERE number = 1) WHERE number = 2",
            "does not have that hash",
        ),
        ("DELETE FROM node", "state root of block 2"),
        ("UPDATE node SET body = x'c0'", "does not have the hash it is kept under"),
        ("DELETE FROM block", "began differently"),
    ],
)
def test_damage_is_named(
    tmp_path: Path, genesis: Genesis, debtor: LocalAccount, statement: str, words: str
) -> None:
    chain = LocalChain.open(tmp_path, genesis)
    for nonce in range(2):
        chain.send_raw_transaction(dynamic_fee(debtor, nonce))
    chain.close()
    file = sqlite3.connect(tmp_path / FILE_NAME)
    file.execute(statement)
    file.commit()
    file.close()
    with pytest.raises((StoreDamaged, ForeignStore), match=words):
        LocalChain.open(tmp_path, genesis)


def test_a_store_whose_nodes_are_kept_by_hash_goes_on(
    tmp_path: Path, genesis: Genesis, debtor: LocalAccount
) -> None:
    chain = LocalChain.open(tmp_path, genesis)
    chain.send_raw_transaction(dynamic_fee(debtor, 0))
    chain.close()
    file = sqlite3.connect(tmp_path / FILE_NAME)
    file.executescript(
        """
        ALTER TABLE node RENAME TO appended;
        CREATE TABLE node (hash BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
        INSERT INTO node SELECT hash, body FROM appended;
        DROP TABLE appended;
        """
    )
    file.close()
    chain = LocalChain.open(tmp_path, genesis)
    chain.send_raw_transaction(dynamic_fee(debtor, 1))
    chain.close()
    chain = LocalChain.open(tmp_path, genesis)
    assert (chain.head.number, chain.nonce(bytes.fromhex(debtor.address[2:]))) == (2, 2)
    chain.close()


def break_next_block(chain: LocalChain) -> None:
    """Put a row where the next block would go, so that its commit fails as a full disk would make it fail."""
    number = chain.head.number + 1
    chain._store._database.execute("INSERT INTO block VALUES (?, x'00', x'00', 0, x'')", (number,))


def mend(chain: LocalChain) -> None:
    chain._store._database.execute("DELETE FROM block WHERE number > ?", (chain.head.number,))


def test_a_failed_commit_leaves_the_chain_as_it_was(chain: LocalChain, debtor: LocalAccount) -> None:
    """The disk refuses one block; nothing was acknowledged, and the next attempt builds on the same state."""
    break_next_block(chain)
    with pytest.raises(sqlite3.IntegrityError):
        chain.send_raw_transaction(dynamic_fee(debtor, 0))
    assert (chain.head.number, len(chain.pool)) == (0, 0)
    mend(chain)
    chain.send_raw_transaction(dynamic_fee(debtor, 0))
    assert chain.head.number == 1


def test_a_failed_commit_keeps_what_waits(chain: LocalChain, debtor: LocalAccount) -> None:
    """What was journaled was acknowledged, so it goes on waiting."""
    chain.automine = False
    for nonce in range(3):
        chain.send_raw_transaction(dynamic_fee(debtor, nonce))
    break_next_block(chain)
    with pytest.raises(sqlite3.IntegrityError):
        chain.mine()
    assert len(chain.pool) == 3
    mend(chain)
    assert len(chain.transactions_in(chain.mine()[0].number)) == 3
    assert len(chain.pool) == 0


def test_going_back_forgets_and_rebuilds(chain: LocalChain, debtor: LocalAccount) -> None:
    address = bytes.fromhex(debtor.address[2:])
    chain.send_raw_transaction(dynamic_fee(debtor, 0))
    kept = chain.head
    chain.send_raw_transaction(dynamic_fee(debtor, 1, data=creation(keeper())))
    chain.revert_to(1)
    assert chain.head == kept
    assert chain.nonce(address) == 1
    assert chain.logs(LogQuery(0, 10)) == []
    chain.send_raw_transaction(dynamic_fee(debtor, 1))
    assert chain.head.number == 2
    with pytest.raises(TransactionRefused):
        chain.send_raw_transaction(dynamic_fee(debtor, 1, value=1))


def test_what_is_acknowledged_together_survives_together(
    tmp_path: Path, genesis: Genesis, debtor: LocalAccount
) -> None:
    """Journaled in one go at the end; what was replaced or mined meanwhile is not journaled after all."""
    chain = LocalChain.open(tmp_path, genesis)
    better = {"maxFeePerGas": 9, "maxPriorityFeePerGas": 9}
    with chain.acknowledging_together():
        waiting = [chain.send_raw_transaction(dynamic_fee(debtor, nonce)) for nonce in (4, 1, 3)]
        replacing = chain.send_raw_transaction(dynamic_fee(debtor, 3, **better))
        mined = chain.send_raw_transaction(dynamic_fee(debtor, 0))
    assert chain.head.number == 2
    chain.close()
    again = LocalChain.open(tmp_path, genesis)
    assert {one.hash for one in again.pool.all()} == {waiting[0], replacing}
    assert again.transaction(mined) is not None
    again.close()


def request_of(raw: bytes, key: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": key, "method": "eth_sendRawTransaction", "params": ["0x" + raw.hex()]}


def test_a_batch_of_transactions_waits_for_the_disk_once(
    tmp_path: Path, genesis: Genesis, debtor: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = LocalChain.open(tmp_path, genesis)
    chain.automine = False
    asked = [request_of(dynamic_fee(debtor, nonce), nonce) for nonce in (0, 1, 2, 2)]
    assert chain._store._pending is not None
    log = chain._store._pending.log
    waits: list[int] = []
    append = log.append

    def noted(payload: bytes) -> None:
        waits.append(len(payload))
        append(payload)

    monkeypatch.setattr(log, "append", noted)
    answers = json.loads(JsonRpc(chain).answer_body(json.dumps(asked).encode()) or b"")
    assert len(waits) == 1
    asked = [request_of(dynamic_fee(debtor, nonce), nonce) for nonce in range(3, 9)]
    asked.insert(4, {"jsonrpc": "2.0", "id": 99, "method": "evm_mine"})
    rpc = JsonRpc(chain, DevelopmentChain(chain, {}))
    mixed = json.loads(rpc.answer_body(json.dumps(asked).encode()) or b"")
    assert all("result" in answer for answer in mixed)
    assert len(waits) == 3  # the block, and at the end the two that wait for the next one
    assert ["result" in answer for answer in answers] == [True, True, True, False]
    chain.close()
    again = LocalChain.open(tmp_path, genesis)
    assert again.head.number == 3
    again.close()
