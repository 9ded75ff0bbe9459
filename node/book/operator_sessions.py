"""Operators' sessions: known by the digest of their token, which is kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from node.book.operator_tables import sessions

Records = list["SessionRecord"]


@dataclass(frozen=True)
class SessionRecord:
    """A session; `seen_s` is when it was last used, to the minute, and `ends_s` when it ends in any case."""

    session_id: str
    operator_id: str
    digest: bytes
    address: str
    began_s: float
    seen_s: float
    ends_s: float
    ended: bool = False


class OperatorSessions:
    """The sessions of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def add(self, record: SessionRecord) -> None:
        """Keep a new session."""
        self._connection.execute(insert(sessions), vars(record))

    def by_digest(self, digest: bytes) -> SessionRecord | None:
        """The session whose token has this digest, ended or not."""
        row = self._connection.execute(select(sessions).where(sessions.c.digest == digest)).one_or_none()
        return None if row is None else _record(row)

    def find(self, session_id: str) -> SessionRecord | None:
        """The session of this id."""
        row = self._connection.execute(select(sessions).where(sessions.c.session_id == session_id)).one_or_none()
        return None if row is None else _record(row)

    def open(self, operator_id: str | None = None) -> Records:
        """The sessions that nobody has ended, of one operator or of all, the oldest first; some may be over."""
        found = select(sessions).where(sessions.c.ended.is_(False)).order_by(sessions.c.id)
        if operator_id is not None:
            found = found.where(sessions.c.operator_id == operator_id)
        return [_record(row) for row in self._connection.execute(found)]

    def touch(self, session_id: str, seen_s: float) -> None:
        """Remember that it was used."""
        self._connection.execute(update(sessions).where(sessions.c.session_id == session_id).values(seen_s=seen_s))

    def end(self, session_id: str) -> bool:
        """End a session; False where it was ended before or never was."""
        open_one = (sessions.c.session_id == session_id, sessions.c.ended.is_(False))
        return self._connection.execute(update(sessions).where(*open_one).values(ended=True)).rowcount == 1

    def end_all(self, operator_id: str) -> int:
        """End all sessions of an operator; returns how many."""
        theirs = (sessions.c.operator_id == operator_id, sessions.c.ended.is_(False))
        return self._connection.execute(update(sessions).where(*theirs).values(ended=True)).rowcount

    def purge(self, before_s: float) -> int:
        """Forget sessions that were over by this moment (unix time); returns how many."""
        return self._connection.execute(delete(sessions).where(sessions.c.ends_s < before_s)).rowcount


def _record(row: Row[Any]) -> SessionRecord:
    return SessionRecord(**{name: value for name, value in row._mapping.items() if name != "id"})
