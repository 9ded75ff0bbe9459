"""The keys of a sandbox network on disk: made when they are missing, found again when they are there.

Each key has a folder of its own, so that a crash between two steps leaves nothing that could be mistaken. The keys
are encrypted with passwords that lie beside them, lightly: right for a sandbox, wrong for anybody's money.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.institution import (
    DESCRIPTION,
    MESSAGE_KEY,
    OPERATOR_KEY,
    SETTLEMENT_KEY,
    UNLOCKS_KEYS,
    BadInstitution,
    described_signers,
    key_places,
)
from wallet.encryption import LIGHT_COST
from wallet.key_place import BadKeyPlace, KeyPlace
from wallet.key_ring import KeyRing
from wallet.keystore import Keystore
from wallet.message_key import create_message_key, load_message_key
from wallet.private_file import make_private_directory, read_private, write_private
from wallet.secret import Secret
from wallet.signer import LocalSigner, Signer

CREDENTIAL: Final = "credential"
CHOSEN: Final = (
    *("prices", "spread_bps", "pricing", "terms", "calendars", "name_check"),
    *("database", "webhook_targets", "tls", "peer_certificates"),
)
"""What an operator may set in a description; everything else the network says anew when it starts."""


@dataclass(frozen=True)
class InstitutionFolder:
    """One institution's folder with what a network must know of it."""

    path: Path
    settlement: Signer
    operator: Signer
    message_key: bytes
    credential: str
    more_operators: tuple[Signer, ...]
    signers: Mapping[str, Any]
    keys: KeyRing


def chosen_members(path: Path) -> dict[str, Any]:
    """What the description in this folder, if there is one, says of an operator's choices; BadInstitution."""
    try:
        members = json.loads((path / DESCRIPTION).read_bytes())
        return {name: members[name] for name in CHOSEN if name in members}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError) as error:
        raise BadInstitution(f"{path / DESCRIPTION} cannot be used: {error}") from error


def prepare_institution(path: Path, chain: Callable[[], tuple[int, str]]) -> InstitutionFolder:
    """The folder with all its keys and its credential, made as far as they are missing.

    Keys that its description (if there is one already) keeps elsewhere are opened from there; `chain` tells chain
    id and settlement contract if a remote signer needs them. Raises BadInstitution, SignatureRefused,
    SignerUnreachable.
    """
    make_private_directory(path)
    signers = described_signers(path)
    places = key_places(path, signers)
    password = kept_secret(path / UNLOCKS_KEYS)
    file = path / MESSAGE_KEY
    message_key = (
        load_message_key(file, password) if file.exists() else create_message_key(file, password, LIGHT_COST)
    )
    keys = KeyRing(password, chain)
    try:
        return InstitutionFolder(
            path=path,
            settlement=_opened(keys, places.settlement, path / SETTLEMENT_KEY, password),
            operator=_opened(keys, places.operator, path / OPERATOR_KEY, password),
            message_key=message_key.public_key,
            credential=kept_secret(path / CREDENTIAL).reveal().decode(),
            more_operators=tuple(keys.open(place) for place in places.more_operators),
            signers=signers,
            keys=keys,
        )
    except BadKeyPlace as fault:
        raise BadInstitution(f"{path}: {fault}") from fault


def _opened(keys: KeyRing, place: KeyPlace | None, own: Path, password: Secret) -> Signer:
    return kept_key(own, password) if place is None else keys.open(place)


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
