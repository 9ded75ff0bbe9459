"""An institution's message key (Ed25519): it signs what goes to other institutions, never a payment.

Its public half stands on chain in the participant registry; its private half rests in a file, encrypted like the
settlement key.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wallet.encryption import STANDARD_COST, KeystoreRefused, ScryptCost, decrypt, encrypt
from wallet.keystore import MAX_FILE_BYTES, parse_document
from wallet.private_file import make_private_directory, read_private, write_private
from wallet.secret import Secret

_KIND: Final = "corridor message key"


class MessageKey:
    """An Ed25519 key in memory. `public_key` is the 32 bytes registered on chain."""

    __slots__ = ("_key", "public_key")

    def __init__(self, seed: Secret) -> None:
        if len(seed) != 32:
            raise KeystoreRefused(f"a message key has 32 bytes, not {len(seed)}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message` itself, not over a digest of it (RFC 8032)."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"MessageKey({self.public_key.hex()})" if hasattr(self, "public_key") else "MessageKey()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a message key holds a secret and is never pickled or copied")


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` is by the key with these 32 public bytes. False for malformed ones."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def create_message_key(path: Path, password: Secret, cost: ScryptCost = STANDARD_COST) -> MessageKey:
    """Make a new message key and keep it encrypted at `path`. Raises FileExistsError, KeystoreRefused."""
    seed = Secret(secrets.token_bytes(32))
    key = MessageKey(seed)
    document = {
        "kind": _KIND,
        "version": 1,
        "public_key": key.public_key.hex(),
        "crypto": encrypt(seed, password, cost),
    }
    make_private_directory(path.parent)
    write_private(path, json.dumps(document, indent=2).encode())
    return key


def load_message_key(path: Path, password: Secret) -> MessageKey:
    """Open a message key file; the key must have the public key that the file names.

    Raises KeystoreRefused, UnsafeFile, FileNotFoundError.
    """
    document = parse_document(read_private(path, MAX_FILE_BYTES))
    if document.get("kind") != _KIND or document.get("version") != 1:
        raise KeystoreRefused(f"{path.name} is not a message key file of version 1")
    key = MessageKey(decrypt(document.get("crypto"), password))
    if key.public_key.hex() != document.get("public_key"):
        raise KeystoreRefused("the file names another public key than its key has; it was altered")
    return key
