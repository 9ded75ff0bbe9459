"""Makes sure that what was replaced or deleted is gone from the database's files, not only from its tables.

SQLite overwrites what it frees, and its write-ahead log is emptied; PostgreSQL writes the tables anew. Backups and
archived logs are out of reach: they are worthless once the master key that they need is destroyed.
"""

from __future__ import annotations

from sqlalchemy import Engine

from node.book import postgresql, sqlite


def wipe(writer: Engine, *tables: str) -> bool:
    """Wipe what these tables no longer hold, or all of them; False where a reader held up a part of it.

    On SQLite that is the write-ahead log, which is then overwritten by what is written next.
    """
    if writer.dialect.name == "postgresql":
        return postgresql.wipe(writer, tables)
    return sqlite.wipe(writer, tables)
