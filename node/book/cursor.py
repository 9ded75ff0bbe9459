"""How far the chain has been read into the book: the last final block whose every entry is booked."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from node.book.prepared import Hand, Prepared
from node.book.tables import cursor

_ONLY_ROW = 1
_WATCHED = Prepared(select(cursor.c.number, cursor.c.hash))


class Cursor:
    """The watched block of a unit."""

    def __init__(self, connection: Hand) -> None:
        """Made by Unit."""
        self._connection = connection

    def watched(self) -> tuple[int, str] | None:
        """Number and hash of the last block read, or None before the first."""
        row = self._connection.execute(_WATCHED).one_or_none()
        return None if row is None else (row.number, row.hash)

    def advance(self, number: int, block_hash: str) -> None:
        """Note that all blocks up to this one are booked; raises ValueError for a step back.

        It belongs into the unit that books them.
        """
        watched = self.watched()
        if watched is not None and number < watched[0]:
            raise ValueError(f"blocks up to {watched[0]} are booked, the cursor cannot go back to {number}")
        if watched is None:
            self._connection.execute(insert(cursor), {"id": _ONLY_ROW, "number": number, "hash": block_hash})
        else:
            self._connection.execute(update(cursor).values(number=number, hash=block_hash))
