"""Reads the indented notation of `definitions/` into definitions.

The notation is described in definitions/README.txt; a line that does not follow it is refused with its number,
because a definition that is read wrongly would accept wrong money.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from api.iso20022.definition import (
    Anything,
    BuiltIn,
    Content,
    Element,
    Group,
    Include,
    Money,
    Number,
    Reference,
    Text,
)

_BUILT_IN = {
    "date": "date",
    "datetime": "dateTime",
    "time": "time",
    "year": "gYear",
    "month": "gYearMonth",
    "yesno": "boolean",
}
_ELEMENT = re.compile(r"(?P<tag>[A-Za-z][A-Za-z0-9.]*)(?P<mark>[?*+]|\{\d+,\d+\})?(?: (?P<spec>.+))?")
_CARDINALITY: dict[str | None, tuple[int, int | None]] = {
    None: (1, 1),
    "?": (0, 1),
    "*": (0, None),
    "+": (1, None),
}


class NotationError(ValueError):
    """A line of a definition file that does not follow the notation."""


@dataclass(frozen=True)
class Line:
    """One line of a definition file without its indentation."""

    number: int
    depth: int
    text: str


@dataclass(frozen=True)
class DefinitionFile:
    """What one file defines: parts and types by name, and at most one message (identifier, root, body).

    `uses` says which parts stand for others in this message: a release's own form of an account, say.
    """

    parts: dict[str, Content]
    uses: dict[str, str]
    message: tuple[str, str, Group] | None


def read_definitions(source: str) -> DefinitionFile:
    """Everything that the text of one definition file defines; raises NotationError with the line's number."""
    lines = _lines(source)
    parts: dict[str, Content] = {}
    uses: dict[str, str] = {}
    message: tuple[str, str, Group] | None = None
    position = 0
    while position < len(lines):
        head = lines[position]
        words = head.text.split(" ")
        members, position = _members(lines, position + 1, head.depth + 1)
        if words[0] == "type" and words[2:3] == ["="]:
            parts[words[1]] = _simple(head, " ".join(words[3:]))
        elif words[0] == "use" and words[2:3] == ["="]:
            uses[words[1]] = words[3]
        elif words[0] == "part":
            parts[words[1]] = Group(members, is_choice=words[2:] == ["one", "of"])
        elif words[0] == "message":
            message = (words[1], words[2], Group(members))
        else:
            raise NotationError(f"line {head.number}: expected type, use, part or message: {head.text}")
    return DefinitionFile(parts, uses, message)


def _lines(source: str) -> list[Line]:
    lines = []
    for number, raw in enumerate(source.splitlines(), start=1):
        text = raw.strip()
        indentation = len(raw) - len(raw.lstrip(" "))
        if not text or text.startswith("#"):
            continue
        if indentation % 2:
            raise NotationError(f"line {number}: indentation of {indentation} is not a multiple of two")
        lines.append(Line(number, indentation // 2, text))
    return lines


def _members(lines: list[Line], position: int, depth: int) -> tuple[tuple[Element | Include, ...], int]:
    """The elements at `depth` from `position` on, and the position of the first line after them."""
    members: list[Element | Include] = []
    while position < len(lines) and lines[position].depth >= depth:
        line = lines[position]
        if line.depth > depth:
            raise NotationError(f"line {line.number}: indented too far: {line.text}")
        below, position = _members(lines, position + 1, depth + 1)
        members.append(_member(line, below))
    return tuple(members), position


def _member(line: Line, below: tuple[Element | Include, ...]) -> Element | Include:
    if line.text.startswith("include "):
        return Include(line.text.removeprefix("include "))
    match = _ELEMENT.fullmatch(line.text)
    if match is None:
        raise NotationError(f"line {line.number}: not an element: {line.text}")
    least, most = _cardinality(match["mark"])
    content = _content(line, match["spec"], below)
    return Element(match["tag"], least, most, content)


def _cardinality(mark: str | None) -> tuple[int, int | None]:
    if mark is not None and mark.startswith("{"):
        least, most = mark[1:-1].split(",")
        return int(least), int(most)
    return _CARDINALITY[mark]


def _content(line: Line, spec: str | None, below: tuple[Element | Include, ...]) -> Content:
    is_group = spec in (None, "one of")
    if is_group != bool(below):
        raise NotationError(f"line {line.number}: a group needs elements below it, others have none: {line.text}")
    if is_group:
        return Group(below, is_choice=spec == "one of")
    return _simple(line, spec or "")


def _simple(line: Line, spec: str) -> Content:
    """The content that a SPEC without elements below it stands for."""
    word, _, rest = spec.partition(" ")
    if word in _BUILT_IN and (not rest or rest.startswith("match ")):
        return BuiltIn(_BUILT_IN[word], rest.removeprefix("match ") or None)
    if word in _SHAPES:
        return _SHAPES[word](rest)
    if rest or not word[:1].isupper():
        raise NotationError(f"line {line.number}: unknown content: {spec}")
    return Reference(word)


def _text(rest: str) -> Text:
    longest, _, pattern = rest.partition(" match ")
    return Text(1, int(longest), pattern or None) if longest else Text()


def _number(rest: str) -> Number:
    digits, _, minimum = rest.partition(" min ")
    total, fraction = digits.split(".")
    return Number(int(total), int(fraction), int(minimum) if minimum else None)


def _coded(rest: str) -> Group:
    """A code of an external list, or the institution's own word for it: the commonest choice of all."""
    code = Element("Cd", 1, 1, Text(1, int(rest)))
    proprietary = Element("Prtry", 1, 1, Text(1, 35))
    return Group((code, proprietary), is_choice=True)


_SHAPES: dict[str, Callable[[str], Content]] = {
    "text": _text,
    "match": lambda rest: Text(pattern=rest),
    "binary": lambda rest: Text(1, int(rest), base="base64Binary"),
    "codes": lambda rest: Text(codes=tuple(rest.split(" "))),
    "decimal": _number,
    "money": lambda rest: Money(rest or "Amount"),
    "coded": _coded,
    "whatever": lambda _: Anything(is_skipped=True),
    "anything": lambda rest: Anything(rest or None),
}
