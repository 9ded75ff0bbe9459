"""What the wallet's commands share: their options, and how options become a keystore, a signer, a ledger client.

A secret has no option of its own, only the file or the descriptor that it comes from.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.settings import read_settings
from wallet.address import address_bytes
from wallet.contacts import read_contacts
from wallet.encryption import LIGHT_COST, STANDARD_COST
from wallet.governed import is_governed
from wallet.keystore import Keystore
from wallet.network import BadNetwork, Network, read_network
from wallet.policy_document import BadPolicy
from wallet.secret import Secret
from wallet.secret_input import read_secret
from wallet.signer import LocalSigner, assert_native_curve

if TYPE_CHECKING:
    from node.ledger.client import LedgerClient

DEFAULT_KEYSTORE = Path("~/.corridor/keystore")


def _keystore(directory: Path) -> Path:
    """Return the directory given, or the settings' where none was."""
    return read_settings().wallet if directory == DEFAULT_KEYSTORE else directory


KeystoreOption = Annotated[
    Path, typer.Option("--keystore", help="The directory of your keys; CORRIDOR_WALLET.", callback=_keystore)
]
NetworkOption = Annotated[Path, typer.Option("--network", help="The directory with network.json.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Go ahead without asking.")]
PasswordFileOption = Annotated[
    Path | None, typer.Option("--password-file", help="Read the password from a file with mode 0600.")
]
PasswordFdOption = Annotated[
    int | None, typer.Option("--password-fd", help="Read the password from this file descriptor.")
]
QrOption = Annotated[bool, typer.Option("--qr", help="Show a QR code on standard error.")]
AddressOption = Annotated[
    str | None, typer.Option("--address", help="Which of your addresses; needed if there are several.")
]


def keystore_at(directory: Path, *, light: bool = False) -> Keystore:
    """Return the keystore in a directory; `light` makes its new keys cheap to unlock, and cheap to guess."""
    assert_native_curve()
    return Keystore(directory.expanduser(), LIGHT_COST if light else STANDARD_COST)


def ledger_of(network: Network) -> LedgerClient:
    """Return a client of the network's chain. Raises BadNetwork if another chain answers there."""
    # Keys, signatures and contacts are used without a chain, and without what it takes to talk to one.
    from node.ledger.client import LedgerClient  # noqa: PLC0415

    client = LedgerClient(network.rpc_url)
    if client.chain_id() != network.chain_id:
        raise BadNetwork(f"{network.rpc_url} is chain {client.chain_id()}, not chain {network.chain_id}")
    return client


def known_network(directory: Path, keystore: Path) -> Network:
    """Return the network, with one's own addresses and contacts named where the network itself knows nobody."""
    network = read_network(directory)
    own = dict.fromkeys(Keystore(keystore.expanduser()).addresses(), "yourself")
    return replace(network, names=own | read_contacts(keystore.expanduser()).names() | dict(network.names))


def chosen(keystore: Keystore, address: str | None) -> str:
    """Return the address asked for, or the only one there is. Raises FileNotFoundError, BadAddress."""
    kept = keystore.addresses()
    if address is not None:
        address_bytes(address)
        if address not in kept:
            raise FileNotFoundError(f"no key of {address} is in this keystore")
        return address
    if len(kept) != 1:
        raise FileNotFoundError(f"{len(kept)} keys are in this keystore; say which with --address")
    return kept[0]


def password(file: Path | None, descriptor: int | None, *, new: bool = False) -> Secret:
    """Return the password from where the options say, or ask for it."""
    return read_secret("New password" if new else "Password", descriptor=descriptor, file=file, confirm=new)


def unlocked(keystore: Keystore, address: str, file: Path | None, descriptor: int | None) -> LocalSigner:
    """Return the signer of one of our addresses. Raises BadPolicy where only a policy may decide what it signs."""
    if is_governed(keystore.directory):
        raise BadPolicy("this keystore signs by its policy.json, which judges transfers and typed data only")
    return keystore.unlock(address, password(file, descriptor))
