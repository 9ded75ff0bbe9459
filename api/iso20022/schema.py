"""Compiles a message definition into an XML Schema, which libxml2 then validates with.

The schema text exists in memory only. Parts become named types, so that a part used forty times compiles once.
"""

from __future__ import annotations

from lxml import etree

from api.iso20022.definition import (
    Anything,
    BuiltIn,
    Content,
    Element,
    Group,
    Include,
    MessageDefinition,
    Money,
    Number,
    Reference,
    Text,
)

XS = "http://www.w3.org/2001/XMLSchema"
_CURRENCY = Text(pattern="[A-Z]{3}")


def compile_schema(definition: MessageDefinition) -> etree.XMLSchema:
    """The validator of a message; raises KeyError where the definition names a part that does not exist."""
    return etree.XMLSchema(schema_document(definition))


def schema_document(definition: MessageDefinition) -> etree._Element:
    """The XML Schema of a message as a tree."""
    schema = etree.Element(
        _xs("schema"),
        {"elementFormDefault": "qualified", "targetNamespace": definition.namespace},
        nsmap={"xs": XS, "m": definition.namespace},
    )
    root = _add(schema, "element", name=definition.root)
    writer = _Writer(definition.parts)
    writer.write_type(root, definition.body)
    while writer.pending:
        name = writer.pending.pop()
        writer.write_type(schema, definition.parts[name], name=name)
    return schema


class _Writer:
    """Writes contents as types and notes every part that they refer to."""

    def __init__(self, parts: dict[str, Content]) -> None:
        self.parts = parts
        self.pending: list[str] = []
        self._reached: set[str] = set()

    def write_type(self, parent: etree._Element, content: Content, name: str | None = None) -> None:
        """Append the type of `content` to `parent`, anonymous unless it has a name."""
        attributes = {} if name is None else {"name": name}
        match content:
            case Text() | Number() | BuiltIn(_, str()):
                _restrict(_add(parent, "simpleType", **attributes), content)
            case Money(base):
                self._reach(base)
                _write_money(_add(parent, "complexType", **attributes), base)
            case Group():
                self._write_group(_add(parent, "complexType", **attributes), content)
            case BuiltIn() | Reference() | Anything():
                raise TypeError(f"{content} has no type of its own")

    def _write_group(self, parent: etree._Element, group: Group) -> None:
        particle = _add(parent, "choice" if group.is_choice else "sequence")
        for element in members_of(group, self.parts):
            self._write_element(particle, element)

    def _write_element(self, particle: etree._Element, element: Element) -> None:
        if isinstance(element.content, Anything):
            namespace = element.content.namespace or "##any"
            processing = "skip" if element.content.is_skipped else "lax"
            _add(particle, "any", namespace=namespace, processContents=processing)
            return
        most = "unbounded" if element.most is None else str(element.most)
        node = _add(particle, "element", name=element.tag, minOccurs=str(element.least), maxOccurs=most)
        match element.content:
            case BuiltIn(name, None):
                node.set("type", f"xs:{name}")
            case Reference(name):
                self._reach(name)
                node.set("type", f"m:{name}")
            case content:
                self.write_type(node, content)

    def _reach(self, name: str) -> None:
        if name not in self._reached:
            self._reached.add(name)
            self.pending.append(name)


def members_of(group: Group, parts: dict[str, Content]) -> list[Element]:
    """The elements of a group with everything it includes in its place."""
    elements: list[Element] = []
    for member in group.members:
        if isinstance(member, Include):
            included = parts[member.name]
            if not isinstance(included, Group):
                raise TypeError(f"{member.name} is not a part that can be included")
            elements += members_of(included, parts)
        else:
            elements.append(member)
    return elements


def _write_money(node: etree._Element, base: str) -> None:
    """An amount with its currency: XML Schema wants the restriction as a type of its own below an extension."""
    extension = _add(_add(node, "simpleContent"), "extension", base=f"m:{base}")
    attribute = _add(extension, "attribute", name="Ccy", use="required")
    _restrict(_add(attribute, "simpleType"), _CURRENCY)


def _restrict(node: etree._Element, content: Text | Number | BuiltIn) -> None:
    base, facets = _facets(content)
    restriction = _add(node, "restriction", base=f"xs:{base}")
    for facet, value in facets:
        _add(restriction, facet, value=str(value))


def _facets(content: Text | Number | BuiltIn) -> tuple[str, list[tuple[str, str | int]]]:
    """The base type and the facets that apply, in the order in which faults should be told."""
    match content:
        case Number(total, fraction, minimum):
            facets = [("totalDigits", total), ("fractionDigits", fraction), ("minInclusive", minimum)]
            return "decimal", [(name, value) for name, value in facets if value is not None]
        case BuiltIn(name, pattern):
            return name, [("pattern", pattern)] if pattern else []
        case Text(shortest, longest, pattern, codes, base):
            limits = [("pattern", pattern), ("minLength", shortest), ("maxLength", longest)]
            applying = [(name, value) for name, value in limits if value is not None]
            return base, [*(("enumeration", code) for code in codes), *applying]


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, _xs(tag), attributes)


def _xs(tag: str) -> str:
    return f"{{{XS}}}{tag}"
