"""Everything that is particular to PostgreSQL: how a connection is set up, and how a write transaction begins.

Units take one advisory lock for the book and so come one after the other, over all processes, as on SQLite;
readers see one snapshot and wait for nobody. Limits on waiting keep a stuck process from stopping the others.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

DRIVER = "postgresql+pg8000"
LOCK_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 60.0
IDLE_IN_UNIT_S = 60.0
_CONNECT_TIMEOUT_S = 10.0
_IDLE_READERS = 8
_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")

_LOCK_NOT_AVAILABLE = "55P03"
_QUERY_CANCELLED = "57014"
# Classes 08 and 57P: the connection or the server is gone; 25P03: we were idle in a unit for too long.
_GONE = re.compile(r"08...|57P0.|25P03\Z")
_NOT_THERE = "Can't create a connection"
_CONSTRAINT = "23"
# Class 53: out of disk, memory or connections.
_EXHAUSTED = re.compile(r"53...\Z")


def open_engines(url: URL) -> tuple[Engine, Engine]:
    """A writing and a reading engine on one schema of a database, the schema made where absent.

    `?schema=` names it (`public` by default); `?sslmode=require` or `verify-full` and `?sslrootcert=FILE` ask for
    TLS, `?unix_sock=FILE` for a socket. Raises ValueError for another schema name than a plain lower-case one.
    """
    query = dict(url.query)
    schema = str(query.pop("schema", "public"))
    if not _SCHEMA.match(schema):
        raise ValueError(f"a book's schema is lower-case letters, digits and _, not {schema!r}")
    arguments: dict[str, Any] = {"timeout": _CONNECT_TIMEOUT_S, "application_name": f"corridor {schema}"}
    tls = _tls(str(query.pop("sslmode", "disable")), query.pop("sslrootcert", None))
    if tls is not None:
        arguments["ssl_context"] = tls
    address = url.set(drivername=DRIVER, query=query)
    writer = _engine(address, schema, arguments, pool_size=1)
    _make_schema(writer, schema)
    event.listen(writer, "begin", _take_turns(schema))
    return writer, _engine(address, schema, arguments, pool_size=_IDLE_READERS, read_only=True)


def is_busy(error: DBAPIError) -> bool:
    """Whether somebody else held the book for longer than the lock timeout."""
    return sqlstate(error.orig) in {_LOCK_NOT_AVAILABLE, _QUERY_CANCELLED}


def is_gone(error: DBAPIError) -> bool:
    """Whether connection or server have gone away, so that a commit may or may not have been carried out."""
    if error.connection_invalidated or _GONE.match(sqlstate(error.orig)):
        return True
    return _NOT_THERE in str(error.orig)


def is_full(error: DBAPIError) -> bool:
    """Whether the server had no room left, on disk or otherwise."""
    return bool(_EXHAUSTED.match(sqlstate(error.orig)))


def wipe(writer: Engine, tables: Sequence[str]) -> bool:
    """Write these tables anew, or all tables of the book: a dead row's bytes stay in its page until then.

    False where another session kept a table from being written anew.
    """
    connection = writer.raw_connection()
    try:
        driver: Any = connection.dbapi_connection
        driver.rollback()  # what the pool's ping has begun
        driver.autocommit = True
        try:
            cursor = driver.cursor()
            cursor.execute("SET statement_timeout TO 0")
            for table in tables or _tables(cursor):
                cursor.execute(f'VACUUM FULL "{table}"')
        finally:
            driver.autocommit = False
    except Exception as error:
        if sqlstate(error) != _LOCK_NOT_AVAILABLE:
            raise
        return False
    finally:
        connection.invalidate()  # its settings are those of this work
        connection.close()
    return True


def _tables(cursor: Any) -> list[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
    return [row[0] for row in cursor.fetchall()]


def sqlstate(error: BaseException | None) -> str:
    """The five characters with which PostgreSQL says what was wrong; empty where the server said nothing."""
    fields = error.args[0] if error is not None and error.args else None
    return str(fields.get("C", "")) if isinstance(fields, dict) else ""


def _engine(
    address: URL, schema: str, arguments: dict[str, Any], *, pool_size: int, read_only: bool = False
) -> Engine:
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=-1,
        connect_args=arguments,
        pool_pre_ping=True,
        hide_parameters=True,  # they are customers' data, and errors are logged
    )
    isolation = "REPEATABLE READ, READ ONLY" if read_only else "READ COMMITTED, READ WRITE"

    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f'SET search_path TO "{schema}"')
        cursor.execute("SET synchronous_commit TO on")
        cursor.execute("SET TimeZone TO 'UTC'")
        cursor.execute(f"SET lock_timeout TO {int(LOCK_TIMEOUT_S * 1000)}")
        cursor.execute(f"SET statement_timeout TO {int(STATEMENT_TIMEOUT_S * 1000)}")
        cursor.execute(f"SET idle_in_transaction_session_timeout TO {int(IDLE_IN_UNIT_S * 1000)}")
        cursor.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {isolation}")
        connection.commit()
        cursor.close()

    event.listen(engine, "connect", set_up)
    event.listen(engine, "handle_error", _put_right)
    return engine


def _make_schema(writer: Engine, schema: str) -> None:
    """Make the schema; two processes that do so at once take turns."""
    with writer.begin() as connection:
        if connection.exec_driver_sql(f"SELECT to_regnamespace('{schema}')").scalar() is None:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_key(schema)})")
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')


def _take_turns(schema: str) -> Any:
    statement = f"SELECT pg_advisory_xact_lock({_key(schema)})"

    def lock(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return lock


def _key(schema: str) -> int:
    """The number that stands for a book among the advisory locks of its database."""
    digest = hashlib.sha256(f"corridor book {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _put_right(context: ExceptionContext) -> DBAPIError | None:
    """Three things that the driver does not tell apart, or not at all.

    A session that the server ended, a line that broke (the socket's own error), and a broken constraint.
    """
    original, statement = context.original_exception, context.statement
    state = sqlstate(original)
    if isinstance(original, OSError):
        context.is_disconnect = True
        return OperationalError(statement, None, original, hide_parameters=True, connection_invalidated=True)
    if _GONE.match(state):
        context.is_disconnect = True  # the pool must not keep it
    elif state.startswith(_CONSTRAINT) and not isinstance(context.sqlalchemy_exception, IntegrityError):
        return IntegrityError(statement, None, original, hide_parameters=True)
    return None


def _tls(mode: str, authority: Any) -> ssl.SSLContext | None:
    if mode == "disable":
        return None
    if mode not in {"require", "verify-full"}:
        raise ValueError(f"sslmode is disable, require or verify-full, not {mode!r}")
    context = ssl.create_default_context(cafile=None if authority is None else str(authority))
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
