"""Keys as a person keeps them: made, taken over from elsewhere, listed, and written out for safe keeping.

A secret that leaves goes to a new file with mode 0600, never to the screen or a pipe.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.wallet_hardware import (
    HardwareChoice,
    LabelOption,
    LibraryOption,
    PinFdOption,
    PinFileOption,
    TokenOption,
)
from cli.wallet_options import (
    DEFAULT_KEYSTORE,
    AddressOption,
    JsonOption,
    KeystoreOption,
    PasswordFdOption,
    PasswordFileOption,
    QrOption,
    YesOption,
    chosen,
    keystore_at,
    password,
)
from cli.wallet_view import agree, note, show_json, show_qr_code, show_table, told
from wallet.derivation import ETHEREUM_PATH, derive
from wallet.encryption import LIGHT_COST, STANDARD_COST
from wallet.keystore import MAX_FILE_BYTES, Keystore, decrypt_key, encrypt_key, parse_document
from wallet.mnemonic import new_mnemonic, seed_of
from wallet.private_file import read_private, write_private
from wallet.raw_key import format_raw_key, parse_raw_key
from wallet.secret import Secret
from wallet.secret_input import read_secret

app = typer.Typer()


class ImportKind(StrEnum):
    """What a key can be taken over from."""

    MNEMONIC = "mnemonic"
    RAW = "raw"
    KEYSTORE = "keystore"


class ExportKind(StrEnum):
    """What a key can be written out as."""

    RAW = "raw"
    KEYSTORE = "keystore"


LightOption = Annotated[bool, typer.Option("--light", help="Cheap key derivation; for tests only.")]
PathOption = Annotated[str, typer.Option("--path", help="The derivation path (BIP-44).")]
LanguageOption = Annotated[str, typer.Option("--language", help="The language of the words.")]


def show_key(store: Keystore, address: str, title: str, as_json: bool) -> None:
    """Print an address with its file."""
    if as_json:
        show_json({"address": address, "file": str(store.path(address))})
    else:
        show_table(title, ["Address", "File"], [[address, str(store.path(address))]])


@app.command("new")
@told
def new_key(
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    words_to: Annotated[
        Path | None, typer.Option("--words-to", help="Make 24 words (BIP-39) and write them to this new file.")
    ] = None,
    language: LanguageOption = "english",
    path: PathOption = ETHEREUM_PATH,
    light: LightOption = False,
    pkcs11: LibraryOption = None,
    token: TokenOption = None,
    label: LabelOption = None,
    pin_file: PinFileOption = None,
    pin_fd: PinFdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new key and keep it encrypted, or have a hardware module make one that never leaves it.

    Without its password (or its words) nobody can restore a key.
    """
    hardware = HardwareChoice(pkcs11, token, label, pin_file, pin_fd)
    place = hardware.place()
    if place is not None:
        hardware.make(place, as_json=as_json)
        return
    store = keystore_at(keystore, light=light)
    chosen_password = password(password_file, password_fd, new=True)
    if words_to is None:
        address = store.create(chosen_password)
    else:
        phrase = new_mnemonic(256, language)
        write_private(words_to, phrase.reveal() + b"\n")
        address = store.add(derive(seed_of(phrase, language=language), path).key, chosen_password)
    show_key(store, address, "New key", as_json)
    note("Keep a copy of the file and of the password in two different places.")
    if words_to is not None:
        note(f"The words are in {words_to}: write them on paper, then destroy that file.")


@app.command("import")
@told
def import_key(
    kind: Annotated[ImportKind, typer.Argument(help="What the secret is.")],
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help="The words, the raw key, or the keystore's password.")
    ] = None,
    secret_fd: Annotated[int | None, typer.Option("--secret-fd", help="The same, from a descriptor.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="The keystore file to take over.")] = None,
    address: Annotated[
        str | None, typer.Option("--address", help="The address expected, if the file names none.")
    ] = None,
    language: Annotated[str | None, typer.Option("--language", help="Else found from the words.")] = None,
    path: PathOption = ETHEREUM_PATH,
    light: LightOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take over a key: from words, from 32 bytes in hexadecimal, or from another keystore file."""
    if (kind is ImportKind.KEYSTORE) != (file is not None):
        raise typer.BadParameter("--file belongs to a keystore, and a keystore needs it")
    prompt = {ImportKind.MNEMONIC: "Words", ImportKind.RAW: "Private key"}.get(kind, "Password of the file")
    given = read_secret(prompt, descriptor=secret_fd, file=secret_file)
    store = keystore_at(keystore, light=light)
    if file is not None:
        key = decrypt_key(parse_document(read_private(file, MAX_FILE_BYTES)), given, address)
    elif kind is ImportKind.MNEMONIC:
        key = derive(seed_of(given, language=language), path).key
    else:
        key = parse_raw_key(given)
    show_key(store, store.add(key, password(password_file, password_fd, new=True)), "Imported key", as_json)


@app.command("export")
@told
def export_key(
    kind: Annotated[ExportKind, typer.Argument(help="What to write.")],
    to: Annotated[Path, typer.Option("--to", help="The new file; it gets mode 0600.")],
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    password_file: PasswordFileOption = None,
    password_fd: PasswordFdOption = None,
    new_password_file: Annotated[
        Path | None, typer.Option("--new-password-file", help="The password of the exported keystore.")
    ] = None,
    light: LightOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a key to a new private file: raw, which whoever reads it can spend, or under another password."""
    store = keystore_at(keystore)
    found = chosen(store, address)
    if kind is ExportKind.RAW:
        agree(f"Write the key of {found} to {to} without any encryption?", yes=yes)
    key = store.secret(found, password(password_file, password_fd))
    if kind is ExportKind.RAW:
        write_private(to, format_raw_key(key).reveal())
    else:
        new_password = read_secret("New password", file=new_password_file, confirm=True)
        write_private(to, encrypted(key, new_password, light))
    if as_json:
        show_json({"address": found, "file": str(to)})
    else:
        note(f"The key of {found} is in {to}.")


def encrypted(key: Secret, new_password: Secret, light: bool) -> bytes:
    """Return a keystore file's bytes."""
    cost = LIGHT_COST if light else STANDARD_COST
    return json.dumps(encrypt_key(key, new_password, cost), indent=2).encode()


@app.command("list")
@told
def list_keys(keystore: KeystoreOption = DEFAULT_KEYSTORE, as_json: JsonOption = False) -> None:
    """List your addresses. Nothing is unlocked."""
    store = keystore_at(keystore)
    rows = [[address, str(store.path(address))] for address in store.addresses()]
    if as_json:
        show_json([{"address": address, "file": file} for address, file in rows])
    else:
        show_table("Keys", ["Address", "File"], rows)


@app.command("address")
@told
def show_address(
    address: AddressOption = None,
    keystore: KeystoreOption = DEFAULT_KEYSTORE,
    qr: QrOption = False,
    pkcs11: LibraryOption = None,
    token: TokenOption = None,
    label: LabelOption = None,
    pin_file: PinFileOption = None,
    pin_fd: PinFdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print your address, or that of a key in a hardware module: what others need to pay you."""
    hardware = HardwareChoice(pkcs11, token, label, pin_file, pin_fd)
    place = hardware.place()
    if place is not None:
        in_hardware = hardware.show(place, as_json=as_json)
        if qr:
            show_qr_code(in_hardware)
        return
    found = chosen(keystore_at(keystore), address)
    if qr:
        show_qr_code(found)
    if as_json:
        show_json({"address": found})
    else:
        typer.echo(found)
