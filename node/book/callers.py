"""Who else may use this institution's API: partners known by a public key, and sandbox keys known by their digest.

Nothing kept here lets anybody in: a public key is public, and a digest of 256 random bits cannot be turned back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from node.book.tables import callers

Records = list["CallerRecord"]


@dataclass(frozen=True)
class CallerRecord:
    """A caller by its name (`client:…` or `key:…`): one of `digest` (SHA-256) and `public_key` (PEM) is there."""

    name: str
    digest: bytes | None
    public_key: str | None
    scopes: frozenset[str]
    expires_s: float | None
    revoked: bool
    created_at: datetime


class Callers:
    """The callers of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def add(self, record: CallerRecord) -> bool:
        """Keep a new caller; False where the name is taken, also by one that is revoked."""
        if self.find(record.name) is not None:
            return False
        self._connection.execute(insert(callers), {**vars(record), "scopes": json.dumps(sorted(record.scopes))})
        return True

    def find(self, name: str) -> CallerRecord | None:
        """The caller of this name."""
        row = self._connection.execute(select(callers).where(callers.c.name == name)).one_or_none()
        return None if row is None else _record(row)

    def list(self) -> Records:
        """All callers, the oldest first."""
        return [_record(row) for row in self._connection.execute(select(callers).order_by(callers.c.id))]

    def revoke(self, name: str) -> bool:
        """Let a caller in no more, from the next request on; False where there is none."""
        return (
            self._connection.execute(update(callers).where(callers.c.name == name).values(revoked=True)).rowcount
            == 1
        )


def _record(row: Row[Any]) -> CallerRecord:
    return CallerRecord(
        name=row.name,
        digest=row.digest,
        public_key=row.public_key,
        scopes=frozenset(json.loads(row.scopes)),
        expires_s=row.expires_s,
        revoked=row.revoked,
        created_at=row.created_at,
    )
