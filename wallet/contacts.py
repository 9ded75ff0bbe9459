"""The names a person gives to addresses, kept beside the keys; only for their owner's eyes and their own payments.

A name must look like one: no control or invisible characters, not an address, and none that looks like another.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wallet.address import address_bytes
from wallet.json_input import parse_json
from wallet.network import printable
from wallet.private_file import make_private_directory, read_private, replace_private

_MAX_BYTES: Final = 1024 * 1024
_MAX_NAME: Final = 70


class BadContact(ValueError):
    """A name that cannot be given, is taken, or is unknown."""


@dataclass(frozen=True)
class Contacts:
    """Addresses by name."""

    addresses: dict[str, str]

    def address(self, name_or_address: str) -> str:
        """Return the address of a contact, or the address that was given. Raises BadContact, BadAddress."""
        if name_or_address.startswith("0x"):
            address_bytes(name_or_address)
            return name_or_address
        if name_or_address not in self.addresses:
            raise BadContact(f"{name_or_address!r} is neither a contact nor an address")
        return self.addresses[name_or_address]

    def names(self) -> dict[str, str]:
        """Return names by address, marked as the person's own word."""
        return {address: f"{name} (your contact)" for name, address in self.addresses.items()}

    def with_one(self, name: str, address: str) -> Contacts:
        """Return the contacts with one more. Raises BadContact, BadAddress."""
        _check_name(name)
        address_bytes(address)
        for taken in self.addresses:
            if _look(taken) == _look(name):
                raise BadContact(f"{name!r} looks like {taken!r}; remove that one first")
        return Contacts(self.addresses | {name: address})

    def without(self, name: str) -> Contacts:
        """Return the contacts without one. Raises BadContact."""
        if name not in self.addresses:
            raise BadContact(f"there is no contact {name!r}")
        return Contacts({known: address for known, address in self.addresses.items() if known != name})


def read_contacts(directory: Path) -> Contacts:
    """Read the contacts beside the keys; none if there is no file. Raises BadContact, BadAddress, UnsafeFile."""
    try:
        found = parse_json(read_private(directory / "contacts.json", _MAX_BYTES), most_bytes=_MAX_BYTES)
    except FileNotFoundError:
        return Contacts({})
    except UnicodeDecodeError as error:
        raise BadContact("contacts.json is not UTF-8") from error
    except ValueError as error:
        raise BadContact(f"contacts.json: {error}") from error
    if not isinstance(found, dict):
        raise BadContact("contacts.json is not an object of names with their addresses")
    contacts = Contacts({})
    for name, address in found.items():
        contacts = contacts.with_one(str(name), str(address))
    return contacts


def write_contacts(directory: Path, contacts: Contacts) -> None:
    """Keep the contacts, whole or not at all."""
    make_private_directory(directory)
    replace_private(directory / "contacts.json", json.dumps(contacts.addresses, indent=2).encode())


def _check_name(name: str) -> None:
    if not 0 < len(name) <= _MAX_NAME or name != name.strip() or printable(name) != name:
        raise BadContact(f"a name has 1 to {_MAX_NAME} visible characters")
    if name.lower().startswith("0x"):
        raise BadContact("a name must not look like an address")


def _look(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
