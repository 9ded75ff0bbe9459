"""The record of what operators did: lines are added and never changed, each bound to the one before by its digest.

A line says who by id, what, about what, from where and when; whose name or whose money it was stands elsewhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from node.book.operator_tables import audit

FIRST: Final = bytes(32)
MACHINE: Final = "machine"  # who has the institution's folder, and needs no proof


@dataclass(frozen=True)
class AuditLine:
    """One line; `previous` is the digest of the line before, thirty-two zeros for the first."""

    position: int
    at: datetime
    actor: str
    act: str
    subject: str
    address: str
    previous: bytes
    digest: bytes


class OperatorAudit:
    """The record of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def write(self, actor: str, act: str, subject: str, address: str, at: datetime) -> None:
        """Add a line; units come one after the other, so none is ever added beside another."""
        last = self._connection.execute(select(audit).order_by(audit.c.position.desc()).limit(1)).one_or_none()
        position, previous = (1, FIRST) if last is None else (last.position + 1, last.digest)
        said = (position, at.astimezone(UTC), actor, act, subject, address[:64], previous)
        line = AuditLine(*said, digest=_digest(*said))
        self._connection.execute(insert(audit), vars(line))

    def read(self, after: int = 0, limit: int = 200) -> list[AuditLine]:
        """The lines after a position, in order."""
        found = select(audit).where(audit.c.position > after).order_by(audit.c.position).limit(limit)
        return [_line(row) for row in self._connection.execute(found)]

    def broken_at(self) -> int | None:
        """The first position whose line does not follow from the one before; None where all do."""
        previous, expected = FIRST, 1
        for line in map(_line, self._connection.execute(select(audit).order_by(audit.c.position))):
            said = (line.position, line.at, line.actor, line.act, line.subject, line.address, line.previous)
            if line.position != expected or line.previous != previous or line.digest != _digest(*said):
                return expected
            previous, expected = line.digest, expected + 1
        return None


def _digest(
    position: int, at: datetime, actor: str, act: str, subject: str, address: str, previous: bytes
) -> bytes:
    made = hashlib.sha256(previous)
    for part in (str(position), at.isoformat(timespec="microseconds"), actor, act, subject, address):
        said = part.encode()
        made.update(len(said).to_bytes(8, "big") + said)
    return made.digest()


def _line(row: Row[Any]) -> AuditLine:
    return AuditLine(**{name: value for name, value in row._mapping.items() if name != "id"})
