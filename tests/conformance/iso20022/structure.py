"""Compares two XML Schemas particle by particle, whatever their types are called.

Two schemas that pass have the same grammar: same names, order, cardinality, choices, bases and facets all the
way down, so no message can tell them apart. Only the names of types differ, which a message sees in xsi:type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
_ATTRIBUTES = (("minOccurs", "1"), ("maxOccurs", "1"), ("namespace", ""), ("processContents", ""))


def differences(ours: etree._Element, official: etree._Element) -> Iterator[str]:
    """Each place where the two schemas differ, with its path."""
    yield from _Comparison(ours, official).roots()


class _Comparison:
    def __init__(self, ours: etree._Element, official: etree._Element) -> None:
        self.schemas = (ours, official)
        self.types = tuple({t.get("name"): t for t in schema if t.get("name")} for schema in self.schemas)
        self.seen: set[tuple[object, object]] = set()

    def roots(self) -> Iterator[str]:
        mine, theirs = (schema.find(f"{XS}element") for schema in self.schemas)
        assert mine is not None
        assert theirs is not None
        for attribute in ("targetNamespace", "elementFormDefault"):
            if self.schemas[0].get(attribute) != self.schemas[1].get(attribute):
                yield f"{attribute} differs"
        yield from self._elements("", mine, theirs)

    def _elements(self, path: str, mine: etree._Element, theirs: etree._Element) -> Iterator[str]:
        if mine.tag != theirs.tag or mine.get("name") != theirs.get("name"):
            yield f"{path}: {_label(mine)} is {_label(theirs)} officially"
            return
        here = f"{path}/{mine.get('name', '*')}"
        for attribute, default in _ATTRIBUTES:
            pair = [node.get(attribute, default) for node in (mine, theirs)]
            if pair[0] != pair[1]:
                yield f"{here}: {attribute} {pair[0]} is {pair[1]} officially"
        if mine.tag == f"{XS}element":
            yield from self._types(here, self._type(0, mine), self._type(1, theirs))

    def _type(self, side: int, node: etree._Element) -> etree._Element | str:
        name = node.get("type") or node.get("base")
        if name is None:
            return node[0]
        if name.startswith("xs:"):
            return name
        return self.types[side][name.split(":")[-1]]

    def _types(self, path: str, mine: etree._Element | str, theirs: etree._Element | str) -> Iterator[str]:
        if (mine, theirs) in self.seen:
            return
        self.seen.add((mine, theirs))
        shapes = self._shape(0, mine), self._shape(1, theirs)
        if shapes[0] != shapes[1]:
            yield f"{path}: {shapes[0]} is {shapes[1]} officially"
        elif not isinstance(mine, str) and not isinstance(theirs, str) and shapes[0] in ("sequence", "choice"):
            yield from self._particles(path, _particle(mine), _particle(theirs))

    def _particles(self, path: str, mine: etree._Element, theirs: etree._Element) -> Iterator[str]:
        names = [[_label(node) for node in particle] for particle in (mine, theirs)]
        if names[0] != names[1]:
            yield f"{path}: elements {names[0]} are {names[1]} officially"
            return
        for one, other in zip(mine, theirs, strict=True):
            yield from self._elements(path, one, other)

    def _shape(self, side: int, node: etree._Element | str) -> object:
        """What a type is: a base and its facets, or the kind of its particle."""
        if isinstance(node, str):
            return (node, ())
        if node.tag == f"{XS}simpleType":
            return self._facets(side, node[0])
        if node[0].tag == f"{XS}simpleContent":
            extension = node[0][0]
            attribute = extension[0]
            return (
                "extension",
                self._shape(side, self._type(side, extension)),
                attribute.get("name"),
                attribute.get("use"),
                self._shape(side, self._type(side, attribute)),
            )
        return _local(_particle(node))

    def _facets(self, side: int, restriction: etree._Element) -> object:
        base = restriction.get("base")
        facets = {(etree.QName(facet).localname, _plain(facet.get("value", ""))) for facet in restriction}
        return (base, tuple(sorted(facets)))


def _particle(node: etree._Element) -> etree._Element:
    """A type's particle; older schemas wrap a choice in a sequence of one, which says the same."""
    particle = node[0]
    while particle.tag == f"{XS}sequence" and [child.tag for child in particle] == [f"{XS}choice"]:
        particle = particle[0]
    return particle


def _plain(pattern: str) -> str:
    r"""A pattern in one of its several equal spellings: {4,4} is {4}, {0,1} is ?, [\+] is \+."""
    pattern = re.sub(r"\{(\d+),\1\}", r"{\1}", pattern)
    return pattern.replace("{0,1}", "?").replace("{1}", "").replace("[\\+]", "\\+").replace("[+]", "\\+")


def _label(node: etree._Element) -> str:
    return node.get("name") or _local(node)


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname
