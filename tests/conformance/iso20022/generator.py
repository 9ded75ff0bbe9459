"""Makes random messages that are valid by a definition: what the corpus lacks, and what nobody would send."""

from __future__ import annotations

from random import Random

from lxml import etree

from api.iso20022.definition import (
    Anything,
    BuiltIn,
    Content,
    Element,
    Group,
    MessageDefinition,
    Money,
    Number,
    Reference,
    Text,
)
from api.iso20022.schema import members_of

_OF_PATTERN = {
    "[A-Z]{2}": ("CN", "AE", "DE"),
    "[A-Z]{3}": ("CNY", "AED", "JPY"),
    "[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?": ("CRDACNSH", "CRDBAEADXXX"),
    "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?": ("CRDACNSH", "CRDBAEADXXX"),
    "[A-Z0-9]{18}[0-9]{2}": ("529900T8BM49AURSDO55",),
    "[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}": ("AE070331234567890123456", "DE89370400440532013000"),
    "[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}": (
        "3f1c2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41",
    ),
    r"\+[0-9]{1,3}-[0-9()+\-]{1,30}": ("+86-21-5555", "+971-(4)555"),
    "[0-9]{1,15}": ("1", "000123456789012"),
    "[0-9]{2}": ("07",),
    "[0-9]{1,5}": ("1", "12345"),
    r"\+?[0-9]{1,15}": ("+3", "0"),
    "[A-Z]{2}[A-Z0-9]{9}[0-9]": ("US0378331005",),
    "[A-Z0-9]{12}": ("US0378331005",),
    "[a-zA-Z0-9]{4}": ("Ab12",),
    "[0-9]{3}": ("156",),
    "[0-9]{1,3}": ("1", "999"),
    "[0-9]{8,28}": ("4111111111111111",),
    "[0-9]{2,3}": ("01",),
    "[0-9]{3,4}": ("123",),
    "[0-9]": ("1",),
    "[a-z]{2}": ("zh",),
    "[a-zA-Z0-9]{1,4}": ("A1",),
    "[0-9a-fA-F]+": ("0aF",),
    "([0-9A-F][0-9A-F]){32}": ("0A" * 32,),
    ".*Z": ("2026-11-23T09:00:00Z",),
}
_OF_TYPE = {
    "date": ("2026-11-23", "2024-02-29+14:00"),
    "dateTime": ("2026-11-23T09:00:00+08:00", "2026-11-23T09:00:00.123Z"),
    "time": ("09:00:00", "23:59:59.9Z"),
    "gYear": ("2026",),
    "gYearMonth": ("2029-12",),
    "boolean": ("true", "0"),
}


def generate(definition: MessageDefinition, random: Random, density: float) -> etree._Element:
    """A message; `density` is how likely an optional element is, before it gets rarer with depth."""
    root = etree.Element(f"{{{definition.namespace}}}{definition.root}", nsmap={None: definition.namespace})
    _Generator(definition, random, density).fill(root, definition.body, 0)
    return root


class _Generator:
    def __init__(self, definition: MessageDefinition, random: Random, density: float) -> None:
        self.definition = definition
        self.random = random
        self.density = density

    def fill(self, node: etree._Element, content: Content, depth: int) -> None:
        match content:
            case Reference(name):
                self.fill(node, self.definition.parts[name], depth)
            case Group():
                members = members_of(content, self.definition.parts)
                for element in [self.random.choice(members)] if content.is_choice else members:
                    self._repeat(node, element, depth, at_least_one=content.is_choice)
            case Money(base):
                node.set("Ccy", "CNY")
                self.fill(node, self.definition.parts[base], depth)
            case _:
                node.text = self._value(content)

    def _repeat(self, node: etree._Element, element: Element, depth: int, *, at_least_one: bool) -> None:
        count = max(element.least, int(at_least_one))
        if count == 0 and self.random.random() < self.density / (1 + depth / 4):
            count = 1
        if count and (element.most is None or count < element.most) and self.random.random() < 0.1:
            count += 1
        for _ in range(count):
            if isinstance(element.content, Anything):
                tag = f"{{{element.content.namespace or 'urn:example:any'}}}Any"
                etree.SubElement(node, tag).text = "kept"
                continue
            child = etree.SubElement(node, f"{{{self.definition.namespace}}}{element.tag}")
            self.fill(child, element.content, depth + 1)

    def _value(self, content: Content) -> str:
        match content:
            case Text(codes=codes) if codes:
                return self.random.choice(codes)
            case Text(pattern=str(pattern)) | BuiltIn(pattern=str(pattern)):
                return self.random.choice(_OF_PATTERN[pattern])
            case Text(base="base64Binary"):
                return "QUJD"
            case Text(maximum_length=longest):
                return "x" * self.random.choice((1, min(longest or 8, 8), min(longest or 8, 300)))
            case Number(total, fraction):
                whole = "1" * self.random.randint(1, max(1, min(total - fraction, 12)))
                return whole + ("." + "5" * self.random.randint(1, min(fraction, 2)) if fraction else "")
            case BuiltIn(name):
                return self.random.choice(_OF_TYPE[name])
        raise TypeError(f"no value for {content}")
