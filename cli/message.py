"""corridor message: what a gateway would say of a message, without a network."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.examination import Examination, examine
from api.iso20022.catalogue import BadSchemas, Catalogue
from api.iso20022.codes import reason_code
from cli.exit_codes import ExitCode
from node.domain.reasons import Finding
from node.settings import read_settings

app = typer.Typer(help="What a gateway would say of a message, without a network.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.callback()
def message() -> None:
    """What a gateway would say of a message, without a network."""


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(help="ISO 20022 or FIN messages, a file each; - reads standard input.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Judge messages by schema and the rules of their profile; say what is wrong, where and by which rule.

    CORRIDOR_SCHEMAS names a folder of official schemas, which then judge. Ends with 1 where one does not pass.
    """
    settings = read_settings()
    try:
        catalogue = Catalogue(settings.schemas)
    except BadSchemas as error:
        raise _unusable(str(error)) from error
    now = datetime.now(UTC)
    found = [(file, examine(_read(file), catalogue, now, settings.max_body_bytes)) for file in files]
    if as_json:
        print(json.dumps([_as_json(file, one) for file, one in found], indent=2, ensure_ascii=False))
    else:
        for file, one in found:
            for line in _lines(file, one):
                typer.echo(line)
    if not all(one.passes for _file, one in found):
        raise typer.Exit(ExitCode.NO)


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise _unusable(f"{file}: {error.strerror}") from error


def _unusable(sentence: str) -> typer.Exit:
    typer.echo(f"corridor message check: {sentence}", err=True)
    return typer.Exit(ExitCode.BAD_INPUT)


def _lines(file: Path, one: Examination) -> Iterator[str]:
    """The verdict, and below it a line for each finding; nothing in it that a terminal would obey."""
    verdict = "passes" if one.passes else "does not pass"
    yield f"{file}: {_name(one)} {verdict}, {_count(one.errors, 'error')}, {_count(one.warnings, 'warning')}"
    for severity, findings in (("error", one.errors), ("warning", one.warnings)):
        for finding in findings:
            where = f" {finding.element}:" if finding.element else ""
            line = f"  {severity} {reason_code(finding)} {finding.rule}:{where} {finding.text}"
            yield "".join(letter if letter.isprintable() else "?" for letter in line)


def _name(one: Examination) -> str:
    if one.came_as is None:
        return "no message"
    if one.identifier is None or one.came_as == one.identifier:
        return one.came_as
    return f"{one.came_as} (as {one.identifier})"


def _count(findings: tuple[Finding, ...], noun: str) -> str:
    return f"{len(findings)} {noun}{'' if len(findings) == 1 else 's'}"


def _as_json(file: Path, one: Examination) -> dict[str, Any]:
    return {
        "file": str(file),
        "message": one.identifier,
        "came_as": one.came_as,
        "envelope": one.envelope,
        "passes": one.passes,
        "refused": one.refused.value if one.refused else None,
        "transactions": one.transactions,
        "errors": [_finding(finding) for finding in one.errors],
        "warnings": [_finding(finding) for finding in one.warnings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "element": finding.element,
        "value": finding.value,
        "rule": finding.rule,
        "iso_reason": reason_code(finding),
        "text": finding.text,
    }
