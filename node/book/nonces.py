"""Nonces of signed requests between institutions: each may be used once, and is forgotten after its expiry."""

from __future__ import annotations

from sqlalchemy import Float, bindparam, delete, insert
from sqlalchemy.exc import IntegrityError

from node.book.prepared import Hand, Prepared
from node.book.tables import nonces

_USE = Prepared(insert(nonces))
# A clock has fractions of a second: without its own type the parameter would take the column's, a whole number.
_PURGE = Prepared(delete(nonces).where(nonces.c.expires_s < bindparam("now_s", type_=Float)))


class Nonces:
    """The request nonces of a unit."""

    def __init__(self, connection: Hand) -> None:
        """Made by Unit."""
        self._connection = connection

    def use(self, keyid: str, nonce: str, expires_s: int) -> bool:
        """Use up a nonce of a key; False where it was used before: the request is a replay.

        It is remembered until `expires_s` (unix time), which must not be before the request's own expiry.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(_USE, {"keyid": keyid, "nonce": nonce, "expires_s": expires_s})
        except IntegrityError:
            return False
        return True

    def purge(self, now_s: float) -> int:
        """Forget nonces whose expiry is past; returns how many."""
        return int(self._connection.execute(_PURGE, {"now_s": now_s}).rowcount)
