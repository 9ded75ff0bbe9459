"""A tree of keys from one seed (BIP-32), walked by a path such as m/44'/60'/0'/0/0 (BIP-44).

One seed, kept as words on paper, restores every account that was ever derived from it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from coincurve import PrivateKey

from wallet.encryption import KeystoreRefused
from wallet.secret import Secret
from wallet.signature import CURVE_ORDER

ETHEREUM_PATH: Final = "m/44'/60'/0'/0/0"  # the first account, where every other wallet looks too
HARDENED: Final = 1 << 31
_STEP = re.compile(r"(0|[1-9][0-9]{0,9})('?)")
_XPRV, _XPUB = bytes.fromhex("0488ade4"), bytes.fromhex("0488b21e")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class BadPath(KeystoreRefused):
    """A derivation path, or a seed, that BIP-32 does not allow."""


@dataclass(frozen=True)
class ExtendedKey:
    """A private key with what derives its children; `parent` is the fingerprint of the key above it."""

    key: Secret
    chain_code: Secret = field(repr=False)
    depth: int = 0
    number: int = 0
    parent: bytes = bytes(4)

    def child(self, number: int) -> ExtendedKey:
        """Return child `number`; from 2**31 on it is hardened. Raises BadPath."""
        if not 0 <= number < 1 << 32 or self.depth == 255:
            raise BadPath("a path's numbers are below 2**31, and it has at most 255 steps")
        public = _public(self.key)
        parent_data = b"\0" + self.key.reveal() if number >= HARDENED else public
        left, right = _halves(self.chain_code.reveal(), parent_data + number.to_bytes(4, "big"))
        scalar = (int.from_bytes(left.reveal(), "big") + int.from_bytes(self.key.reveal(), "big")) % CURVE_ORDER
        if int.from_bytes(left.reveal(), "big") >= CURVE_ORDER or scalar == 0:
            raise BadPath(f"no key is numbered {number} here; take the next number (BIP-32)")
        fingerprint = _hash160(public)[:4]
        return ExtendedKey(Secret(scalar.to_bytes(32, "big")), right, self.depth + 1, number, fingerprint)

    def xprv(self) -> Secret:
        """Return the serialised private key, which gives away everything below it."""
        return Secret(_base58(self._serialised(_XPRV, b"\0" + self.key.reveal())).encode())

    def xpub(self) -> str:
        """Return the serialised public key, which shows every address that is not hardened below it."""
        return _base58(self._serialised(_XPUB, _public(self.key)))

    def _serialised(self, version: bytes, key: bytes) -> bytes:
        place = bytes((self.depth,)) + self.parent + self.number.to_bytes(4, "big")
        return version + place + self.chain_code.reveal() + key


def master_key(seed: Secret) -> ExtendedKey:
    """Return the root of the tree of a 16 to 64 byte seed. Raises BadPath."""
    if not 16 <= len(seed) <= 64:
        raise BadPath(f"a seed has 16 to 64 bytes, not {len(seed)}")
    key, chain_code = _halves(b"Bitcoin seed", seed.reveal())
    if not 0 < int.from_bytes(key.reveal(), "big") < CURVE_ORDER:
        raise BadPath("this seed has no master key (BIP-32)")
    return ExtendedKey(key, chain_code)


def parse_path(path: str) -> list[int]:
    """Return a path's numbers, hardened ones with 2**31 added. Raises BadPath."""
    start, *steps = path.split("/")
    if start != "m":
        raise BadPath("a path begins with m, as in m/44'/60'/0'/0/0")
    return [_step(step) for step in steps]


def _step(text: str) -> int:
    found = _STEP.fullmatch(text)
    if found is None or int(found[1]) >= HARDENED:
        raise BadPath(f"{text[:20]!r} is not a number below 2**31, with or without an apostrophe")
    return int(found[1]) + (HARDENED if found[2] else 0)


def derive(seed: Secret, path: str = ETHEREUM_PATH) -> ExtendedKey:
    """Return the key at `path` of a seed. Raises BadPath."""
    key = master_key(seed)
    for number in parse_path(path):
        key = key.child(number)
    return key


def _halves(hmac_key: bytes, data: bytes) -> tuple[Secret, Secret]:
    digest = hmac.new(hmac_key, data, hashlib.sha512).digest()
    return Secret(digest[:32]), Secret(digest[32:])


def _public(key: Secret) -> bytes:
    return PrivateKey(key.reveal()).public_key.format()


def _hash160(data: bytes) -> bytes:
    return hashlib.new("ripemd160", hashlib.sha256(data).digest(), usedforsecurity=False).digest()


def _base58(payload: bytes) -> str:
    checksum = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number = int.from_bytes(payload + checksum, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return digits  # a version byte above zero needs no leading ones
