"""The migrations make exactly the tables that the code uses, quickly, and whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from node.book import revisions
from node.book.book import Book
from node.book.databases import open_engines
from node.book.revisions import MIGRATIONS, run_migrations, sqlite_statements
from node.book.sealing import Key
from node.book.tables import metadata
from node.book.upgrade import newest_revision
from node.domain.lifecycle import State
from tests.keys import MASTER
from tests.node.book.making import LANE, payment_record, transaction_record


@pytest.fixture
def writer(book_url: str) -> Iterator[Engine]:
    """The tables of a book of the test's own, to do to them what it likes."""
    book = Book.open(book_url, MASTER)
    yield book._writer
    book.close()


def _config(**attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes.update(attributes)
    return config


def test_the_migrations_equal_the_tables(writer: Engine) -> None:
    with writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_check_constraints_and_partial_indexes_are_there_too(sqlite_book: Book) -> None:
    """What the comparison does not see."""
    with sqlite_book._writer.connect() as connection:
        schema = {
            row.name: row.sql
            for row in connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        }
    assert "direction IN ('in', 'out')" in schema["messages"]
    assert "id = 1" in schema["watched_block"]
    assert schema["uq_messages_inbound"].endswith("WHERE direction = 'in'")


def test_every_table_has_row_ids(sqlite_book: Book) -> None:
    with sqlite_book._writer.connect() as connection:
        schema = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table'").scalars().all()
    assert not [sql for sql in schema if "WITHOUT ROWID" in sql.upper()]
    assert all("id INTEGER NOT NULL" in sql for sql in schema if "alembic_version" not in sql)


def test_an_entry_is_not_written_into_an_index_that_serves_no_query(writer: Engine) -> None:
    """Its place in an index of random UETRs is on one of thousands of pages, to be read first and written back."""
    indexes = {index["name"] for index in inspect(writer).get_indexes("entries")}
    unique = {constraint["name"] for constraint in inspect(writer).get_unique_constraints("entries")}
    assert indexes - unique == {"ix_entries_account"}


def test_a_fresh_book_is_open_in_well_under_a_second(tmp_path: Path) -> None:
    """Of this process's own time: others' load on the disk is not the book's doing."""
    Book.open_file(tmp_path / "warm.sqlite", MASTER).close()
    started = time.thread_time()
    Book.open_file(tmp_path / "fresh.sqlite", MASTER).close()
    fresh_s = time.thread_time() - started
    assert fresh_s < 0.8
    started = time.thread_time()
    Book.open_file(tmp_path / "fresh.sqlite", MASTER).close()
    assert time.thread_time() - started < 0.25


def test_a_killed_upgrade_leaves_nothing(book_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def migrations_and_death(connection: Connection, master: Key) -> None:
        run_migrations(connection, master)
        raise KeyboardInterrupt

    def statements_and_death() -> Iterator[str]:
        yield from sqlite_statements()
        raise KeyboardInterrupt

    monkeypatch.setattr(revisions, "run_migrations", migrations_and_death)
    monkeypatch.setattr(revisions, "sqlite_statements", statements_and_death)
    with pytest.raises(KeyboardInterrupt):
        Book.open(book_url, MASTER)
    writer, _ = open_engines(book_url)
    assert inspect(writer).get_table_names() == []
    monkeypatch.undo()
    Book.open(book_url, MASTER).close()
    assert "payments" in inspect(writer).get_table_names()


def test_a_new_file_is_just_what_the_migrations_make(tmp_path: Path) -> None:
    """A new book is made from their outcome; schema and rows must be the same as if it had grown."""
    Book.open_file(tmp_path / "new.sqlite", MASTER).close()
    grown, _ = open_engines(f"sqlite:///{tmp_path / 'grown.sqlite'}")
    with grown.begin() as connection:
        command.upgrade(_config(connection=connection), "head")
    assert _dumped(tmp_path / "new.sqlite") == _dumped(tmp_path / "grown.sqlite")


def _dumped(file: Path) -> list[list[str]]:
    """Every statement by its lines, in no order: Alembic copies a table's constraints in any."""
    with closing(sqlite3.connect(file)) as connection:
        made = [one for one in connection.iterdump() if 'INSERT INTO "book_keys"' not in one]  # random keys
    return sorted(sorted(line.strip(" ,\t") for line in one.splitlines()) for one in made)


def test_the_newest_revision_is_alembics_head() -> None:
    assert newest_revision() == ScriptDirectory.from_config(_config()).get_current_head()


def test_a_book_that_is_up_to_date_loads_no_alembic(tmp_path: Path) -> None:
    Book.open_file(tmp_path / "book.sqlite", MASTER).close()
    program = f"{_OPEN}print('alembic' in sys.modules)"
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    done = subprocess.run([sys.executable, "-c", program, url], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_a_book_that_a_newer_program_has_written_is_refused(book_url: str) -> None:
    book = Book.open(book_url, MASTER)
    with book._writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    book.close()
    with pytest.raises(CommandError, match="9999"):
        Book.open(book.url, MASTER)


def test_books_opened_by_several_threads_at_once_are_all_whole(tmp_path: Path) -> None:
    """Alembic has one context for the whole process."""
    with ThreadPoolExecutor(6) as pool:
        books = list(
            pool.map(
                lambda path: Book.open_file(path, MASTER), [tmp_path / f"{number}.sqlite" for number in range(6)]
            )
        )
    for book in books:
        with book._writer.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        book.close()


def test_a_folder_with_odd_characters_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "50 % of $HOME, ünïcode"
    folder.mkdir()
    Book.open_file(folder / "book.sqlite", MASTER).close()
    assert (folder / "book.sqlite").stat().st_size > 0


_OPEN = """
import sys
from node.book.book import Book
from tests.keys import MASTER
Book.open(sys.argv[1], MASTER).close()
"""


def test_processes_that_open_a_new_book_together_take_turns(book_url: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", _OPEN, book_url]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    book = Book.open(book_url, MASTER)
    with book.unit() as unit:
        unit.payments.add(payment_record())
        assert len(unit.payments.in_state(State.RECEIVED)) == 1
    book.close()


def test_transactions_kept_before_there_were_attempts_are_their_nonces_first(tmp_path: Path) -> None:
    writer, _ = open_engines(f"sqlite:///{tmp_path / 'book.sqlite'}")
    kept = [transaction_record(nonce) for nonce in (7, 8)]
    with writer.begin() as connection:
        command.upgrade(_config(connection=connection), "0001")
        connection.exec_driver_sql(f"INSERT INTO lanes (lane, next_nonce) VALUES ('{LANE}', 9), ('0xidle', 4)")
        for record in kept:
            connection.exec_driver_sql(_KEEP_AS_IN_0001, (record.transaction_hash, LANE, record.nonce, record.raw))
    book = Book.open_file(tmp_path / "book.sqlite", MASTER)
    with book.view() as view:
        found = view.lanes.unfinished(LANE)
        assert [(r.transaction_hash, r.nonce, r.raw) for r in found] == [
            (r.transaction_hash, r.nonce, r.raw) for r in kept
        ]
        assert {record.attempt for record in found} == {0}
        assert [(lane.first_nonce, lane.next_nonce) for lane in view.lanes.all()] == [(7, 9), (4, 4)]
    with book.unit() as unit:
        unit.lanes.keep(transaction_record(8, attempt=1))
    with writer.begin() as connection:
        command.downgrade(_config(connection=connection), "0001")
        assert connection.exec_driver_sql("SELECT nonce FROM evm_transactions ORDER BY id").all() == [(7,), (8,)]
    book.close()


_KEEP_AS_IN_0001 = """
INSERT INTO evm_transactions
    (transaction_hash, lane, nonce, purpose, raw, created_at, broadcast_count, status)
    VALUES (?, ?, ?, 'settle', ?, '2027-01-01 00:00:00', 0, 'signed')
"""


def test_downgrading_takes_everything_away(writer: Engine) -> None:
    with writer.begin() as connection:
        command.downgrade(_config(connection=connection), "base")
    assert inspect(writer).get_table_names() == ["alembic_version"]
