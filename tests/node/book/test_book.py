"""Units are whole or nothing and come one after the other; views see one moment and wait for nobody."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, ResourceClosedError

import node.book.book
import node.book.postgresql
import node.book.sqlite
from node.book.book import Book
from node.book.records import BookBusy, BookUnreachable, UetrTaken
from node.domain.money import Money
from tests.keys import MASTER
from tests.node.book.making import NOON, account_record, message_record, new_uetr, payment_record
from tests.node.domain.payments import CNY


class _Crash(Exception):
    """Something went wrong inside a unit."""


def test_a_unit_is_committed_whole(book: Book) -> None:
    record = payment_record()
    with book.unit() as unit:
        unit.payments.add(record)
        unit.messages.add(message_record(record.uetr))
        unit.cursor.advance(7, "0xhash")
    with book.view() as unit:
        assert unit.payments.find(record.uetr) == record
        assert len(unit.messages.of(record.uetr)) == 1
        assert unit.cursor.watched() == (7, "0xhash")


def test_an_exception_undoes_everything_the_unit_did(book: Book) -> None:
    record = payment_record()
    with suppress(_Crash), book.unit() as unit:
        unit.accounts.own(CNY)
        unit.payments.add(record)
        unit.messages.add(message_record(record.uetr))
        unit.lanes.next_nonce("0xlane", 5)
        unit.cursor.advance(7, "0xhash")
        raise _Crash
    with book.unit() as unit:
        assert unit.accounts.list() == []
        assert unit.payments.find(record.uetr) is None
        assert unit.messages.of(record.uetr) == []
        assert unit.cursor.watched() is None
        assert unit.lanes.next_nonce("0xlane", 5) == 5


def test_a_refused_addition_does_not_hurt_the_rest_of_its_unit(book: Book) -> None:
    taken, fresh = payment_record(), payment_record()
    with book.unit() as unit:
        unit.payments.add(taken)
    with book.unit() as unit:
        with pytest.raises(UetrTaken):
            unit.payments.add(taken)
        unit.payments.add(fresh)
    with book.view() as unit:
        assert unit.payments.find(fresh.uetr) == fresh


def test_a_view_sees_the_moment_it_began_and_does_not_wait_for_a_writer(book: Book) -> None:
    early, late = payment_record(), payment_record()
    with book.unit() as unit:
        unit.payments.add(early)
    with book.view() as view:
        assert view.payments.find(early.uetr) == early
        with book.unit() as unit:
            unit.payments.add(late)
            started = time.monotonic()
            assert view.payments.find(late.uetr) is None
            with book.view() as another:
                assert another.payments.find(late.uetr) is None
            assert time.monotonic() - started < node.book.sqlite.BUSY_TIMEOUT_S
        assert view.payments.find(late.uetr) is None
    with book.view() as view:
        assert view.payments.find(late.uetr) == late


def test_nothing_can_be_written_in_a_view(book: Book) -> None:
    with book.view() as view, pytest.raises(DBAPIError, match=r"read-?only"):
        view.payments.add(payment_record())


def test_a_unit_is_worth_nothing_after_its_block(book: Book) -> None:
    with book.unit() as unit:
        pass
    with pytest.raises(ResourceClosedError):
        unit.payments.find(new_uetr())


def test_units_do_not_nest(book: Book) -> None:
    with book.unit(), pytest.raises(RuntimeError, match="do not nest"), book.unit():
        pass
    with book.unit() as unit:
        unit.accounts.own(CNY)


def test_what_a_unit_reads_stays_true_until_it_commits(book: Book) -> None:
    """Read, think, write from 16 threads at once: a lost update would leave a smaller balance."""
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))

    def add_one(number: int) -> None:
        with book.unit() as unit:
            account = unit.accounts.find("A")
            assert account is not None
            time.sleep(0.0005)
            unit.accounts.post(
                "A",
                Money(account.balance.minor + 1, CNY) - account.balance,
                uetr=None,
                transaction_hash="0xhash",
                block_number=1,
                log_index=number,
                text="credit",
                at=NOON,
            )

    def insist(number: int) -> None:
        while True:  # turns are not taken in order: on a busy machine one thread may miss them for too long
            with suppress(BookBusy):
                return add_one(number)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(insist, range(100)))
    with book.view() as unit:
        assert unit.accounts.booked_totals() == {"CNY": 100}


def test_a_writer_waits_for_another_thread_and_gives_up_in_the_end(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.book.book, "BUSY_TIMEOUT_S", 0.1)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with book.unit():
            inside.set()
            leave.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(60)
    with pytest.raises(BookBusy, match="another thread"), book.unit():
        pass
    leave.set()
    holder.join()
    with book.unit() as unit:
        unit.accounts.own(CNY)


_HOLD_FROM_OUTSIDE = """
import sys
from node.book.book import Book
from tests.keys import MASTER
with Book.open(sys.argv[1], MASTER).unit() as unit:
    print("inside", flush=True)
    sys.stdin.read()
"""


def test_a_writer_waits_for_another_process_and_gives_up_in_the_end(
    book_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.book.sqlite, "BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr(node.book.postgresql, "LOCK_TIMEOUT_S", 0.1)
    book = Book.open(book_url, MASTER)
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD_FROM_OUTSIDE, book.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as outsider:
        assert outsider.stdout is not None
        assert outsider.stdout.readline() == b"inside\n"
        with pytest.raises(BookBusy, match="another process"), book.unit():
            pass
        with book.view() as view:
            assert view.accounts.list() == []
        outsider.communicate(b"")
    with book.unit() as unit:
        unit.accounts.own(CNY)
    book.close()


def test_a_book_survives_closing(book_url: str) -> None:
    record = payment_record()
    book = Book.open(book_url, MASTER)
    with book.unit() as unit:
        unit.payments.add(record)
    book.close()
    book = Book.open(book_url, MASTER)
    with book.view() as view:
        assert view.payments.find(record.uetr) == record
    book.close()


def test_only_its_owner_can_read_a_book(sqlite_book: Book) -> None:
    path = Path(sqlite_book.url.removeprefix("sqlite:///"))
    with sqlite_book.unit() as unit:
        unit.accounts.own(CNY)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/book"])
def test_a_book_is_a_file_or_a_postgresql_database(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite file"):
        Book.open(url, MASTER)


@pytest.mark.parametrize("url", ["book.sqlite", "", "postgresql://host/book?schema=no-such"])
def test_what_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"database URL|schema"):
        Book.open(url, MASTER)


def test_every_commit_reaches_the_disk(sqlite_book: Book) -> None:
    """The promises of the 202 rest on these settings."""
    with sqlite_book._writer.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_file_that_is_no_book_is_named(tmp_path: Path) -> None:
    file = tmp_path / "book.sqlite"
    file.write_bytes(b"no database" * 1000)

    with pytest.raises(BookUnreachable, match=r"book\.sqlite is no book or is damaged"):
        Book.open_file(file, MASTER)

    assert file.read_bytes() == b"no database" * 1000
