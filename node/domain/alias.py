"""What a customer may be found by instead of an account number: a phone number, an e-mail address, a handle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class AliasKind(Enum):
    """How an alias is written."""

    PHONE = "phone"
    EMAIL = "email"
    HANDLE = "handle"


class BadAlias(ValueError):
    """A text that is no alias; the message says what one looks like."""


@dataclass(frozen=True)
class Alias:
    """An alias in the one form in which it is kept and compared."""

    kind: AliasKind
    value: str


_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_HANDLE = re.compile(r"@[a-z0-9][a-z0-9._-]{1,29}")
_LONGEST = 254


def alias_of(text: str) -> Alias:
    """The alias in a text, as it is kept: digits only, small letters; raises BadAlias.

    >>> alias_of("+971 50 123 4567").value
    '+971501234567'
    """
    plain = text.strip().lower()
    digits = re.sub(r"[\s().-]", "", plain)
    if len(plain) <= _LONGEST:
        if _PHONE.fullmatch(digits):
            return Alias(AliasKind.PHONE, digits)
        if _HANDLE.fullmatch(plain):
            return Alias(AliasKind.HANDLE, plain)
        if _EMAIL.fullmatch(plain):
            return Alias(AliasKind.EMAIL, plain)
    raise BadAlias("an alias is a phone number with its country (+86…), an e-mail address, or a handle (@name)")
