"""`corridor customer`: what is kept of a customer is given out or erased; the API may be running meanwhile.

An erasure destroys the key that the customer's data is sealed with. Nobody can take it back, nor can we.
"""

from __future__ import annotations

import json
import os
import pwd
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.institution import MASTER_KEY, book_place, master_key_in
from cli.customer_data import data_of
from cli.exit_codes import ExitCode
from cli.failures import ends_well_or_says_why
from cli.institution_book import FolderOption, JsonOption, book_of
from node.book.book import Book
from node.book.erasing import Erased, NotErased
from node.book.erasure import erase_customer, erase_payment
from node.book.sealing import Key, master_key_of, new_master_key_text
from node.book.vault import WrongMasterKey
from node.settings import read_settings
from wallet.private_file import read_private, sync_directory, write_private

app = typer.Typer(no_args_is_help=True, help="Give out or erase what is kept of a customer.")

_LONGEST_NAME = 140
_MOST_KEY_BYTES = 4096


@app.command()
@ends_well_or_says_why
def erase(
    institution: FolderOption,
    account: Annotated[str | None, typer.Argument(help="The number of the customer's account.")] = None,
    payment: Annotated[
        str | None, typer.Option(help="The UETR of a payment instead: erases both its persons, customers or not.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who ordered it; by default the account that runs this.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a customer for ever: name, number, aliases, and the persons in all payments of the account."""
    if (account is None) is (payment is None):
        raise typer.BadParameter("give the number of an account, or --payment with a UETR")
    what = f"the owner of account {account}" if account else f"the persons of payment {payment}"
    if not yes and not typer.confirm(f"Erase {what}? This cannot be undone.", err=True):
        raise typer.Exit(ExitCode.NOT_AGREED)
    ordered_by, at = (by or _account_running())[:_LONGEST_NAME], datetime.now(UTC)
    with book_of(institution) as book:
        if account is not None:
            done = erase_customer(book, account, at, ordered_by)
        else:
            done = erase_payment(book, payment or "", at, ordered_by)
        if isinstance(done, NotErased):
            typer.echo(f"not erased: {done.sentence}", err=True)
            raise typer.Exit(ExitCode.NO)
        _tell(done, book.wipe())


@app.command()
@ends_well_or_says_why
def export(
    institution: FolderOption,
    account: Annotated[str, typer.Argument(help="The number of the customer's account.")],
    out: Annotated[Path, typer.Option(help="The file that the data is written to; it must not exist.")],
) -> None:
    """Write all that is kept of an account's owner to a file of mode 0600, as JSON."""
    with book_of(institution) as book, book.view() as unit:
        found = data_of(unit, account)
    if found is None:
        typer.echo(f"This institution keeps no account {account}.", err=True)
        raise typer.Exit(ExitCode.NO)
    write_private(out, found)
    typer.echo(f"all that is kept of account {account} is in {out}")


@app.command()
@ends_well_or_says_why
def erasures(institution: FolderOption, as_json: JsonOption = False) -> None:
    """Show what was erased, when, and who ordered it."""
    with book_of(institution) as book, book.view() as unit:
        found = unit.erasing.list()
    if as_json:
        told = [{"erased": one.subject, "at": one.at.isoformat(), "ordered_by": one.ordered_by} for one in found]
        typer.echo(json.dumps(told, indent=2))
        return
    table = Table("Erased", "At", "Ordered by", box=None, pad_edge=False)
    for one in found:
        table.add_row(one.subject, one.at.isoformat(timespec="seconds"), one.ordered_by)
    Console(highlight=False).print(table)


@app.command("change-master-key")
@ends_well_or_says_why
def change_master_key(institution: FolderOption) -> None:
    """Make a new master key and wrap every key with it. Stop the institution's API first.

    Broken off in the middle, it is finished by running it again.
    """
    settings = read_settings()
    file = settings.master_key or institution / MASTER_KEY
    old, new_file = master_key_in(institution, settings.master_key), file.with_name(f"{file.name}.new")
    if not new_file.exists():
        write_private(new_file, new_master_key_text())
    new = master_key_of(read_private(new_file, _MOST_KEY_BYTES))
    rewrapped = _rewrapped(book_place(institution, settings.database), old, new)
    new_file.replace(file)
    sync_directory(file.parent)
    typer.echo(f"the master key is {new.fingerprint} now, {rewrapped} customers' keys are wrapped with it")
    typer.echo(f"destroy every copy of {old.fingerprint}: what was erased is then gone from backups too")


def _rewrapped(place: str, old: Key, new: Key) -> int | str:
    """How many keys were wrapped anew; all of them, where an earlier run had come so far."""
    try:
        book = Book.open(place, old)
    except WrongMasterKey:
        Book.open(place, new).close()
        return "all"
    try:
        return book.change_master(old, new)
    finally:
        book.close()


def _tell(done: Erased, is_wiped: bool) -> None:
    typer.echo(f"erased: {done.subject}, with the persons of {done.payments} payments")
    if not is_wiped:
        typer.echo("A reader holds up the database; what the erasure left in its log goes with its next writes.")


def _account_running() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name
