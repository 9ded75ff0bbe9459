"""Amounts as messages write them, exactly: `.5`, `+5.00` and `00005.10` are all legal and all numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from lxml import etree

from api.iso20022.reference_data import currencies
from node.domain.money import Money, money


@dataclass(frozen=True)
class Amount:
    """An amount before anyone has checked that its currency exists and can hold so many decimals."""

    number: Decimal
    currency: str


def amount_of(node: etree._Element) -> Amount:
    """The amount that an element holds; the schema has seen to it that it is a number with a currency."""
    return Amount(number_of(node.text or ""), node.get("Ccy", ""))


def number_of(text: str) -> Decimal:
    """A decimal number of XML Schema, exact at any length."""
    return Decimal(text.strip())


def money_of(amount: Amount) -> Money:
    """The amount as money; raises KeyError for an unknown currency and TooManyDecimals for too fine a number."""
    return money(amount.number, currencies()[amount.currency])


def rate_of(text: str) -> tuple[Fraction, Fraction]:
    """An exchange rate and the size of its last written digit, which is how precise it claims to be."""
    number = number_of(text)
    exponent = number.as_tuple().exponent
    digits = exponent if isinstance(exponent, int) else 0
    return Fraction(number), Fraction(10) ** min(digits, 0)
