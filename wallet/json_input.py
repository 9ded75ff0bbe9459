"""JSON from outside, read without trust: bounded in size and in objects, and no name twice in one object.

The bound on objects is also one on depth. It matters: the Ethereum libraries lift Python's recursion limit so far
that deeply nested JSON ends the process instead of the parsing.
"""

from __future__ import annotations

import json


def parse_json(content: bytes, *, most_bytes: int, most_objects: int = 64) -> object:
    """Return the value of a JSON document in UTF-8. Raises ValueError with a sentence."""
    if len(content) > most_bytes:
        raise ValueError(f"larger than {most_bytes} bytes")
    if content.count(b"[") + content.count(b"{") > most_objects:
        raise ValueError(f"more than {most_objects} objects and lists")
    value: object = json.loads(content.decode(), object_pairs_hook=_once_each, parse_constant=_no_constant)
    return value


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")
