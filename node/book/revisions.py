"""The migrations, run by Alembic: for a book older than this program, and once for what a new book is made of.

Apart from `node.book.upgrade` because Alembic takes a fifth of a second to import, which a book that is up to date
need not pay.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine

from node.book.sealing import Key

MIGRATIONS: Final = Path(__file__).parent / "migrations"

# Alembic hands a running migration to its scripts through one global context: threads must not meet in it.
_ONE_AT_A_TIME = threading.Lock()


def run_migrations(connection: Connection, master: Key | None = None) -> None:
    """Bring the tables to the newest revision, within the transaction that is open on `connection`.

    What an older program left in clear is sealed with keys that `master` wraps; an empty book needs none. Raises
    alembic's CommandError for a revision this program does not know: a newer program wrote it.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(connection=connection, master=master)
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")


@cache
def sqlite_statements() -> tuple[str, ...]:
    """What makes a new SQLite book just as the migrations do: their outcome, written down once a process.

    Twelve revisions that copy tables about take an eighth of a second; a network of nine books is quicker so.
    """
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            run_migrations(connection)
            driver = connection.connection.driver_connection
            dumped = tuple(driver.iterdump()) if driver is not None else ()
    finally:
        engine.dispose()
    return tuple(statement for statement in dumped if statement not in {"BEGIN TRANSACTION;", "COMMIT;"})
