"""`corridor access`: the partners and sandbox keys of an institution; its API may be running meanwhile.

A new key is written to a file that only its owner may read. No secret is ever an argument: arguments are seen by
every process of the machine.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.credentials import GOOD_KEY, NAME, SCOPE, new_key, public_key_of
from cli.failures import ends_well_or_says_why
from cli.institution_book import FolderOption, JsonOption, book_of
from node.book.book import Book
from node.book.callers import CallerRecord
from wallet.private_file import write_private

app = typer.Typer(no_args_is_help=True, help="Who may use an institution's API: API keys and OAuth clients.")

ScopeOption = Annotated[
    list[str],
    typer.Option("--scope", help="What it may do, such as payments:read; repeatable. `*` is everything."),
]
NameArgument = Annotated[str, typer.Argument(help="a-z, 0-9, dot, hyphen and underscore, at most 40.")]


@app.command("add-key")
@ends_well_or_says_why
def add_key(
    name: NameArgument,
    institution: FolderOption,
    scope: ScopeOption,
    out: Annotated[Path, typer.Option(help="The file that the key is written to; it must not exist.")],
    days: Annotated[int | None, typer.Option(min=1, help="Days until it ends; never if left out.")] = None,
) -> None:
    """Make an API key (for a sandbox) and write it to a file of mode 0600. Only its digest is kept."""
    _check(name, scope)
    key, digest = new_key(name)
    until = datetime.now(UTC) + timedelta(days=days) if days else None
    record = _record(f"key:{name}", scope, digest=digest, until=until)
    with book_of(institution) as book:
        write_private(out, key.encode())
        try:
            _add(book, record)
        except BaseException:
            out.unlink()
            raise
    typer.echo(f"{record.name} may {_told(record)}; its key is in {out}")


@app.command("add-client")
@ends_well_or_says_why
def add_client(
    name: NameArgument,
    institution: FolderOption,
    scope: ScopeOption,
    public_key: Annotated[Path, typer.Option(help="The client's public key, PEM: Ed25519, P-256 or RSA.")],
) -> None:
    """Let a partner in that proves itself by assertions signed with its private key, which stays with it."""
    _check(name, scope)
    pem = public_key.read_text("ascii", "replace")
    try:
        public_key_of(pem)
    except ValueError as error:
        raise typer.BadParameter(f"{public_key} holds no {GOOD_KEY}") from error
    record = _record(f"client:{name}", scope, public_key=pem)
    with book_of(institution) as book:
        _add(book, record)
    typer.echo(f"{record.name} may {_told(record)}; it gets its tokens at /oauth/token as {name}")


@app.command("list")
@ends_well_or_says_why
def list_callers(institution: FolderOption, as_json: JsonOption = False) -> None:
    """Show who may use the API, and what for."""
    with book_of(institution) as book, book.view() as unit:
        found = unit.callers.list()
    if as_json:
        typer.echo(json.dumps([_caller_json(one) for one in found], indent=2))
        return
    table = Table("Caller", "Scopes", "Until", "State", box=None, pad_edge=False)
    for one in found:
        until = datetime.fromtimestamp(one.expires_s, UTC).isoformat(timespec="minutes") if one.expires_s else ""
        table.add_row(one.name, " ".join(sorted(one.scopes)), until, "revoked" if one.revoked else "good")
    Console(highlight=False).print(table)


def _caller_json(one: CallerRecord) -> dict[str, object]:
    until = datetime.fromtimestamp(one.expires_s, UTC).isoformat() if one.expires_s else None
    return {"caller": one.name, "scopes": sorted(one.scopes), "until": until, "revoked": one.revoked}


@app.command()
@ends_well_or_says_why
def revoke(
    caller: Annotated[str, typer.Argument(help="As `list` shows it: key:… or client:…")], institution: FolderOption
) -> None:
    """Let a caller in no more, from its next request on; its tokens end with it."""
    with book_of(institution) as book, book.unit() as unit:
        if not unit.callers.revoke(caller):
            raise typer.BadParameter(f"there is no caller {caller}")
    typer.echo(f"{caller} is revoked")


def _check(name: str, scopes: list[str]) -> None:
    if not NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r} is no name: lower-case letters, digits, dot, hyphen; at most 40")
    wrong = [one for one in scopes if one != "*" and not re.fullmatch(SCOPE, one)]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is no scope: one is a noun of the API with :read or :write")


def _record(
    name: str,
    scopes: list[str],
    *,
    digest: bytes | None = None,
    public_key: str | None = None,
    until: datetime | None = None,
) -> CallerRecord:
    expires_s = until.timestamp() if until else None
    return CallerRecord(name, digest, public_key, frozenset(scopes), expires_s, False, datetime.now(UTC))


def _add(book: Book, record: CallerRecord) -> None:
    with book.unit() as unit:
        if not unit.callers.add(record):
            raise typer.BadParameter(f"{record.name} is there already; a revoked name is not used again")


def _told(record: CallerRecord) -> str:
    return "do everything" if "*" in record.scopes else ", ".join(sorted(record.scopes))
