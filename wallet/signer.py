"""One protocol for every place a key can live, and one function through which every signature leaves.

A signer signs 32-byte digests and nothing else: what the digest means is built once, by us, for all of them.
"""

from __future__ import annotations

from typing import NoReturn, Protocol

import coincurve
from coincurve import PrivateKey

from wallet.address import address_bytes, address_of, checksum_address
from wallet.secret import Secret
from wallet.signature import CURVE_ORDER, HALF_ORDER, Signature, SignatureRefused
from wallet.verification import recover_public_key

__all__ = [
    "LocalSigner",
    "NativeCurveMissing",
    "Signature",
    "SignatureRefused",
    "Signer",
    "SignerUnreachable",
    "assert_native_curve",
    "normalise",
]


class Signer(Protocol):
    """Something that holds the key of `address` (checksummed) and signs digests with it."""

    @property
    def address(self) -> str:
        """The checksummed address whose key this is."""
        ...

    def sign_digest(self, digest: bytes) -> Signature:
        """Sign exactly 32 bytes. The signature has low s and has been verified. Raises SignatureRefused."""
        ...


class SignerUnreachable(OSError):
    """A signer elsewhere gave no usable answer. It may have signed; nothing of that has left."""


class NativeCurveMissing(RuntimeError):
    """The native curve library is not the one in use: signing would be slow and would leak by timing."""


def normalise(
    digest: bytes, r: int, s: int, address: str, y_parity: int | None = None, public_key: bytes | None = None
) -> Signature:
    """Turn what a signing device returned into a signature that is in range, low-s, and `address`'s own.

    Without `y_parity` (hardware does not tell) both are tried; with it, only that one, flipped along with s. Where
    the 65 bytes of `public_key` are known, they are compared instead of the address made from them.
    Raises SignatureRefused: out of range, or made by another key or over another digest.
    """
    if not (0 < r < CURVE_ORDER and 0 < s < CURVE_ORDER):
        raise SignatureRefused("r or s is not between 1 and the curve's order")
    if s > HALF_ORDER:
        s = CURVE_ORDER - s
        y_parity = None if y_parity is None else 1 - y_parity
    for parity in (0, 1) if y_parity is None else (y_parity,):
        signature = Signature(r, s, parity)
        found = _signed_with(digest, signature)
        if found is not None and (
            found == public_key if public_key is not None else address_of(found) == address_bytes(address)
        ):
            return signature
    raise SignatureRefused(f"the signature does not recover to {address}")


def _signed_with(digest: bytes, signature: Signature) -> bytes | None:
    """Return the public key that fits, or None: with the other parity there may be no such point."""
    try:
        return recover_public_key(digest, signature.r, signature.s, signature.y_parity)
    except SignatureRefused:
        if len(digest) != 32:
            raise
        return None


class LocalSigner:
    """A key in this process's memory, signed with by libsecp256k1 (deterministic nonces, RFC 6979).

    Signing takes about 80 µs, half of it the check of its own work. Raises SignatureRefused for a key of another
    length than 32 bytes or outside 1 .. order - 1.
    """

    __slots__ = ("_key", "_public_key", "address")

    def __init__(self, secret: Secret | bytes) -> None:
        hidden = secret if isinstance(secret, Secret) else Secret(secret)
        del secret  # a traceback that shows locals must not show it
        if len(hidden) != 32 or not 0 < int.from_bytes(hidden.reveal(), "big") < CURVE_ORDER:
            raise SignatureRefused("a private key is 32 bytes between 1 and the curve's order")
        self._key = PrivateKey(hidden.reveal())
        self._public_key = self._key.public_key.format(compressed=False)
        self.address = checksum_address(address_of(self._public_key))

    @property
    def public_key(self) -> bytes:
        """The 65-byte uncompressed public key: 04, x, y."""
        return self._public_key

    def sign_digest(self, digest: bytes) -> Signature:
        """Sign 32 bytes; see Signer."""
        if len(digest) != 32:
            raise SignatureRefused(f"a digest has 32 bytes, not {len(digest)}")
        raw = self._key.sign_recoverable(digest, hasher=None)
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")
        return normalise(digest, r, s, self.address, raw[64], self._public_key)

    def __repr__(self) -> str:
        return f"LocalSigner({getattr(self, 'address', 'no key')})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer holds a secret and is never pickled or copied")


def assert_native_curve() -> None:
    """Check that libsecp256k1 is what signs and recovers here. Call once at start.

    The chain checks the same of eth_keys, which nothing here uses. Raises NativeCurveMissing.
    """
    library = getattr(coincurve, "_libsecp256k1", None)
    origin = getattr(library, "__file__", None) or ""
    if library is None or not origin.endswith((".so", ".pyd", ".dylib")):
        raise NativeCurveMissing(f"coincurve's native library is not loaded (found {origin or 'nothing'})")
