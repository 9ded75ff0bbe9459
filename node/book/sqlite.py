"""Everything that is particular to SQLite: how a connection is set up, and how a write transaction begins.

Writers begin immediately, so what a unit reads stays true until it commits; readers see one snapshot and neither
wait nor make anybody wait. A commit is on disk (synchronous FULL) when it returns.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

BUSY_TIMEOUT_S = 10.0
_IDLE_READERS = 8


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
    writer = _engine(url, 1, _set_up_writer, "BEGIN IMMEDIATE")
    _switch_to_write_ahead_log(writer)
    return writer, _engine(url, _IDLE_READERS, _set_up_reader, "BEGIN")


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


def _engine(url: str, pool_size: int, set_up: Any, begin: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=-1,
        connect_args={"timeout": BUSY_TIMEOUT_S},
        hide_parameters=True,  # they are customers' data, and errors are logged
    )
    event.listen(engine, "connect", set_up)

    def emit_begin(connection: Connection) -> None:
        if begin == "BEGIN" and (driver := connection.connection.driver_connection) is not None:
            driver.execute(begin)  # a reader's takes no lock, so it cannot fail for one
        else:
            connection.exec_driver_sql(begin)

    event.listen(engine, "begin", emit_begin)
    return engine


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
