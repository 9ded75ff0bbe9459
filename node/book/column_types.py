"""How exact values lie in columns: integers of any size as digits, instants in UTC, enums by their value.

Databases would round, truncate or forget the zone; these types give back exactly what was put in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

_DIGITS_OF_256_BITS = 79  # 78 digits and a sign


class Minor(TypeDecorator[int]):
    """Minor units as decimal digits, so that 256 bits fit; compare and add them in Python, never in SQL."""

    impl = String(_DIGITS_OF_256_BITS)
    cache_ok = True

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """The digits."""
        return None if value is None else str(value)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> int | None:
        """The integer."""
        return None if value is None else int(value)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC to the microsecond; a datetime without a zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC; raises ValueError for a datetime without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} does not say its time zone")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Named(TypeDecorator[Enum]):
    """An enum member by its value; a new member needs no migration, a vanished one fails loudly."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        """A column of members of `kind`."""
        super().__init__()
        self.kind = kind
        self._members = {member.value: member for member in kind}  # asked a dozen times for every payment read

    @override
    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> str | None:
        """The member's value."""
        return None if value is None else str(value.value)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> Enum | None:
        """The member; raises ValueError for a value that names none."""
        return None if value is None else self._members.get(value) or self.kind(value)

    @override
    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """Comparisons take members too."""
        return self
