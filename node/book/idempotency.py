"""What was answered to a request that carried an idempotency key: claimed before the work, kept with what it did.

A claim is a commit of its own, so that a second copy sees that the first is under way; the answer is kept in the
unit that records the outcome, so that money and answer are in the book together or not at all. A claim whose owner
died can be taken over after its lease, and the old owner's unit then breaks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from node.book.sealing import at_place
from node.book.seals import Seals
from node.book.tables import idempotency_keys as keys


class ClaimLost(Exception):
    """Another copy of this request has taken the work over; this one's unit must not commit."""


@dataclass(frozen=True)
class KeyedRequest:
    """A request by its key: who asks, by which route, and the digest of all it says (SHA-256, 32 bytes).

    The book keeps the digest under a key of its own (`Vault.marked`), for what is said may be easily guessed.
    """

    caller: str
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True)
class KeptAnswer:
    """An answer as it was given: the status, the headers that say something, the body's bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Claimed:
    """The caller may do the work, and keeps its answer under this token."""

    token: str


@dataclass(frozen=True)
class UnderWay:
    """An earlier copy is being worked on, until `until_s` (unix time) at most."""

    until_s: float


@dataclass(frozen=True)
class AnotherRequest:
    """The key was used for a request that said something else."""


_THIS = (
    keys.c.caller == bindparam("its_caller"),
    keys.c.route == bindparam("its_route"),
    keys.c.key == bindparam("its_key"),
)
_FIND: Final = select(keys).where(*_THIS)
_OURS: Final = (*_THIS, keys.c.claim == bindparam("its_claim"), keys.c.status.is_(None))


class Idempotency:
    """The idempotency keys of a unit."""

    def __init__(self, connection: Connection, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals

    def claim(
        self, request: KeyedRequest, token: str, at: datetime, lease_s: float
    ) -> Claimed | KeptAnswer | UnderWay | AnotherRequest:
        """Claim the work of a request under a token of the caller's making, or say what is known of it."""
        now_s = at.timestamp()
        row = self._connection.execute(_FIND, _names(request)).one_or_none()
        if row is None:
            return self._claimed(request, token, at, now_s + lease_s)
        if row.fingerprint != self._seals.vault.marked(request.fingerprint):
            return AnotherRequest()
        if row.status is not None:
            return self._answer(row)
        if row.claimed_until_s > now_s:
            return UnderWay(row.claimed_until_s)
        taken = update(keys).where(*_OURS).values(claim=token, claimed_until_s=now_s + lease_s)
        self._connection.execute(taken, {**_names(request), "its_claim": row.claim})
        return Claimed(token)

    def keep(self, request: KeyedRequest, token: str, answer: KeptAnswer) -> None:
        """Keep the answer to a claimed request; raises ClaimLost where the claim was taken over or answered."""
        body = self._seals.vault.seal(None, answer.body, answer_place(request.caller, request.route, request.key))
        values = {"status": answer.status, "headers": json.dumps(answer.headers), "body": body}
        done = self._connection.execute(
            update(keys).where(*_OURS).values(**values), {**_names(request), "its_claim": token}
        )
        if done.rowcount != 1:
            raise ClaimLost(f"{request.route} {request.key}")

    def release(self, request: KeyedRequest, token: str) -> None:
        """Give a claim back that came to nothing: the same key may be tried again, also with another body."""
        self._connection.execute(delete(keys).where(*_OURS), {**_names(request), "its_claim": token})

    def purge(self, before: datetime) -> int:
        """Forget what was claimed before this moment; returns how many."""
        return self._connection.execute(delete(keys).where(keys.c.at < before)).rowcount

    def _claimed(
        self, request: KeyedRequest, token: str, at: datetime, until_s: float
    ) -> Claimed | KeptAnswer | UnderWay | AnotherRequest:
        marked = self._seals.vault.marked(request.fingerprint)
        row = {**vars(request), "fingerprint": marked, "claim": token, "claimed_until_s": until_s, "at": at}
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(keys), row)
        except IntegrityError:  # where units run side by side, another copy was faster by a moment
            return UnderWay(until_s)
        return Claimed(token)

    def _answer(self, row: Row[Any]) -> KeptAnswer:
        headers = tuple((name, value) for name, value in json.loads(row.headers))
        body = self._seals.open_body(None, row.body, answer_place(row.caller, row.route, row.key))
        return KeptAnswer(row.status, headers, body)


def _names(request: KeyedRequest) -> dict[str, Any]:
    return {"its_caller": request.caller, "its_route": request.route, "its_key": request.key}


def answer_place(caller: str, route: str, key: str) -> bytes:
    """Where a kept answer's body stands."""
    return at_place(keys.name, "body", json.dumps((caller, route, key)))
