"""A message definition as a value: elements in order, how often each may stand, and what each may hold.

It is read from the indented text in `definitions/` (its README.txt describes the notation) and written out by
`schema.py`; nothing else knows the notation.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """Text of one of the shapes ISO 20022 knows; facets that are None do not apply.

    `base` is the type of XML Schema behind it: `string`, or `base64Binary`, whose length is in bytes.
    """

    minimum_length: int | None = None
    maximum_length: int | None = None
    pattern: str | None = None
    codes: tuple[str, ...] = ()
    base: str = "string"


@dataclass(frozen=True)
class Number:
    """A decimal number of at most `total_digits`, `fraction_digits` of them after the point."""

    total_digits: int
    fraction_digits: int
    minimum: int | None = None


@dataclass(frozen=True)
class Money:
    """A number of the type `base` with the attribute Ccy, a currency code, beside it."""

    base: str = "Amount"


@dataclass(frozen=True)
class BuiltIn:
    """A type that XML Schema itself defines, such as a date; `name` is its name there.

    A `pattern` narrows how it may be written: `.*Z` for moments in UTC.
    """

    name: str
    pattern: str | None = None


@dataclass(frozen=True)
class Anything:
    """One element of any kind, or of `namespace` where one is given; `is_skipped` means nobody looks into it."""

    namespace: str | None = None
    is_skipped: bool = False


@dataclass(frozen=True)
class Reference:
    """A type or part defined elsewhere by name."""

    name: str


@dataclass(frozen=True)
class Element:
    """One element of a part; `most` is None where any number may follow."""

    tag: str
    least: int
    most: int | None
    content: Content


@dataclass(frozen=True)
class Include:
    """All elements of the part `name` stand here."""

    name: str


@dataclass(frozen=True)
class Group:
    """Elements in a fixed order or, where `is_choice`, exactly one of them."""

    members: tuple[Element | Include, ...]
    is_choice: bool = False


Content = Text | Number | Money | BuiltIn | Anything | Reference | Group


@dataclass(frozen=True)
class MessageDefinition:
    """One message: its identifier (`pacs.008.001.08`), its root element and every part it can reach."""

    identifier: str
    root: str
    body: Group
    parts: dict[str, Content]
    orders: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)  # found so far

    @property
    def namespace(self) -> str:
        """The target namespace of the message, which names its identifier."""
        return NAMESPACE_PREFIX + self.identifier


NAMESPACE_PREFIX = "urn:iso:std:iso:20022:tech:xsd:"
