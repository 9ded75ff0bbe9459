"""Encrypted keys on disk (version 3 keystore files), and the only way from a file to a signer.

A file names its address, and a key that has another one is refused: a changed IV would otherwise silently give
another key, which signs without complaint for an account that nobody owns.
"""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

from wallet.address import to_checksum
from wallet.encryption import STANDARD_COST, KeystoreRefused, ScryptCost, decrypt, encrypt
from wallet.json_input import parse_json
from wallet.private_file import make_private_directory, read_private, write_private
from wallet.secret import Secret
from wallet.signature import SignatureRefused
from wallet.signer import LocalSigner

MAX_FILE_BYTES: Final = 64 * 1024
_UNLOCKS_AT_ONCE: Final = 2  # each takes 256 MiB: without a bound, a flood of unlocks takes the machine down
_ADDRESS = re.compile(r"(?:0x)?[0-9a-fA-F]{40}")


def encrypt_key(secret: Secret, password: Secret, cost: ScryptCost = STANDARD_COST) -> dict[str, object]:
    """Return a version 3 keystore document for a private key. Raises KeystoreRefused."""
    return {
        "version": 3,
        "id": str(uuid.uuid4()),
        "address": LocalSigner(secret).address[2:].lower(),
        "crypto": encrypt(secret, password, cost),
    }


def decrypt_key(document: Mapping[str, object], password: Secret, address: str | None = None) -> Secret:
    """Return the private key of a version 3 document, once it is known to be the key of its address.

    Some files in the wild name no address: say which one is expected with `address` (any case), or the file is
    refused. Raises KeystoreRefused.
    """
    expected = _expected_address(document, address)
    secret = decrypt(document.get("crypto"), password)
    try:
        found = LocalSigner(secret).address
    except SignatureRefused as error:
        raise KeystoreRefused("the file holds no valid private key; it was altered") from error
    if found != expected:
        raise KeystoreRefused(f"the file says {expected}, but its key has another address; it was altered")
    return secret


def _expected_address(document: Mapping[str, object], address: str | None) -> str:
    version = document.get("version")
    if type(version) is not int or version != 3:
        raise KeystoreRefused("version: not 3")
    named = document.get("address", address)
    if named is None:
        raise KeystoreRefused("address: missing, and no address was said to be expected")
    expected = _read_address(named)
    if address is not None and _read_address(address) != expected:
        raise KeystoreRefused("address: not the one that was expected")
    return expected


def _read_address(text: object) -> str:
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise KeystoreRefused("address: not 40 hexadecimal digits")
    return to_checksum("0x" + text[-40:])


def parse_document(raw: bytes) -> Mapping[str, object]:
    """Parse a keystore file's bytes: UTF-8 JSON, one object, no name twice. Raises KeystoreRefused."""
    try:
        document = parse_json(raw, most_bytes=MAX_FILE_BYTES)
    except ValueError as error:
        raise KeystoreRefused(f"not a keystore file: {error}") from error
    if not isinstance(document, dict):
        raise KeystoreRefused("not a JSON object")
    return document


class Keystore:
    """A directory of keystore files, one per address, mode 0600; at most two are being unlocked at any time.

    A process that holds several keystores gives them one `gate`, so that the bound holds for all together.
    """

    def __init__(
        self, directory: Path, cost: ScryptCost = STANDARD_COST, gate: BoundedSemaphore | None = None
    ) -> None:
        self.directory = directory
        self._cost = cost
        self._gate = gate or unlock_gate()

    def create(self, password: Secret) -> str:
        """Make a new random key, durable on disk when this returns, and return its checksummed address."""
        while True:
            candidate = Secret(secrets.token_bytes(32))
            try:
                return self.add(candidate, password)
            except SignatureRefused:  # pragma: no cover  (one in 2**128: not a number below the curve's order)
                continue

    def add(self, secret: Secret, password: Secret) -> str:
        """Keep a given private key. Raises FileExistsError if its address is here, KeystoreRefused."""
        address = LocalSigner(secret).address
        with self._gate:
            document = encrypt_key(secret, password, self._cost)
        make_private_directory(self.directory)
        write_private(self.path(address), json.dumps(document, indent=2).encode())
        return address

    def path(self, address: str) -> Path:
        """Return where the key of `address` is or would be."""
        return self.directory / f"{address[2:].lower()}.json"

    def addresses(self) -> list[str]:
        """Return the checksummed addresses kept here, sorted; without opening or unlocking any file."""
        names = sorted(path.stem for path in self.directory.glob("*.json"))
        return [to_checksum("0x" + name) for name in names if _ADDRESS.fullmatch(name) and len(name) == 40]

    def secret(self, address: str, password: Secret) -> Secret:
        """Return the private key itself, to write it elsewhere; to sign, use `unlock`. Raises as `unlock` does."""
        document = parse_document(read_private(self.path(address), MAX_FILE_BYTES))
        with self._gate:
            return decrypt_key(document, password, address)

    def unlock(self, address: str, password: Secret) -> LocalSigner:
        """Return a signer for `address`. Raises KeystoreRefused, UnsafeFile, FileNotFoundError."""
        return LocalSigner(self.secret(address, password))


def unlock_gate() -> BoundedSemaphore:
    """Return what bounds simultaneous key derivations; share one among the keystores of a process."""
    return BoundedSemaphore(_UNLOCKS_AT_ONCE)
