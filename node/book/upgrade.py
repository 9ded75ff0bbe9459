"""Brings a book's tables to the newest revision with the migrations of this package, in one transaction.

A killed upgrade leaves the book as it was; two processes opening a new book take turns.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


def upgrade(engine: Engine) -> None:
    """Upgrade to the newest revision; a book that is there already is only read.

    Raises alembic's CommandError for a revision this program does not know: a newer program wrote it.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout TO 0")  # a long table takes its time
        tables = inspect(connection).get_table_names()
        if _revision(connection, tables) == newest_revision():
            return
        from node.book import revisions  # noqa: PLC0415  see there: most books need none of it

        if tables or connection.dialect.name != "sqlite":
            revisions.run_migrations(connection)
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
