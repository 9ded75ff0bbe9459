"""Writes messages: elements in the order of their definition, one namespace, UTF-8, the same bytes every time."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime

from lxml import etree

from api.iso20022.definition import NAMESPACE_PREFIX, Group, MessageDefinition, Reference
from api.iso20022.schema import members_of
from api.iso20022.tree import children, name_of, namespace_of, tags_at

ENVELOPE_NAMESPACE = "urn:swift:xsd:envelope"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def new_root(identifier: str, tag: str = "Document") -> etree._Element:
    """An empty root element of a message, in its namespace and without a prefix."""
    namespace = NAMESPACE_PREFIX + identifier
    return etree.Element(f"{{{namespace}}}{tag}", nsmap={None: namespace})


def add(parent: etree._Element, path: str, text: str | None = None) -> etree._Element:
    """Append the elements of `path` below `parent`, the last with `text`; returns the last.

    Characters that XML cannot carry become question marks.
    """
    node = parent
    for tag in tags_at(parent, path):
        node = etree.SubElement(node, tag)
    if text is not None:  # what can be printed is what XML carries: most texts need no second look
        node.text = text if text.isprintable() else _NOT_XML.sub("?", text)
    return node


def add_if(parent: etree._Element, path: str, text: str | None) -> None:
    """Append the elements of `path` with `text`, where there is any."""
    if text:
        add(parent, path, text)


def put(parent: etree._Element, child: etree._Element, order: tuple[str, ...]) -> None:
    """Insert `child` where `order`, the names of the parent's elements, wants it; replaces its namesakes."""
    name, position = name_of(child), 0
    rank = order.index(name)
    for node in list(children(parent)):
        beside = name_of(node)
        if beside == name:
            parent.remove(node)
        elif order.index(beside) < rank:
            position += 1
    parent.insert(position, child)


def order_at(definition: MessageDefinition, path: str) -> tuple[str, ...]:
    """The names of the elements that may stand at `path` below the root, in their order."""
    orders = definition.orders
    if path not in orders:
        orders[path] = _order_at(definition, path)
    return orders[path]


def _order_at(definition: MessageDefinition, path: str) -> tuple[str, ...]:
    group = definition.body
    for step in path.split("/"):
        element = next(member for member in members_of(group, definition.parts) if member.tag == step)
        content = element.content
        if isinstance(content, Reference):
            content = definition.parts[content.name]
        if not isinstance(content, Group):
            raise TypeError(f"{path} holds no elements")
        group = content
    return tuple(member.tag for member in members_of(group, definition.parts))


def plain_copy(node: etree._Element, namespace: str | None = None) -> etree._Element:
    """The same content without prefixes, comments, instructions and layout, in `namespace` where one is given.

    What another namespace put inside, such as supplementary data, is copied untouched. Elements are made anew
    in their namespace: lxml serialises wrongly what is renamed into the namespace of a new parent.
    """
    target = namespace_of(node) if namespace is None else namespace
    result = etree.Element(f"{{{target}}}{name_of(node)}", _own_attributes(node), nsmap={None: target})
    _copy_into(result, node, (namespace_of(node), target))
    return result


def _copy_into(result: etree._Element, node: etree._Element, spaces: tuple[str, str]) -> None:
    """Copy what is below; `spaces` are the namespaces of `node` and of `result`, the same at every depth."""
    below = list(children(node))
    if not below:
        result.text = _text_of(node)
    space, target = spaces
    for child in below:
        if namespace_of(child) == space:
            copied = etree.SubElement(result, f"{{{target}}}{name_of(child)}", _own_attributes(child))
            _copy_into(copied, child, spaces)
        else:
            foreign = copy.deepcopy(child)
            foreign.tail = None
            result.append(foreign)


def _text_of(node: etree._Element) -> str:
    """A leaf's text, put together again where a comment cut it."""
    text = node.text or ""
    return text + "".join(child.tail or "" for child in node) if len(node) else text


def _own_attributes(node: etree._Element) -> dict[str, str]:
    """Attributes without a namespace; schema locations and the like are about the file, not the message."""
    return {str(name): str(value) for name, value in node.items() if not str(name).startswith("{")}


def serialise(document: etree._Element, header: etree._Element | None = None) -> bytes:
    """The bytes of a message: a bare Document, or with its header in the SWIFT envelope; ends with a line feed."""
    root = document
    if header is not None:
        root = etree.Element(f"{{{ENVELOPE_NAMESPACE}}}Envelope", nsmap={None: ENVELOPE_NAMESPACE})
        root.append(header)
        root.append(document)
    if next(root.iter("{*}Envlp"), None) is None:
        etree.indent(root)
    else:
        _indent(root, 0)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _indent(node: etree._Element, depth: int) -> None:
    """Lay out our own elements; what is inside of supplementary data stays as it is."""
    below = list(children(node))
    if not below or name_of(node) == "Envlp":
        return
    outer = "\n" + "  " * depth
    inner = outer + "  "
    for child in below:
        if len(child):
            _indent(child, depth + 1)
        child.tail = inner
    node.text, below[-1].tail = inner, outer


def timestamp(moment: datetime) -> str:
    """A moment as messages write it: UTC with its offset, which CBPR+ wants instead of Z, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
