"""`corridor operator`: an institution's operators, for who has its machine; its API may be running meanwhile.

The first ones are enrolled here, for nobody is there yet to agree on them. A password comes from a prompt, a file
or a descriptor, never from an argument; what is told once goes to a file of mode 0600 or to the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.clock import SystemClock
from api.credentials import NAME
from api.institution import read_description
from api.operators.passwords import Passwords, WeakPassword
from api.operators.staff import Activation, NotPossible, Staff
from cli.exit_codes import ExitCode
from cli.failures import ends_well_or_says_why
from cli.institution_book import FolderOption, JsonOption, book_of
from node.book.book import Unit
from node.book.operator_audit import MACHINE
from node.book.operators import OperatorRecord
from node.domain.operator import Role
from wallet.private_file import write_private
from wallet.qr_code import in_blocks, qr_code
from wallet.secret_input import NoSecret, read_secret

app = typer.Typer(no_args_is_help=True, help="The people who operate an institution: makers, checkers and others.")

NameArgument = Annotated[str, typer.Argument(help="The name to log in with: lower case, at most 40.")]
FileOption = Annotated[Path | None, typer.Option("--password-file", help="File of the password, mode 0600.")]
DescriptorOption = Annotated[int | None, typer.Option("--password-fd", help="File descriptor of the password.")]
OutOption = Annotated[
    Path | None,
    typer.Option(help="Write one-time secret and recovery codes to this new file (0600), not to the terminal."),
]


@app.command()
@ends_well_or_says_why
def add(
    name: NameArgument,
    institution: FolderOption,
    role: Annotated[list[Role], typer.Option(help="What the person is trusted with; repeatable.")],
    password_file: FileOption = None,
    password_fd: DescriptorOption = None,
    out: OutOption = None,
) -> None:
    """Enrol an operator, with a password, a one-time secret for an authenticator, and recovery codes."""
    with _staff(institution) as staff:
        if not NAME.fullmatch(name):
            raise typer.BadParameter(f"{name!r} is no name: a-z, 0-9, dot, hyphen and underscore, at most 40")
        hashed = _hashed(staff, name, password_file, password_fd)
        with staff.book.unit() as unit:
            made = staff.enrol(unit, name, frozenset(role), MACHINE, MACHINE)
            _tell(staff.install(unit, made.operator_id, hashed, MACHINE, MACHINE), out)


@app.command("list")
@ends_well_or_says_why
def list_operators(institution: FolderOption, as_json: JsonOption = False) -> None:
    """Show who operates the institution, as what."""
    with _staff(institution) as staff, staff.book.view() as view:
        found = view.operators.list()
    if as_json:
        typer.echo(json.dumps([_operator_json(one) for one in found], indent=2))
        return
    table = Table("Name", "Id", "Roles", "Status", box=None, pad_edge=False)
    for one in found:
        roles = ", ".join(sorted(role.value for role in one.roles))
        table.add_row(one.name, one.operator_id, roles, one.status.value)
    Console(highlight=False).print(table)


def _operator_json(one: OperatorRecord) -> dict[str, object]:
    roles = sorted(role.value for role in one.roles)
    return {"name": one.name, "operator_id": one.operator_id, "roles": roles, "status": one.status.value}


@app.command()
@ends_well_or_says_why
def disable(name: NameArgument, institution: FolderOption) -> None:
    """Let an operator in no more, from this moment on; all sessions end."""
    with _staff(institution) as staff, staff.book.unit() as unit:
        staff.disable(unit, _existing(unit, name).operator_id, MACHINE, MACHINE)
    typer.echo(f"{name} is disabled")


@app.command()
@ends_well_or_says_why
def reset(
    name: NameArgument,
    institution: FolderOption,
    password_file: FileOption = None,
    password_fd: DescriptorOption = None,
    out: OutOption = None,
) -> None:
    """Give an operator a new password, one-time secret and recovery codes; the old ones and all sessions end."""
    with _staff(institution) as staff:
        with staff.book.view() as view:
            _existing(view, name)
        hashed = _hashed(staff, name, password_file, password_fd)
        with staff.book.unit() as unit:
            known = staff.reset(unit, _existing(unit, name).operator_id, MACHINE, MACHINE)
            _tell(staff.install(unit, known.operator_id, hashed, MACHINE, MACHINE), out)


@app.command()
@ends_well_or_says_why
def audit(
    institution: FolderOption,
    after: Annotated[int, typer.Option(min=0, help="Show what comes after this position.")] = 0,
) -> None:
    """Print the record of what operators did as lines of JSON, and check that none was changed or left out."""
    with _staff(institution) as staff, staff.book.view() as view:
        position = after
        while lines := view.operator_audit.read(position):
            for line in lines:
                told = {**vars(line), "at": line.at.isoformat(), "digest": line.digest.hex()}
                told.pop("previous")
                typer.echo(json.dumps(told))
            position = lines[-1].position
        broken_at = view.operator_audit.broken_at()
    if broken_at is not None:
        typer.echo(f"error: the record does not hold together at position {broken_at}", err=True)
        raise typer.Exit(ExitCode.NO)


def _tell(made: Activation, out: Path | None) -> None:
    told = {
        "name": made.operator.name,
        "operator_id": made.operator.operator_id,
        "otpauth": made.otpauth,
        "recovery_codes": made.recovery,
    }
    if out is not None:
        write_private(out, (json.dumps(told, indent=2) + "\n").encode())
        typer.echo(f"{made.operator.name} is enrolled; what the authenticator needs is in {out}")
        return
    typer.echo(in_blocks(qr_code(made.otpauth)))
    typer.echo(made.otpauth)
    typer.echo("Recovery codes, each good once:")
    for code in made.recovery:
        typer.echo(f"  {code}")


def _hashed(staff: Staff, name: str, file: Path | None, descriptor: int | None) -> str:
    try:
        password = read_secret(f"Password of {name}", file=file, descriptor=descriptor, confirm=True)
        return staff.passwords.hashed(password.reveal().decode(), name)
    except (NoSecret, WeakPassword, UnicodeDecodeError) as fault:
        raise typer.BadParameter(str(fault)) from fault


def _existing(unit: Unit, name: str) -> OperatorRecord:
    record = unit.operators.by_name(name)
    if record is None:
        raise typer.BadParameter(f"there is no operator {name}")
    return record


@contextmanager
def _staff(folder: Path) -> Iterator[Staff]:
    try:
        with book_of(folder) as book:
            yield Staff(book, SystemClock().now_s, read_description(folder).name, Passwords())
    except NotPossible as fault:
        raise typer.BadParameter(str(fault)) from fault
