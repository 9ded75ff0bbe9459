"""Where a key lives, as an institution's description says it: a keystore, a hardware module, a key service, a
remote signer.

Read strictly: what is missing, unknown or of the wrong kind is named by its element. Paths are relative to the
folder of the description, and no secret is ever in it, only the file that has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Final

from wallet.address import BadAddress, address_bytes


class BadKeyPlace(ValueError):
    """A description of where a key lives that cannot be used; the text names the element at fault."""


@dataclass(frozen=True, kw_only=True)
class KeyPlace:
    """Where a key is; `address`, where it is said, must be the key's own."""

    KIND: ClassVar[str]
    PATHS: ClassVar[frozenset[str]] = frozenset()

    address: str | None = None


@dataclass(frozen=True, kw_only=True)
class KeystorePlace(KeyPlace):
    """A keystore in a folder; its password is in a private file, by default the institution's own."""

    KIND = "keystore"
    PATHS = frozenset({"folder", "password_file"})

    folder: Path
    password_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class HardwarePlace(KeyPlace):
    """A hardware module: the vendor's PKCS#11 library, the token's and the key's labels, the file with the PIN."""

    KIND = "pkcs11"
    PATHS = frozenset({"library", "pin_file"})

    library: Path
    token: str
    key: str
    pin_file: Path


@dataclass(frozen=True, kw_only=True)
class ServicePlace(KeyPlace):
    """A cloud's key service; its credentials are where its own tools have them."""

    KIND = "kms"

    key_id: str
    region: str
    endpoint_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class RemotePlace(KeyPlace):
    """A remote signer: its https URL and certificate; what we show it if it wants to know who asks."""

    KIND = "remote"
    PATHS = frozenset({"certificate", "client_certificate", "client_key"})

    url: str
    certificate: Path
    client_certificate: Path | None = None
    client_key: Path | None = None


_KINDS: Final[Mapping[str, type[KeyPlace]]] = {
    kind.KIND: kind for kind in (KeystorePlace, HardwarePlace, ServicePlace, RemotePlace)
}


@dataclass(frozen=True)
class KeyPlaces:
    """Where an institution's signing keys live; None is its own keystore. `more_operators` are further lanes."""

    settlement: KeyPlace | None = None
    operator: KeyPlace | None = None
    more_operators: tuple[KeyPlace, ...] = ()


def read_places(document: object, folder: Path) -> KeyPlaces:
    """Read the member `signers` of a description kept in `folder`. Raises BadKeyPlace."""
    members = _object("signers", document)
    unknown = members.keys() - {"settlement", "operator", "more_operators"}
    if unknown:
        raise BadKeyPlace(f"signers.{min(unknown)}: unknown; there are settlement, operator and more_operators")
    more = members.get("more_operators", [])
    if not isinstance(more, list):
        raise BadKeyPlace("signers.more_operators: not a list")
    places = {
        name: read_place(f"signers.{name}", members[name], folder)
        for name in ("settlement", "operator")
        if name in members
    }
    further = [read_place(f"signers.more_operators[{index}]", one, folder) for index, one in enumerate(more)]
    for index, place in enumerate(further):
        if place.address is None:
            raise BadKeyPlace(f"signers.more_operators[{index}].address: missing; say whose key it must be")
    return KeyPlaces(places.get("settlement"), places.get("operator"), tuple(further))


def read_place(element: str, document: object, folder: Path) -> KeyPlace:
    """Read where one key lives; `element` is what it is called in complaints. Raises BadKeyPlace."""
    members = dict(_object(element, document))
    kind = _KINDS.get(str(members.pop("kind", "")))
    if kind is None:
        raise BadKeyPlace(f"{element}.kind: not one of {', '.join(_KINDS)}")
    known = {field.name: field for field in fields(kind)}
    unknown = members.keys() - known.keys()
    if unknown:
        raise BadKeyPlace(f"{element}.{min(unknown)}: unknown for {kind.KIND}; there are {', '.join(known)}")
    missing = [name for name, field in known.items() if field.default is MISSING and name not in members]
    if missing:
        raise BadKeyPlace(f"{element}.{missing[0]}: missing")
    found = {name: _member(element, name, value, kind, folder) for name, value in members.items()}
    if kind is RemotePlace and "address" not in found:
        raise BadKeyPlace(f"{element}.address: missing; a remote signer is asked for one key by its address")
    return kind(**found)


def _member(element: str, name: str, value: object, kind: type[KeyPlace], folder: Path) -> Any:
    if not isinstance(value, str) or not value:
        raise BadKeyPlace(f"{element}.{name}: not a text")
    if name == "address":
        try:
            address_bytes(value)
        except BadAddress as error:
            raise BadKeyPlace(f"{element}.address: {error}") from error
    return folder / value if name in kind.PATHS else value


def _object(element: str, document: object) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise BadKeyPlace(f"{element}: not an object")
    return document
