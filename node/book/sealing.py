"""Sealing: AES-256-GCM under one key, bound to the very place in the book where the sealed text stands.

A sealed text that was altered, moved to another row or column, or sealed with another key does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
ERASED: Final = "erased"  # what is said in place of what no key opens any more
_NONCE_BYTES: Final = 12
_FORM: Final = b"\x01"  # AES-256-GCM: form, nonce, ciphertext with tag


class Unreadable(Exception):
    """A sealed text that this key does not open at this place: somebody has altered or moved it. Stop and look."""


class BadMasterKey(ValueError):
    """A text that is no master key; the message says what one looks like."""


class Key:
    """A key that seals and opens; it shows itself to nobody, and each sealing draws a nonce of its own."""

    __slots__ = ("_cipher", "_secret")

    def __init__(self, secret: bytes) -> None:
        """Take 32 random bytes; raises ValueError for any other length."""
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(secret)}")
        self._secret = secret
        self._cipher = AESGCM(secret)

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """The text sealed for one place."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORM + nonce + self._cipher.encrypt(nonce, plain, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The text that was sealed for this place; raises Unreadable."""
        if sealed[:1] != _FORM:
            raise Unreadable(f"{place.decode()} is not sealed in a form that this program knows")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], place)
        except (InvalidTag, ValueError):
            text = f"{place.decode()} does not open: it was altered, or sealed with another key"
            raise Unreadable(text) from None

    def wrap(self, other: Key, place: bytes) -> bytes:
        """Another key, sealed with this one."""
        return self.seal(other._secret, place)

    def unwrap(self, wrapped: bytes, place: bytes) -> Key:
        """The key that was wrapped with this one for this place; raises Unreadable."""
        return Key(self.open(wrapped, place))

    def digest(self, text: bytes) -> bytes:
        """A digest that only who has this key can make (HMAC-SHA-256): finds what is sealed without opening it."""
        return hmac.digest(self._secret, text, "sha256")

    @property
    def fingerprint(self) -> str:
        """A name for the key that tells nothing of it: the first 64 bits of a digest, in hex."""
        return hashlib.sha256(b"corridor key fingerprint" + self._secret).hexdigest()[:16]


def new_key() -> Key:
    """A key that nobody has had before."""
    return Key(os.urandom(KEY_BYTES))


def new_master_key_text() -> bytes:
    """A new master key, as its file holds it."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)) + b"\n"


def master_key_of(text: bytes) -> Key:
    """The master key that a file holds; raises BadMasterKey."""
    try:
        return Key(base64.b64decode(text.strip(), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise BadMasterKey(f"a master key is {KEY_BYTES} random bytes in base64url, on one line") from None


def at_place(table: str, column: str, row: str) -> bytes:
    """Where a sealed text stands: it opens nowhere else."""
    return f"{table}.{column}:{row}".encode()
