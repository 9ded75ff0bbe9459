"""The redo log: what was appended is there again, what was torn was never acknowledged, damage is named."""

import sqlite3
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.chain import LocalChain
from node.chain.errors import ForeignStore, StoreDamaged
from node.chain.genesis import Genesis
from node.chain.redo_log import CHECK_BYTES, HEAD, PREALLOCATED_BYTES, RedoLog
from node.chain.store import ChainStore
from node.chain.store_file import FILE_NAME, LOG_NAME
from node.chain.writes import Statement, decode_writes, encode_writes
from tests.node.chain.signing import dynamic_fee

VALUES = st.one_of(st.none(), st.integers(0, 2**60), st.binary(max_size=50))


def filled(file: Path, *records: bytes, generation: int = 0) -> RedoLog:
    log = RedoLog.open(file, generation, create=True)
    for record in records:
        log.append(record)
    log.close()
    return RedoLog.open(file, generation, create=False)


def change(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def test_records_come_back_and_others_follow(tmp_path: Path) -> None:
    log = filled(tmp_path / "log", b"one", b"", b"three")
    assert log.records() == [b"one", b"", b"three"]
    log.append(b"four")
    assert log.records() == [b"one", b"", b"three", b"four"]
    log.close()


def test_what_sqlite_has_does_not_come_back(tmp_path: Path) -> None:
    log = filled(tmp_path / "log", b"a", b"bb", b"ccc")
    log.begin_again()
    assert log.records() == []
    log.append(b"d")
    assert log.records() == [b"d"]
    log.close()


@pytest.mark.parametrize("lost", [1, 5, CHECK_BYTES + 5, CHECK_BYTES + HEAD.size + 4])
def test_a_torn_record_was_never_acknowledged(tmp_path: Path, lost: int) -> None:
    log = filled(tmp_path / "log", b"one", b"two words")
    log.records()
    with (tmp_path / "log").open("r+b") as file:
        file.seek(log.size - lost)
        file.write(bytes(lost))
    assert log.records() == [b"one"]
    log.append(b"three")
    assert log.records() == [b"one", b"three"]
    log.close()


@pytest.mark.parametrize("at", range(HEAD.size + CHECK_BYTES + 3))
def test_damage_before_a_sound_record_is_named(tmp_path: Path, at: int) -> None:
    log = filled(tmp_path / "log", b"one", b"two", b"three")
    change(tmp_path / "log", at)
    with pytest.raises(StoreDamaged, match="record 0 is damaged"):
        log.records()
    log.close()


def test_damage_to_two_records_is_named(tmp_path: Path) -> None:
    log = filled(tmp_path / "log", *[b"record"] * 4)
    for position in (1, 2):
        change(tmp_path / "log", position * (HEAD.size + CHECK_BYTES + 6) + HEAD.size - 1)
    with pytest.raises(StoreDamaged, match="record 1 is damaged"):
        log.records()
    log.close()


def test_a_record_may_be_longer_than_the_file(tmp_path: Path) -> None:
    large = b"x" * (PREALLOCATED_BYTES + 5)
    log = filled(tmp_path / "log", large, b"y")
    assert log.records() == [large, b"y"]
    assert log.is_full
    log.close()


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(list(Statement)), st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1)))
)
def test_writes_come_back_as_they_were(
    writes: list[tuple[Statement, list[tuple[bytes | int | None, ...]]]],
) -> None:
    assert decode_writes(encode_writes(writes).record()) == writes
    half = len(writes) // 2
    assert decode_writes((encode_writes(writes[:half]) + encode_writes(writes[half:])).record()) == writes


def killed(path: Path, genesis: Genesis, debtor: LocalAccount, count: int) -> bytes:
    """A chain that made some blocks and ended without a word to SQLite, as a killed process does; its head."""
    chain = LocalChain.open(path, genesis)
    for nonce in range(count):
        chain.send_raw_transaction(dynamic_fee(debtor, nonce))
    chain.send_raw_transaction(dynamic_fee(debtor, count + 3))
    head = chain.head.hash
    store: ChainStore = chain._store
    store._database.rollback()
    store._database.close()
    assert store._lock is not None
    store._lock.close()
    return head


