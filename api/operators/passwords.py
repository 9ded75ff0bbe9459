"""Operators' passwords as scrypt hashes (RFC 7914), each with its own salt and its cost beside it.

A name that nobody has costs as much to try as one that somebody has.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from threading import BoundedSemaphore
from typing import Final

from wallet.encryption import LIGHT_COST, ScryptCost

OPERATOR_COST: Final = ScryptCost(2**15)  # 32 MiB and about 0.1 s
THROW_AWAY_COST: Final = LIGHT_COST
SHORTEST, LONGEST = 12, 256
AT_ONCE: Final = 4
_FORM: Final = re.compile(
    r"scrypt\$([0-9]{1,8})\$([0-9]{1,3})\$([0-9]{1,3})\$([A-Za-z0-9+/=]{24})\$([A-Za-z0-9+/=]{44})"
)


class WeakPassword(ValueError):
    """A password that is refused; the text says what it must be."""


class Passwords:
    """Hashes and compares, a few at a time: each needs its memory."""

    def __init__(self, cost: ScryptCost = OPERATOR_COST) -> None:
        """New hashes are made at this cost; older ones are compared at their own."""
        self._cost = cost
        self._gate = BoundedSemaphore(AT_ONCE)
        self._nobody = ""

    def hashed(self, password: str, name: str) -> str:
        """What is kept of a password; raises WeakPassword where it is too short or says the name."""
        check_password(password, name)
        salt = secrets.token_bytes(16)
        return _written(self._cost, salt, self._derived(password, salt, self._cost))

    def match(self, kept: str | None, password: str) -> bool:
        """Whether this is the password that was kept; just as slow where none was."""
        found = _FORM.fullmatch(kept or self._somebody())
        if found is None:
            return False
        cost = ScryptCost(*(int(number) for number in found.group(1, 2, 3)))
        salt, expected = (base64.b64decode(part) for part in found.group(4, 5))
        return hmac.compare_digest(self._derived(password, salt, cost), expected) and kept is not None

    def _somebody(self) -> str:
        """A hash that no password has, at the cost of today."""
        if not self._nobody:
            self._nobody = _written(self._cost, secrets.token_bytes(16), secrets.token_bytes(32))
        return self._nobody

    def _derived(self, password: str, salt: bytes, cost: ScryptCost) -> bytes:
        said = unicodedata.normalize("NFC", password[: LONGEST + 1]).encode()
        memory = 128 * cost.n * cost.r + 2**20
        with self._gate:
            return hashlib.scrypt(said, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory, dklen=32)


def check_password(password: str, name: str) -> None:
    """Raises WeakPassword for one that is too short or long, says the login's name, or repeats few characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters")
    if name.lower() in password.lower():
        raise WeakPassword("a password does not contain the login's name")
    if len(set(password)) < 5:
        raise WeakPassword("a password has at least five different characters")


def _written(cost: ScryptCost, salt: bytes, derived: bytes) -> str:
    parts = (base64.b64encode(part).decode() for part in (salt, derived))
    return "$".join(("scrypt", str(cost.n), str(cost.r), str(cost.p), *parts))
