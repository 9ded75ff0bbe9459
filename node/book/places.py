"""Questions about several things at once, as statements whose text is one of a few: those that can be prepared.

There are places for the next full ten; what is asked about last fills those that would be empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, bindparam

_TEN: Final = 10


def places_for(values: Sequence[str]) -> int:
    """How many places a question about these has."""
    return -(-len(values) // _TEN) * _TEN


def one_of(column: Column[Any], places: int) -> ColumnElement[bool]:
    """Whether a column's value is one of those that are put in so many places."""
    return column.in_([bindparam(_name(place)) for place in range(places)])


def in_places(values: Sequence[str]) -> dict[str, str]:
    """These values, at least one, as parameters of `one_of`."""
    last = len(values) - 1
    return {_name(place): values[min(place, last)] for place in range(places_for(values))}


def _name(place: int) -> str:
    return f"wanted_{place}"
