"""Closes what operators entrust to the book: their one-time secrets, and what they propose about customers.

AES-256-GCM under a key derived from the institution's own password, bound to what it belongs to: a sealed value
that is moved to another row does not open.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wallet.secret import Secret

_NONCE_BYTES: Final = 12


class SealBroken(ValueError):
    """What was sealed does not open: it was changed, moved, or sealed under another password."""


class Seal:
    """Closes and opens values of one institution."""

    __slots__ = ("_cipher",)

    def __init__(self, master: Secret, bic: str) -> None:
        """Derive the key from the institution's password (HKDF-SHA256)."""
        derivation = HKDF(SHA256(), 32, salt=bic.encode(), info=b"corridor operators 1")
        self._cipher = AESGCM(derivation.derive(master.reveal()))

    def close(self, plain: bytes, about: str) -> bytes:
        """Seal a value for the place named by `about`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """The value that was sealed for this place; raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"what was sealed for {about} does not open") from error
