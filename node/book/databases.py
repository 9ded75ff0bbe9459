"""Which database a book is kept in, by its URL, and what its errors mean for whoever uses the book.

The rest of the room knows neither SQLite nor PostgreSQL by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from node.book import postgresql, sqlite
from node.book.records import BookBusy, BookFull, BookUnreachable


def open_engines(url: str) -> tuple[Engine, Engine]:
    """A writing and a reading engine; raises ValueError for a URL that is neither of a file nor of PostgreSQL."""
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"not a database URL: {error}") from None
    if address.get_backend_name() == "postgresql":
        return postgresql.open_engines(address)
    return sqlite.open_engines(url)


def place_of_book(database: str | None, bic: str, file: Path) -> str:
    """The URL of an institution's book: the file where no database is set, else the schema of its BIC in it.

    A database URL that names a schema itself is one book's, and is taken as it is.
    """
    if not database:
        return f"sqlite:///{file}"
    url = make_url(database)
    if url.get_backend_name() == "postgresql" and "schema" not in url.query:
        url = url.update_query_dict({"schema": bic.lower()})
    return url.render_as_string(hide_password=False)


def place_of(url: str) -> str:
    """The URL as it may be written into a log: without its password."""
    return make_url(url).render_as_string(hide_password=True)


@contextmanager
def told_plainly(url: str) -> Iterator[None]:
    """Raise what a database can do to anybody as BookBusy, BookFull or BookUnreachable; let the rest through."""
    try:
        yield
    except DBAPIError as error:
        for fault in _faults(error):
            if sqlite.is_busy(fault) or postgresql.is_busy(fault):
                raise BookBusy(f"another process is writing to {place_of(url)}") from error
            if sqlite.is_full(fault) or postgresql.is_full(fault):
                raise BookFull(f"no room is left for {place_of(url)}; free some and ask again") from error
            if sqlite.is_gone(fault) or postgresql.is_gone(fault):
                raise BookUnreachable(f"{place_of(url)} does not answer: {fault.orig}") from error
        raise


def _faults(error: BaseException | None) -> Iterator[DBAPIError]:
    """The error, and what it came from where it only says that a savepoint is gone.

    On a full disk SQLite undoes the whole unit by itself; going back to a savepoint then fails, and hides why.
    """
    while error is not None:
        if isinstance(error, DBAPIError):
            yield error
            if "no such savepoint" not in str(error.orig):
                return
        error = error.__context__
