"""What is particular to PostgreSQL: a lost session, a broken unit, limits on waiting, a schema a book."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError

from node.book import postgresql
from node.book.book import Book, Unit
from node.book.databases import place_of, place_of_book
from node.book.records import BookBusy, BookFull, BookUnreachable
from node.domain.lifecycle import State
from tests.keys import MASTER
from tests.node.book.making import account_record, payment_record
from tests.postgresql import PostgresServer


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.new_url()


@pytest.fixture
def own_book(url: str) -> Iterator[Book]:
    opened = Book.open(url, MASTER)
    yield opened
    opened.close()


def _end_session(server: PostgresServer, unit: Unit) -> None:
    """What a failing server or an impatient administrator does."""
    session = unit.payments._connection.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    assert server.run("SELECT pg_terminate_backend(:session, 5000)", session=session) == [[True]]


def test_a_session_lost_before_the_commit_leaves_nothing_and_the_next_unit_works(
    own_book: Book, postgres: PostgresServer
) -> None:
    lost, kept = payment_record(), payment_record()

    def lose() -> None:
        with own_book.unit() as unit:
            unit.payments.add(lost)
            _end_session(postgres, unit)

    with pytest.raises(BookUnreachable):
        lose()
    with own_book.unit() as unit:
        assert unit.payments.find(lost.uetr) is None
        unit.payments.add(kept)
    with own_book.view() as view:
        assert [record.uetr for record in view.payments.in_state(State.RECEIVED)] == [kept.uetr]


def test_a_session_lost_in_the_middle_of_a_unit_leaves_nothing(own_book: Book, postgres: PostgresServer) -> None:
    lost = payment_record()

    def lose() -> None:
        with own_book.unit() as unit:
            unit.payments.add(lost)
            _end_session(postgres, unit)
            unit.accounts.open(account_record("A"))

    with pytest.raises(BookUnreachable):
        lose()
    with own_book.view() as view:
        assert view.payments.find(lost.uetr) is None
        assert view.accounts.list() == []


def test_readers_outlive_the_sessions_they_had(own_book: Book, postgres: PostgresServer) -> None:
    with own_book.view() as view:
        assert view.accounts.list() == []
    name = "corridor " + postgresql_schema(own_book)
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = :name"
    assert postgres.run(ended, name=name)
    with own_book.view() as view:
        assert view.accounts.list() == []


def postgresql_schema(book: Book) -> str:
    return book.url.rpartition("schema=")[2]


def test_a_unit_whose_statement_failed_cannot_be_committed_by_going_on(own_book: Book) -> None:
    """PostgreSQL answers the commit of a failed transaction with a quiet rollback."""
    record = payment_record()

    def go_on() -> None:
        with own_book.unit() as unit:
            unit.payments.add(record)
            with pytest.raises(DBAPIError):
                unit.payments._connection.connection.exec_driver_sql("SELECT 1 / 0")

    with pytest.raises(DBAPIError):
        go_on()
    with own_book.view() as view:
        assert view.payments.find(record.uetr) is None


def test_a_process_that_stops_inside_a_unit_is_put_out(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a suspended process would be: it holds the lock, and says nothing."""
    monkeypatch.setattr(postgresql, "IDLE_IN_UNIT_S", 1.0)
    stopped = Book.open(url, MASTER)
    monkeypatch.undo()
    other = Book.open(url, MASTER)
    inside, leave = threading.Event(), threading.Event()
    ends: list[type[BaseException]] = []

    def stop() -> None:
        try:
            with stopped.unit() as unit:
                unit.payments.add(payment_record())
                inside.set()
                leave.wait(30)
        except BookUnreachable as error:
            ends.append(type(error))

    thread = threading.Thread(target=stop)
    thread.start()
    assert inside.wait(30)
    with other.unit() as unit:
        assert unit.payments.in_state(State.RECEIVED) == []
    leave.set()
    thread.join()
    assert ends == [BookUnreachable]
    stopped.close()
    other.close()


@pytest.mark.parametrize("call", ["commit", "cursor"])
def test_a_line_that_breaks_is_said_so_and_not_used_again(
    own_book: Book, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """The driver lets the socket's own error through where the server has not said why it ended the session."""
    record = payment_record()

    def broken(*_args: object) -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    def work() -> None:
        with own_book.unit() as unit:
            driver = unit.payments._connection.connection.connection.driver_connection
            monkeypatch.setattr(driver, call, broken)
            unit.payments.add(record)

    with pytest.raises(BookUnreachable, match="reset by peer"):
        work()
    with own_book.unit() as unit:
        unit.payments.add(payment_record())
    with own_book.view() as view:
        assert view.payments.find(record.uetr) is None


def test_two_books_in_one_database_know_nothing_of_each_other(postgres: PostgresServer) -> None:
    first, second = Book.open(postgres.new_url(), MASTER), Book.open(postgres.new_url(), MASTER)
    with first.unit() as unit:
        unit.accounts.open(account_record("A"))
        with second.unit() as other:
            assert other.accounts.list() == []
    first.close()
    second.close()


def test_a_server_that_is_not_there_is_said_so() -> None:
    with pytest.raises(BookUnreachable, match="does not answer") as caught:
        Book.open("postgresql://corridor:secret@127.0.0.1:1/postgres", MASTER)
    assert "secret" not in str(caught.value)


def test_an_error_tells_no_customer_data(own_book: Book) -> None:
    def open_twice() -> None:
        with own_book.unit() as unit:
            unit.accounts.open(account_record("A"))
            unit.accounts._connection.connection.exec_driver_sql(
                "INSERT INTO cash_accounts SELECT * FROM cash_accounts"
            )

    with pytest.raises(DBAPIError) as caught:
        open_twice()
    assert "[parameters" not in str(caught.value)


def test_each_institution_has_the_schema_of_its_bic() -> None:
    server = "postgresql://user:secret@host/books"
    url = place_of_book(server, "JHCBCNB0XXX", None)  # type: ignore[arg-type]
    assert url == f"{server}?schema=jhcbcnb0xxx"
    assert place_of_book(url, "ANOTHER0XXX", None) == url  # type: ignore[arg-type]
    assert "secret" not in place_of(url)


@pytest.mark.parametrize(
    ("state", "trouble"), [("53100", BookFull), ("55P03", BookBusy), ("57P01", BookUnreachable)]
)
def test_what_the_server_says_has_a_name(own_book: Book, state: str, trouble: type[Exception]) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"

    def fail() -> None:
        with own_book.unit() as unit:
            unit.payments.add(payment_record())
            unit.payments._connection.connection.exec_driver_sql(raising)

    with pytest.raises(trouble):
        fail()
    with own_book.unit() as unit:
        assert unit.payments.in_state(State.RECEIVED) == []
