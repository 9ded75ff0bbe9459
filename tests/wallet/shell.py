"""Somebody at a shell: a keystore with the debtor's key, a password file, and the wallet's commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from cli.wallet import app
from tests.wallet.actors import DEBTOR_SECRET
from wallet.encryption import LIGHT_COST
from wallet.keystore import Keystore
from wallet.secret import Secret


@dataclass(frozen=True)
class Person:
    """A person with a home directory."""

    home: Path

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=typed)

    def private(self, name: str, content: str) -> str:
        """Write a file with mode 0600 and return its path."""
        path = self.home / name
        path.write_text(content)
        path.chmod(0o600)
        return str(path)

    @property
    def keys(self) -> tuple[str, str]:
        return ("--keystore", str(self.home / "keys"))

    @property
    def password(self) -> tuple[str, str]:
        return ("--password-file", str(self.home / "password"))


def person_with_the_debtors_key(home: Path) -> Person:
    home.mkdir(exist_ok=True)
    person = Person(home)
    person.private("password", "correct horse\n")
    Keystore(home / "keys", LIGHT_COST).add(Secret(DEBTOR_SECRET), Secret(b"correct horse"))
    return person


def answer(result: Result) -> Any:
    """Return the JSON of a command that was done."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
