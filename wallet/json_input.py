"""JSON from outside, read without trust: bounded in size, objects and depth, and no name twice in one object.

The bound on depth matters: the Ethereum libraries lift Python's recursion limit so far that deeply nested JSON
ends the process instead of the parsing.
"""

from __future__ import annotations

import json
import re
from typing import Final

MOST_NESTED: Final = 64
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKETS: Final = re.compile(rb"[\[\]{}]")


def parse_json(content: bytes, *, most_bytes: int, most_objects: int = 64) -> object:
    """Return the value of a JSON document in UTF-8. Raises ValueError with a sentence."""
    if len(content) > most_bytes:
        raise ValueError(f"larger than {most_bytes} bytes")
    objects = content.count(b"[") + content.count(b"{")
    if objects > most_objects:
        raise ValueError(f"more than {most_objects} objects and lists")
    if objects > MOST_NESTED and deepest(content) > MOST_NESTED:
        raise ValueError(f"nested deeper than {MOST_NESTED}")
    value: object = json.loads(content.decode(), object_pairs_hook=_once_each, parse_constant=_no_constant)
    return value


def deepest(content: bytes) -> int:
    """Return how deep the brackets of a JSON document are nested, whether or not they match."""
    depth = most = 0
    for bracket in _BRACKETS.findall(_TEXT.sub(b"", content)):
        depth += 1 if bracket in b"[{" else -1
        most = max(most, depth)
    return most


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")
