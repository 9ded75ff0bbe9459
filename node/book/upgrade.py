"""Brings a book's tables to the newest revision with the migrations of this package, in one transaction.

A killed upgrade leaves the book as it was; two processes opening a new book take turns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect

from node.book.sealing import Key
from node.book.vault import Vault, open_vault
from node.book.wiping import wipe

LAST_SEALING: Final = "0019"
"""The last revision that seals, or marks with a key, what stood there in clear."""
_VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"


def upgrade(engine: Engine, master: Key) -> Vault:
    """Upgrade to the newest revision, and open the book's keys; a book that is there already is only read.

    What an older program wrote in clear is sealed, and wiped from where it stood. Raises WrongMasterKey, and
    alembic's CommandError for a revision this program does not know: a newer program wrote it.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout TO 0")  # a long table takes its time
        tables = inspect(connection).get_table_names()
        before = _revision(connection, tables)
        if before != newest_revision():
            _make_or_migrate(connection, tables, master)
        vault = open_vault(connection, master)
    if before is not None and before < LAST_SEALING:
        wipe(engine)
    return vault


def _make_or_migrate(connection: Connection, tables: list[str], master: Key) -> None:
    from node.book import revisions  # noqa: PLC0415  see there: most books need none of it

    if tables or connection.dialect.name != "sqlite":
        revisions.run_migrations(connection, master)
        return
    for statement in revisions.sqlite_statements():
        connection.exec_driver_sql(statement)


def newest_revision() -> str:
    """The last revision, by the names of the files (`r0001_…`), which a test holds against what Alembic says."""
    return max(path.name for path in _VERSIONS.glob("r[0-9]*_*.py"))[1:5]


def _revision(connection: Connection, tables: list[str]) -> str | None:
    if "alembic_version" not in tables:
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found
