"""A private key as text: 64 hexadecimal digits, with or without 0x; nothing else is taken for one."""

from __future__ import annotations

import re

from wallet.encryption import KeystoreRefused
from wallet.secret import Secret

_RAW = re.compile(rb"(?:0x)?[0-9a-fA-F]{64}")


def parse_raw_key(text: Secret) -> Secret:
    """Return the 32 bytes of a private key given as text. Raises KeystoreRefused without quoting it."""
    if not _RAW.fullmatch(text.reveal()):
        raise KeystoreRefused("a raw private key is 64 hexadecimal digits, with or without 0x")
    return Secret(bytes.fromhex(text.reveal()[-64:].decode()))


def format_raw_key(key: Secret) -> Secret:
    """Return a private key as 0x and 64 hexadecimal digits, and a line break."""
    return Secret(f"0x{key.reveal().hex()}\n".encode())
