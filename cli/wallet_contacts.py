"""`corridor wallet contacts`: names for the addresses one pays, kept beside one's keys."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.wallet_options import DEFAULT_KEYSTORE, JsonOption, KeystoreOption
from cli.wallet_view import note, show_json, show_table, told
from wallet.contacts import read_contacts, write_contacts

app = typer.Typer(help="Names for the addresses you pay.", no_args_is_help=True)


@app.command("add")
@told
def add_contact(
    name: Annotated[str, typer.Argument(help="What you call them.")],
    address: Annotated[str, typer.Argument(help="Their address, with its checksum.")],
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
) -> None:
    """Give an address a name. A name that looks like one you have is refused."""
    directory = keystore.expanduser()
    write_contacts(directory, read_contacts(directory).with_one(name, address))
    note(f"{name} is {address}")


@app.command("remove")
@told
def remove_contact(
    name: Annotated[str, typer.Argument(help="What you call them.")],
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
) -> None:
    """Forget a name."""
    directory = keystore.expanduser()
    write_contacts(directory, read_contacts(directory).without(name))


@app.command("list")
@told
def list_contacts(keystore: KeystoreOption = DEFAULT_KEYSTORE, as_json: JsonOption = False) -> None:
    """List your contacts."""
    contacts = read_contacts(keystore.expanduser())
    if as_json:
        show_json(contacts.addresses)
    else:
        show_table("Contacts", ["Name", "Address"], [list(entry) for entry in contacts.addresses.items()])
