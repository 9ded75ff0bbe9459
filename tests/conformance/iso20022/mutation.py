"""Breaks messages at random, but the same way for the same seed: what an oracle and we must judge alike."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random

from lxml import etree

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_VALUES = (
    *("", " ", "0", "-1", "-0", ".5", "5.", "+5.00", "00005.10", " 5.00 ", "1,000.00", "1e3", "NaN", "INF"),
    *("123456789012345678", "1234567890123456789", "0.123456", "0.12345", "9999999999999.99999", "1 000"),
    *("2023-02-30", "2024-02-29", "2024-02-29Z", "2024-02-29+14:00", "2024-02-29+15:00"),
    *("0000-01-01", "-0001-01-01", "10000-01-01", "2024-13-01", "2024-02", "2024"),
    *("2024-02-29T24:00:00", "2024-02-29T23:59:60", "2024-02-29T10:00:00.123456789Z", "2024-2-9", "20240229"),
    *("10:00:00", "24:00:00", "25:00:00", "true", "TRUE", "1", "yes", "\u0416\u00e9", "a" * 36, "a" * 71),
    *("a" * 141, "a" * 351, "a" * 2049, "CHF", "chf", "XXXX", "CRED", "SHAR", "SLEV", "CLRG", "clrg", "DEUTDEFF"),
    *("DEUTDEFFXXX", "DEUTDEFFXX", "529900T8BM49AURSDO55", "DE89370400440532013000", "+49-123", "+49 123"),
    *("8a562c67-ca16-48ba-b074-65581be6f001", "8A562C67-CA16-48BA-B074-65581BE6F001", "a\nb", "\ta", "a\u00a0b"),
)


def mutate(root: etree._Element, random: Random) -> str:
    """Break `root` in one place; returns what was done, for the message of a failing test."""
    elements = [node for node in root.iter() if isinstance(node.tag, str)]
    element = random.choice(elements)
    operation = random.choice(_OPERATIONS)
    operation(element, random)
    return f"{operation.__name__} at {etree.QName(element).localname}"


def drop(element: etree._Element, random: Random) -> None:
    """The element is missing."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def duplicate(element: etree._Element, random: Random) -> None:
    """The element stands twice, or eleven times."""
    for _ in range(random.choice((1, 1, 6, 10))):
        if element.getparent() is not None:
            element.addnext(copy.deepcopy(element))


def move(element: etree._Element, random: Random) -> None:
    """The element stands elsewhere below its parent."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
        parent.insert(random.randint(0, len(parent)), element)


def rename(element: etree._Element, random: Random) -> None:
    """The element has another element's name, or a name in the wrong case."""
    name = etree.QName(element)
    others = [node.tag for node in element.getroottree().getroot().iter() if isinstance(node.tag, str)]
    lower = f"{{{name.namespace}}}{name.localname.lower()}"
    element.tag = random.choice([lower, str(random.choice(others)), str(random.choice(others))])


def graft(element: etree._Element, random: Random) -> None:
    """A copy of another element of the message stands below this one."""
    others = [node for node in element.getroottree().getroot().iter() if isinstance(node.tag, str)]
    element.insert(random.randint(0, len(element)), copy.deepcopy(random.choice(others)))


def empty(element: etree._Element, random: Random) -> None:
    """The element has lost its content."""
    element.text = None
    for child in list(element):
        element.remove(child)


def value(element: etree._Element, random: Random) -> None:
    """A leaf below the element holds something of another kind."""
    leaf = _leaf(element, random)
    leaf.text = random.choice(_VALUES)


def stretch(element: etree._Element, random: Random) -> None:
    """A leaf's text is longer, shorter, padded, or in the other case."""
    leaf = _leaf(element, random)
    text = leaf.text or ""
    padded = (f" {text}", f"{text} ", f"{text}\u00e4", f"{text}1")
    leaf.text = random.choice((*padded, text * 2, text[:-1], text.swapcase()))


def attribute(element: etree._Element, random: Random) -> None:
    """An attribute is added, lost or changed."""
    money = [node for node in element.getroottree().getroot().iter() if node.get("Ccy")]
    target = random.choice([*money, element])
    choices = (("Ccy", "EUR"), ("Ccy", "eur"), ("Ccy", "EURO"), ("Ccy", ""), ("note", "x"), (f"{XSI}nil", "true"))
    name, text = random.choice(choices)
    if target.attrib and random.random() < 0.3:
        target.attrib.clear()
    else:
        target.set(name, text)


def foreign(element: etree._Element, random: Random) -> None:
    """An element of another namespace, or of none, stands among the children."""
    tag = random.choice(("{urn:example:other}Extra", "Extra", "{http://www.w3.org/2000/09/xmldsig#}Signature"))
    element.insert(random.randint(0, len(element)), etree.Element(tag))


def namespace(element: etree._Element, random: Random) -> None:
    """The element is of another namespace, or of none."""
    local = etree.QName(element).localname
    element.tag = random.choice((local, f"{{urn:example:other}}{local}"))


def noise(element: etree._Element, random: Random) -> None:
    """A comment, an instruction or stray text that most schemas let through or do not."""
    kind = random.randrange(3)
    if kind == 0:
        element.insert(0, etree.Comment("note"))
    elif kind == 1:
        element.insert(0, etree.ProcessingInstruction("note", "x"))
    elif len(element):
        element[0].tail = random.choice(("stray", "\n\t ", "\u00a0"))


def _leaf(element: etree._Element, random: Random) -> etree._Element:
    leaves = [node for node in element.iter() if isinstance(node.tag, str) and len(node) == 0]
    return random.choice(leaves or [element])


_OPERATIONS: tuple[Callable[[etree._Element, Random], None], ...] = (
    *(drop, duplicate, move, rename, graft, empty, value, value, value, stretch, stretch),
    *(attribute, foreign, namespace, noise),
)
