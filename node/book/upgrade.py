"""Brings a book's tables to the newest revision with the migrations of this package, in one transaction.

A killed upgrade leaves the book as it was; two processes opening a new book take turns.
"""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

# Alembic hands a running migration to its scripts through one global context: threads must not meet in it.
_ONE_AT_A_TIME = threading.Lock()
_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Upgrade to the newest revision; a book that is there already is only read.

    Raises alembic's CommandError for a revision this program does not know: a newer program wrote it.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with _ONE_AT_A_TIME, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout TO 0")  # a long table takes its time
        if _revision(connection) != head:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
