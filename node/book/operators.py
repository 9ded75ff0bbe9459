"""The operators of a book and their recovery codes.

Passwords are kept as scrypt hashes, one-time secrets sealed, codes and invitations as digests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from node.book.operator_tables import operators, recovery_codes
from node.domain.operator import OperatorStatus, Role

Records = list["OperatorRecord"]


@dataclass(frozen=True)
class OperatorRecord:
    """An operator as kept: `operator_id` is what records and events say, `name` what the person logs in with.

    `last_step` is the newest time step whose code was used; `invitation` the digest of a code that sets a password
    once, until `invited_until_s` (unix time).
    """

    operator_id: str
    name: str
    roles: frozenset[Role]
    status: OperatorStatus
    created_at: datetime
    password: str | None = None
    one_time_secret: bytes | None = None
    last_step: int = 0
    invitation: bytes | None = None
    invited_until_s: float | None = None
    failures: int = 0
    locked_until_s: float = 0.0


class Operators:
    """The operators of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def add(self, record: OperatorRecord) -> bool:
        """Keep a new operator; False where the name is taken, also by one that is disabled."""
        if self.by_name(record.name) is not None:
            return False
        self._connection.execute(insert(operators), _row(record))
        return True

    def find(self, operator_id: str) -> OperatorRecord | None:
        """The operator of this id."""
        row = self._connection.execute(
            select(operators).where(operators.c.operator_id == operator_id)
        ).one_or_none()
        return None if row is None else _record(row)

    def by_name(self, name: str) -> OperatorRecord | None:
        """The operator who logs in by this name."""
        row = self._connection.execute(select(operators).where(operators.c.name == name)).one_or_none()
        return None if row is None else _record(row)

    def list(self) -> Records:
        """All operators, the oldest first."""
        return [_record(row) for row in self._connection.execute(select(operators).order_by(operators.c.id))]

    def save(self, record: OperatorRecord) -> None:
        """Keep a changed copy of an operator that was read in this unit."""
        self._connection.execute(
            update(operators).where(operators.c.operator_id == record.operator_id).values(**_row(record))
        )

    def give_codes(self, operator_id: str, digests: tuple[bytes, ...]) -> None:
        """Give an operator these recovery codes in place of all earlier ones."""
        self._connection.execute(delete(recovery_codes).where(recovery_codes.c.operator_id == operator_id))
        rows = [{"operator_id": operator_id, "digest": digest} for digest in digests]
        if rows:
            self._connection.execute(insert(recovery_codes), rows)

    def use_code(self, operator_id: str, digest: bytes, at: datetime) -> bool:
        """Use up a recovery code; False where it is none of the operator's, or was used before."""
        used = (
            update(recovery_codes)
            .where(
                recovery_codes.c.operator_id == operator_id,
                recovery_codes.c.digest == digest,
                recovery_codes.c.used_at.is_(None),
            )
            .values(used_at=at)
        )
        return self._connection.execute(used).rowcount == 1

    def codes_left(self, operator_id: str) -> int:
        """How many recovery codes an operator has not used."""
        left = select(func.count()).where(
            recovery_codes.c.operator_id == operator_id, recovery_codes.c.used_at.is_(None)
        )
        return self._connection.scalar(left) or 0


def _row(record: OperatorRecord) -> dict[str, Any]:
    return {**vars(record), "roles": json.dumps(sorted(role.value for role in record.roles))}


def _record(row: Row[Any]) -> OperatorRecord:
    kept = {name: value for name, value in row._mapping.items() if name != "id"}
    return OperatorRecord(**{**kept, "roles": frozenset(Role(one) for one in json.loads(row.roles))})
