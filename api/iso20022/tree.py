"""Walks message trees by element names alone, and says where in a message an element stands.

A path is the names below Document joined by `/`, the way people write it: `GrpHdr/MsgId`. Within one message
all names are of one namespace, so the namespace is taken from the element a walk starts at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from lxml import etree

_SHOWN_LENGTH = 100


def namespace_of(node: etree._Element) -> str:
    """The namespace of an element, empty where it has none."""
    tag = str(node.tag)
    return tag[1 : tag.index("}")] if tag[0] == "{" else ""


def name_of(node: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(node.tag).rpartition("}")[2]


def find(node: etree._Element, path: str) -> etree._Element | None:
    """The first element at `path` below `node`, or None."""
    first, *further = tags_at(node, path)
    return _first_at(node, first, further)


def _first_at(node: etree._Element, tag: str, further: Sequence[str]) -> etree._Element | None:
    """As `node.find` does it, in half the time: messages are asked a hundred times."""
    if not further:
        return next(node.iterchildren(tag), None)
    for child in node.iterchildren(tag):
        found = _first_at(child, further[0], further[1:])
        if found is not None:
            return found
    return None


def required(node: etree._Element, path: str) -> etree._Element:
    """The element at `path`, which the schema requires; raises LookupError where a validated message lacks it."""
    found = find(node, path)
    if found is None:
        raise LookupError(f"{name_of(node)} has no {path}, which the schema requires")
    return found


def find_all(node: etree._Element, path: str) -> list[etree._Element]:
    """Every element at `path` below `node`, in order."""
    return node.findall("/".join(tags_at(node, path)))


def text_at(node: etree._Element, path: str) -> str | None:
    """The text at `path`, or None where there is no such element; white space at the ends is not content."""
    found = find(node, path)
    return None if found is None else (found.text or "").strip()


def children(node: etree._Element) -> Iterator[etree._Element]:
    """The child elements of a node: no comments, no instructions."""
    return node.iterchildren("*")


def path_of(node: etree._Element, top: etree._Element) -> str:
    """Where `node` stands below `top`, with a position where its name is repeated: `CdtTrfTxInf[2]/ChrgBr`."""
    steps: list[str] = []
    current: etree._Element | None = node
    while current is not None and current is not top:
        steps.append(_step(current))
        current = current.getparent()
    return "/".join(reversed(steps)) or name_of(top)


def shown(value: str | None) -> str | None:
    """A value cut to a length that can be shown in an answer, its white space made visible as single spaces."""
    if value is None:
        return None
    plain = " ".join(value.split()) if value.strip() else value[:3]
    return plain if len(plain) <= _SHOWN_LENGTH else plain[: _SHOWN_LENGTH - 1] + "…"


def _step(node: etree._Element) -> str:
    name = name_of(node)
    parent = node.getparent()
    if parent is None:
        return name
    twins = [child for child in parent if child.tag == node.tag]
    return name if len(twins) == 1 else f"{name}[{twins.index(node) + 1}]"


def tags_at(node: etree._Element, path: str) -> tuple[str, ...]:
    """The tags of the elements of `path` below a node: its names in the node's namespace."""
    return _steps(str(node.tag), path)


@lru_cache(maxsize=4096)
def _steps(tag: str, path: str) -> tuple[str, ...]:
    """The tags of a path below an element of this tag; a message asks for the same few hundred again and again."""
    namespace = tag[: tag.index("}") + 1] if tag[0] == "{" else ""
    return tuple(namespace + step for step in path.split("/"))
