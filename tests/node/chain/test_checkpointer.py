"""The log is copied back while commits go on, and never longer than the store is open."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from node.chain.checkpointer import ROWS, Checkpointer
from node.chain.store_file import open_store_file


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An open store that SQLite never copies by itself."""
    connection, lock = open_store_file(tmp_path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    with closing(lock), closing(connection):
        yield connection


def write(database: sqlite3.Connection) -> None:
    with database:
        database.execute("INSERT INTO node VALUES (randomblob(32), randomblob(5000))")


def test_what_was_written_is_in_the_file(database: sqlite3.Connection, tmp_path: Path) -> None:
    file = tmp_path / "chain.sqlite"
    before = file.stat().st_size
    checkpointer = Checkpointer(file)
    write(database)
    checkpointer.wrote(ROWS - 1)
    checkpointer.close()
    assert file.stat().st_size == before
    checkpointer.wrote(1)
    checkpointer.close()
    assert file.stat().st_size > before


def test_a_commit_goes_on_meanwhile(database: sqlite3.Connection, tmp_path: Path) -> None:
    checkpointer = Checkpointer(tmp_path / "chain.sqlite")
    for _ in range(20):
        write(database)
        checkpointer.wrote(ROWS)
    checkpointer.close()
    assert database.execute("SELECT count(*) FROM node").fetchone() == (20,)
