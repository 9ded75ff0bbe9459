"""Addresses as text with their checksum (EIP-55) and as the 20 bytes that are hashed and signed.

Text is accepted in its checksummed form only, so that a mistyped digit is found before money moves.
"""

from __future__ import annotations

import re
from functools import lru_cache

from wallet.keccak import keccak

ZERO_ADDRESS = "0x" + "0" * 40
_HEX_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class BadAddress(ValueError):
    """A text that is not an address in its checksummed form; says which rule it breaks."""


@lru_cache(maxsize=8192)
def checksum_address(raw: bytes) -> str:
    """Return the checksummed text of a 20-byte address (EIP-55). Raises BadAddress for another length."""
    if len(raw) != 20:
        raise BadAddress(f"an address has 20 bytes, not {len(raw)}")
    text = raw.hex()
    shade = keccak(text.encode()).hex()
    return "0x" + "".join(c.upper() if s >= "8" else c for c, s in zip(text, shade, strict=False))


@lru_cache(maxsize=8192)
def address_bytes(text: str) -> bytes:
    """Return the 20 bytes of a checksummed address. Raises BadAddress for any other spelling of it."""
    if not _HEX_ADDRESS.fullmatch(text):
        raise BadAddress(f"not 0x and 40 hexadecimal digits: {text!r}")
    raw = bytes.fromhex(text[2:])
    if text[2:] in (text[2:].lower(), text[2:].upper()) and checksum_address(raw) != text:
        raise BadAddress(f"{text} has no checksum; copy it with its capital letters (EIP-55)")
    if checksum_address(raw) != text:
        raise BadAddress(f"the checksum of {text} is wrong (EIP-55)")
    return raw


def to_checksum(text: str) -> str:
    """Return the checksummed form of an address given in any case.

    Only for sources that know no checksum (an RPC answer, a keystore file); text typed by a person goes through
    `address_bytes`. Raises BadAddress.
    """
    if not _HEX_ADDRESS.fullmatch(text):
        raise BadAddress(f"not 0x and 40 hexadecimal digits: {text!r}")
    return checksum_address(bytes.fromhex(text[2:]))


def address_of(public_key: bytes) -> bytes:
    """Return the 20-byte address of a public key, given as 65 bytes (04, x, y) or 64 (x, y)."""
    point = public_key[1:] if len(public_key) == 65 else public_key
    if len(point) != 64:
        raise BadAddress(f"an uncompressed public key has 64 or 65 bytes, not {len(public_key)}")
    return keccak(point)[12:]