def test_blocks_of_the_log_alone_are_there_again(tmp_path: Path, genesis: Genesis, debtor: LocalAccount) -> None:
    head = killed(tmp_path, genesis, debtor, 20)
    again = LocalChain.open(tmp_path, genesis)
    assert (again.head.hash, again.head.number, len(again.pool)) == (head, 20, 1)
    assert all(len(again.transactions_in(number)) == 1 for number in range(1, 21))
    again.close()


def test_a_missing_log_is_named(tmp_path: Path, genesis: Genesis, debtor: LocalAccount) -> None:
    killed(tmp_path, genesis, debtor, 3)
    (tmp_path / LOG_NAME).unlink()
    with pytest.raises(StoreDamaged, match=r"chain\.log is missing"):
        LocalChain.open(tmp_path, genesis)


@pytest.mark.parametrize("blocks", [0, 40])
def test_a_missing_store_beside_its_log_is_named(
    tmp_path: Path, genesis: Genesis, debtor: LocalAccount, blocks: int
) -> None:
    """Neither a new chain nor half of the old one is begun where somebody lost a file."""
    killed(tmp_path, genesis, debtor, blocks)
    for file in tmp_path.glob(f"{FILE_NAME}*"):
        file.unlink()
    with pytest.raises(StoreDamaged, match=f"{FILE_NAME} is missing beside {LOG_NAME}"):
        LocalChain.open(tmp_path, genesis)
    (tmp_path / LOG_NAME).unlink()
    LocalChain.open(tmp_path, genesis).close()


def test_a_full_log_is_taken_over(
    tmp_path: Path, genesis: Genesis, debtor: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.chain.redo_log.FLUSH_AT_BYTES", 20_000)
    chain = LocalChain.open(tmp_path, genesis)
    for nonce in range(30):
        chain.send_raw_transaction(dynamic_fee(debtor, nonce))
        chain.catch_up()
    assert chain._store._pending is not None
    log = chain._store._pending.log
    assert log.generation >= 2
    assert log.size < 60_000
    chain.close()
    again = LocalChain.open(tmp_path, genesis)
    assert again.head.number == 30
    again.close()


def test_a_store_from_before_there_were_logs_goes_on(
    tmp_path: Path, genesis: Genesis, debtor: LocalAccount
) -> None:
    chain = LocalChain.open(tmp_path, genesis)
    chain.send_raw_transaction(dynamic_fee(debtor, 0))
    chain.close()
    (tmp_path / LOG_NAME).unlink()
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        file.execute("DELETE FROM meta WHERE key = 'redo_log'")
        file.execute("PRAGMA user_version = 1")
    file.close()
    again = LocalChain.open(tmp_path, genesis)
    again.send_raw_transaction(dynamic_fee(debtor, 1))
    again.close()
    third = LocalChain.open(tmp_path, genesis)
    assert third.head.number == 2
    third.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (2,)
    file.close()


def test_rows_that_sqlite_refuses_are_tried_again(tmp_path: Path, genesis: Genesis, debtor: LocalAccount) -> None:
    """What is in the log is not lost when SQLite cannot take it over just now."""
    chain = LocalChain.open(tmp_path, genesis)
    chain.send_raw_transaction(dynamic_fee(debtor, 0))
    chain._store.settle()
    chain._store._database.execute("INSERT INTO block VALUES (2, x'00', x'00', 0, x'')")
    sent = chain.send_raw_transaction(dynamic_fee(debtor, 1))
    assert chain.transaction(sent) is not None  # at hand, as all of the newest blocks
    with pytest.raises(sqlite3.IntegrityError):
        chain.transaction_hashes_in(2)
    assert (
        len(chain.transaction_hashes_in(2)) == 1
    )  # the row in the way was in no commit, and went with the attempt
    chain.close()
    again = LocalChain.open(tmp_path, genesis)
    assert again.head.number == 2
    again.close()


def test_another_programs_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    (tmp_path / LOG_NAME).write_bytes(b"a diary of somebody else's")
    chain = LocalChain.open(tmp_path)
    chain.close()
    with pytest.raises(ForeignStore):
        LocalChain.open(tmp_path, Genesis(chain_id=7))
