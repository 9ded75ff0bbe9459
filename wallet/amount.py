"""Amounts as people write them and as tokens count them: decimal text with a currency, integer minor units.

Never through a float: "0.1" of two decimals is 10 minor units and nothing near it.
"""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,59})(?:\.([0-9]{1,30}))?")


class BadAmount(ValueError):
    """A text that is no amount of this currency; says why."""


def parse_amount(text: str, decimals: int) -> int:
    """Return the minor units of `text`, such as "100" or "100.50"; at most `decimals` digits after the point.

    Raises BadAmount, also for zero, signs, exponents, separators and digits of other scripts.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise BadAmount(f"{text[:80]!r} is not an amount such as 100 or 100.50")
    whole, fraction = found[1], found[2] or ""
    if len(fraction) > decimals:
        raise BadAmount(f"{text} has more than {decimals} digits after the point")
    minor = int(whole + fraction.ljust(decimals, "0"))
    if not 0 < minor < 1 << 256:
        raise BadAmount("the amount must be above zero and below 2**256 minor units")
    return minor


def format_amount(minor: int, decimals: int) -> str:
    """Return the decimal text of minor units, with all its decimals: 5120 of two decimals is "51.20"."""
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    sign = "-" if minor < 0 else ""
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)
