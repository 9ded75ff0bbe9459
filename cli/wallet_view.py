"""How the wallet's commands speak: tables for people on a terminal, JSON for programs, failures as exit codes.

Results go to standard output, questions and warnings to standard error, so that `--json` output stays JSON.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Sequence
from typing import ParamSpec

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.failure_codes import WALLET, code_of, sentence_of
from wallet.network import printable
from wallet.qr_code import in_blocks, qr_code
from wallet.words import Description

P = ParamSpec("P")


class Declined(Exception):
    """The person did not agree, or there was nobody to ask."""


class NotAllowed(Exception):
    """The policy, or somebody it asks, said no; nothing was signed."""


class StillOpen(Exception):
    """An earlier transfer's fate had to be looked up first; nothing new was sent."""


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a command's expected failures into one sentence on standard error and their exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Exception as error:
            code = code_of(error, WALLET)
            if code is None:
                raise
            complain(sentence_of(error))
            raise typer.Exit(code) from error

    return run


def complain(sentence: str) -> None:
    """Say on standard error what went wrong."""
    _errors().print(Text("error: ", style="bold red") + Text(printable(sentence)), soft_wrap=True)


def note(sentence: str) -> None:
    """Say on standard error what a person should know and a program should not read."""
    _errors().print(Text(printable(sentence)), soft_wrap=True)


def show_json(document: object) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(document, indent=2, ensure_ascii=True))


def show_lines(*lines: str) -> None:
    """Print lines on standard output, never broken, so that addresses and hashes can be copied."""
    for line in lines:
        typer.echo(printable(line))


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on standard output; cells are shown as they are, never as markup."""
    console = Console()
    console.print(Text(printable(title), style="bold"), soft_wrap=True)  # names and addresses stay whole
    table = Table()
    for column in columns:
        right = column in {"Amount", "On hold", "Minor units"}
        whole = column == "Address"  # never broken, so that it can be copied
        table.add_column(column, justify="right" if right else "left", overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(table)


def show_qr_code(text: str) -> None:
    """Print a QR code on standard error, in white on black whatever the terminal's colours are."""
    _errors().print(Text(in_blocks(qr_code(text)), style="bright_white on black"), soft_wrap=True)


def show_description(description: Description) -> None:
    """Print on standard error what is about to be agreed to."""
    _errors().print(Text(printable(description.title), style="bold"), soft_wrap=True)
    table = Table()
    table.add_column("Field")
    table.add_column("Value", overflow="fold")
    for label, text in description.lines:
        table.add_row(Text(label), Text(printable(text)))
    _errors().print(table)


def agree(question: str, *, yes: bool) -> None:
    """Ask until the answer is clear. Raises Declined: for no, or when there is no terminal to ask on."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Declined("nobody is there to confirm; say --yes to go ahead without being asked")
    if not typer.confirm(printable(question), default=False, err=True):
        raise Declined("not confirmed; nothing was signed and nothing was sent")


def _errors() -> Console:
    return Console(stderr=True, highlight=False)
