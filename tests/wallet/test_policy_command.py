"""`corridor wallet policy | audit`: what is in force and what was done, for people who hold no key."""

from __future__ import annotations

import json
from pathlib import Path

from cli.exit_codes import ExitCode
from tests.wallet.shell import Person, answer
from tests.wallet.test_policy import DOCUMENT, POLICY
from wallet.audit import FileAudit


def test_a_policy_is_checked_and_put_in_words(tmp_path: Path) -> None:
    overseer = Person(tmp_path)
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(DOCUMENT))
    assert answer(overseer.run("policy", str(file), "--json"))["hash"] == POLICY.hash
    shown = " ".join(overseer.run("policy", str(file)).stdout.split())
    assert POLICY.hash in shown
    for words in ("needs 2 of treasurer", "transfer in CNY up to 10000", "denied from 22:00 to 06:00", "25000"):
        assert words in shown


def test_a_faulty_policy_is_refused(tmp_path: Path) -> None:
    overseer = Person(tmp_path)
    file = tmp_path / "policy.json"
    for content in (json.dumps(DOCUMENT | {"default": "allow"}), "{", "[" * 60_000, '{"version":1,"version":2}'):
        file.write_text(content)
        result = overseer.run("policy", str(file))
        assert result.exit_code == ExitCode.BAD_INPUT
        assert result.stderr.startswith("error: ")


def test_an_audit_log_is_checked(tmp_path: Path) -> None:
    overseer = Person(tmp_path)
    file = tmp_path / "log"
    audit = FileAudit(file, 0)
    for number in range(3):
        newest = audit.append(number, "signed", {"number": number})
    audit.close()
    assert answer(overseer.run("audit", str(file), "--json")) == {"entries": 3, "newest": newest}
    assert "3 entries, unbroken" in overseer.run("audit", str(file)).stdout
    file.write_bytes(file.read_bytes().replace(b'"number":1', b'"number":7'))
    result = overseer.run("audit", str(file))
    assert result.exit_code == ExitCode.NO_KEY
    assert "entry 2 does not follow" in result.stderr
