"""Everything that is particular to SQLite: how a connection is set up, and how a write transaction begins.

Writers begin immediately, so what a unit reads stays true until it commits; readers see one snapshot and neither
wait nor make anybody wait. A commit is on disk (synchronous FULL) when it returns.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from node.book.records import BookUnreachable

BUSY_TIMEOUT_S = 10.0
_ASK_AGAIN_S: Final = 0.0005
_IDLE_READERS = 8
_NO_BOOK: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


def open_engines(url: str) -> tuple[Engine, Engine]:
    """A writing and a reading engine on one file, created (readable by its owner only) where absent.

    Raises ValueError for anything but a SQLite file: an in-memory book would forget what it acknowledged.
    """
    database = make_url(url).database
    if make_url(url).get_backend_name() != "sqlite" or database in (None, "", ":memory:"):
        raise ValueError(
            f"a book is a SQLite file (sqlite:///path) or a PostgreSQL database (postgresql://...), not {url}"
        )
    Path(str(database)).touch(mode=0o600, exist_ok=True)
    writer = _engine(url, 1, _set_up_writer, _begin_writing)
    try:
        _switch_to_write_ahead_log(writer)
    except (sqlite3.DatabaseError, DBAPIError) as error:
        if _primary_code(getattr(error, "orig", error)) not in _NO_BOOK:
            raise
        raise BookUnreachable(f"{database} is no book or is damaged ({error}); put a backup there") from error
    return writer, _engine(url, _IDLE_READERS, _set_up_reader, _begin_reading)


def is_busy(error: DBAPIError) -> bool:
    """Whether another process held the write lock for longer than the busy timeout."""
    return _primary_code(error.orig) == sqlite3.SQLITE_BUSY


def is_full(error: DBAPIError) -> bool:
    """Whether the disk is full, or the file may not grow any more."""
    return _primary_code(error.orig) == sqlite3.SQLITE_FULL


def is_gone(error: DBAPIError) -> bool:
    """Whether the disk failed, or the file cannot be opened any more."""
    return _primary_code(error.orig) in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}


def wipe(writer: Engine, tables: Sequence[str]) -> bool:
    """Empty the write-ahead log into the file; without tables named, write the whole file anew first.

    False where a reader kept the log from being emptied.
    """
    connection = writer.raw_connection()
    try:
        cursor = connection.cursor()
        if not tables:
            cursor.execute("VACUUM")
        (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return bool(busy == 0)


def _primary_code(error: BaseException | None) -> int | None:
    # The low byte of SQLite's extended code is its primary code.
    code = getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.Error) else None
    return None if code is None else code & 0xFF


def _engine(url: str, pool_size: int, set_up: Any, begin: Any) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=-1,
        connect_args={"timeout": BUSY_TIMEOUT_S},
        hide_parameters=True,  # they are customers' data, and errors are logged
    )
    event.listen(engine, "connect", set_up)

    event.listen(engine, "begin", begin)
    return engine


def _begin_reading(connection: Connection) -> None:
    connection.connection.driver_connection.execute("BEGIN")  # type: ignore[union-attr]  # it takes no lock


def _begin_writing(connection: Connection) -> None:
    """Take the file's lock, asking for it often: SQLite's own waiting grows to tenths of a second.

    A process that writes all the time lets go of it for fractions of a millisecond only; another one whose units
    come seldom would hardly ever meet one.
    """
    driver: Any = connection.connection.driver_connection
    ends_at = time.monotonic() + BUSY_TIMEOUT_S
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while not _has_begun(driver) and time.monotonic() < ends_at:
            time.sleep(_ASK_AGAIN_S)
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # and let the last word be told as any other
    finally:
        driver.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")


def _has_begun(driver: sqlite3.Connection) -> bool:
    """Whether there was an end to waiting; any other trouble than another's lock ends it too."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        return _primary_code(error) != sqlite3.SQLITE_BUSY
    return True


def _set_up_writer(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # an erased key must be gone from its page too


def _set_up_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def _switch_to_write_ahead_log(engine: Engine) -> None:
    """Switch the file to its write-ahead log, once for ever; two processes opening it at once take turns."""
    give_up = time.monotonic() + BUSY_TIMEOUT_S
    connection = engine.raw_connection()
    try:
        while True:
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                # SQLite does not use the busy timeout for this one statement.
                if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                    raise
                time.sleep(0.01)
            else:
                return
    finally:
        connection.close()
