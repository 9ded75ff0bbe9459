"""Writes on their way to SQLite: joined they come to the same rows; what is held back is in the next record."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.pending_writes import PendingWrites
from node.chain.redo_log import RedoLog
from node.chain.store_file import open_memory
from node.chain.writes import SQL, Statement, Write, joined

ONE: list[Write] = [(Statement.NODE, [(b"1", b"a")])]
TWO: list[Write] = [(Statement.NODE, [(b"2", b"b")]), (Statement.META, [(b"fact", b"x")])]
THREE: list[Write] = [(Statement.NODE, [(b"3", b"c")])]
KEYS = st.sampled_from([b"1", b"2", b"3"])
JOURNALING = st.one_of(
    st.tuples(st.just(Statement.QUEUE), st.lists(st.tuples(KEYS, st.binary(max_size=2)), min_size=1, max_size=3)),
    st.tuples(st.just(Statement.UNQUEUE), st.lists(st.tuples(KEYS), min_size=1, max_size=3)),
    st.tuples(st.just(Statement.META), st.lists(st.tuples(KEYS, st.binary(max_size=2)), min_size=1, max_size=2)),
    st.tuples(st.just(Statement.AMEND), st.lists(st.tuples(st.integers(1, 3), KEYS), min_size=1, max_size=2)),
    st.tuples(st.just(Statement.CUT_AMENDED), st.lists(st.tuples(st.integers(0, 3)), min_size=1, max_size=1)),
)


def rows_after(writes: list[Write], before: list[Write]) -> list[list[tuple[object, ...]]]:
    database = open_memory()
    for statement, rows in [*before, *writes]:
        database.executemany(SQL[statement], rows)
    found = [database.execute("SELECT hash, raw FROM queued ORDER BY position").fetchall()]
    found.append(database.execute("SELECT * FROM meta ORDER BY key").fetchall())
    found.append(database.execute("SELECT * FROM amended ORDER BY number").fetchall())
    database.close()
    return found


@settings(deadline=None)
@given(st.lists(JOURNALING, max_size=3), st.lists(st.lists(JOURNALING, max_size=3), max_size=6))
def test_joined_writes_come_to_the_same_rows(before: list[Write], records: list[list[Write]]) -> None:
    one_by_one = [write for record in records for write in record]
    assert rows_after(list(joined(records)), before) == rows_after(one_by_one, before)


@pytest.fixture
def pending(tmp_path: Path) -> PendingWrites:
    return PendingWrites(RedoLog.open(tmp_path / "log", 0, create=True))


def test_what_was_held_back_is_in_the_next_record(pending: PendingWrites) -> None:
    pending.write(ONE)
    pending.hold_back(TWO)
    assert len(pending.log.records()) == 1
    pending.write(THREE)
    assert len(pending.log.records()) == 2
    taken = list(pending.take())
    pending.read_again()
    assert list(pending.take()) == taken
    pending.log.close()


def test_going_back_to_the_log_keeps_what_was_held_back(pending: PendingWrites) -> None:
    """It is there once, before its record and after: SQLite refuses a row that comes twice."""
    pending.write(ONE)
    pending.hold_back(TWO)
    pending.read_again()
    pending.write(THREE)
    pending.read_again()
    assert list(pending.take()) == [
        (Statement.NODE, [(b"1", b"a"), (b"2", b"b"), (b"3", b"c")]),
        (Statement.META, [(b"fact", b"x")]),
    ]
    pending.log.close()


def test_a_record_of_before_is_read(tmp_path: Path) -> None:
    """The form of a record is what it was: a store goes on."""
    log = RedoLog.open(tmp_path / "log", 0, create=True)
    log.append((5).to_bytes(8, "little") + b"".join(one.to_bytes(8, "little") for one in (0, 1, 2, 4, 4)) + b"1a")
    pending = PendingWrites(log)
    pending.read_again()
    assert list(pending.take()) == ONE
    log.close()
