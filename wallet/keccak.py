"""Keccak-256 as Ethereum uses it (the submission to SHA-3, not FIPS 202), from a native library.

The pure-Python and pycryptodome back ends give the same digest ten times slower, so there is one door to it.
"""

from __future__ import annotations

import sha3  # type: ignore[import-untyped]


def keccak(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 digest of `data`."""
    digest: bytes = sha3.keccak_256(data).digest()
    return digest
