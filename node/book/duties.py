"""Duties of which one worker takes care at a time, among all processes on a book: whose it is, and until when.

A worker that dies loses its duty when its time is over; one that comes back under its name has it at once.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, insert, or_, select, update

from node.book.prepared import Hand, Prepared
from node.book.tables import duties

_FIND: Final = Prepared(select(duties).where(duties.c.name == bindparam("wanted")))
_TAKE: Final = Prepared(
    update(duties)
    .where(duties.c.name == bindparam("wanted"))
    .where(or_(duties.c.owner == bindparam("taker"), duties.c.until_s <= bindparam("now")))
    .values(owner=bindparam("taker"), until_s=bindparam("until"))
)


class Duties:
    """The duties of a unit."""

    def __init__(self, connection: Hand) -> None:
        """Made by Unit."""
        self._connection = connection

    def take(self, name: str, owner: str, now_s: float, until_s: float) -> bool:
        """Take a duty, or keep it longer; False while it is another worker's. Times are unix seconds."""
        if self._connection.execute(_FIND, {"wanted": name}).one_or_none() is None:
            self._connection.execute(insert(duties), {"name": name, "owner": owner, "until_s": until_s})
            return True
        values = {"wanted": name, "taker": owner, "now": now_s, "until": until_s}
        return bool(self._connection.execute(_TAKE, values).rowcount == 1)

    def held_until(self, name: str) -> float | None:
        """Until when (unix s) somebody has a duty, or had it; None where nobody took it or all have left it."""
        row = self._connection.execute(_FIND, {"wanted": name}).one_or_none()
        return None if row is None else float(row.until_s)

    def leave(self, name: str, owner: str) -> None:
        """Leave a duty to whoever wants it next; nothing happens where it is another's."""
        self._connection.execute(delete(duties).where(duties.c.name == name, duties.c.owner == owner))
