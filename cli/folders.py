"""The keys of a sandbox network on disk: made when they are missing, found again when they are there.

Each key has a folder of its own, so that a crash between two steps leaves nothing that could be mistaken. The keys
are encrypted with passwords that lie beside them, lightly: right for a sandbox, wrong for anybody's money.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.institution import MESSAGE_KEY, OPERATOR_KEY, SETTLEMENT_KEY, UNLOCKS_KEYS
from wallet.encryption import LIGHT_COST
from wallet.keystore import Keystore
from wallet.message_key import create_message_key, load_message_key
from wallet.private_file import make_private_directory, read_private, write_private
from wallet.secret import Secret
from wallet.signer import LocalSigner

CREDENTIAL: Final = "credential"


@dataclass(frozen=True)
class InstitutionFolder:
    """One institution's folder with what a network must know of it."""

    path: Path
    settlement: LocalSigner
    operator: LocalSigner
    message_key: bytes
    credential: str


def prepare_institution(path: Path) -> InstitutionFolder:
    """The folder with all its keys and its credential, made as far as they are missing."""
    make_private_directory(path)
    password = kept_secret(path / UNLOCKS_KEYS)
    file = path / MESSAGE_KEY
    message_key = (
        load_message_key(file, password) if file.exists() else create_message_key(file, password, LIGHT_COST)
    )
    return InstitutionFolder(
        path=path,
        settlement=kept_key(path / SETTLEMENT_KEY, password),
        operator=kept_key(path / OPERATOR_KEY, password),
        message_key=message_key.public_key,
        credential=kept_secret(path / CREDENTIAL).reveal().decode(),
    )


def kept_secret(path: Path) -> Secret:
    """The random secret kept at `path`, made where it is missing; 256 bits as text."""
    make_private_directory(path.parent)
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32).encode())
    return Secret(read_private(path, 4096).rstrip(b"\n"))


def kept_key(path: Path, password: Secret) -> LocalSigner:
    """The one key kept in the keystore at `path`, made where it is missing."""
    keystore = Keystore(path, LIGHT_COST)
    addresses = keystore.addresses() or [keystore.create(password)]
    return keystore.unlock(addresses[0], password)
