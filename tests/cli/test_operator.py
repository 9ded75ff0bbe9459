"""`corridor operator` on the machine: enrolling the first, resetting, disabling, and the record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.institution import Institution, open_book
from api.operators.one_time import code_at
from cli.exit_codes import ExitCode
from cli.operator import app
from cli.running_network import RunningNetwork
from node.domain.operator import OperatorStatus
from tests.network import BANK_CN, BANK_HK
from wallet.private_file import write_private


@pytest.fixture
def folder(network: RunningNetwork, tmp_path: Path) -> Path:
    """An institution's folder with an empty book and nobody running it."""
    copy = tmp_path / BANK_HK
    kept = shutil.ignore_patterns("book*", "operators.json")
    shutil.copytree(network.data / "institutions" / BANK_HK, copy, ignore=kept)
    return copy


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password-of-ana"
    write_private(file, b"Correct horse 9\n")
    return file


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, done.output


def test_the_first_officer_is_enrolled_on_the_machine(folder: Path, password: Path) -> None:
    role = ("--institution", folder, "--role", "security-officer", "--password-file", password)
    code, told = run("add", "ana", *role)
    assert code == 0, told
    assert "otpauth://totp/" in told
    assert "█" in told
    assert "Correct horse" not in told
    assert run("add", "ana", *role)[0] == ExitCode.BAD_INPUT
    assert run("add", "Ana Lima", *role)[0] == ExitCode.BAD_INPUT
    assert run("add", "bob", *role, "--role", "maker")[0] == ExitCode.BAD_INPUT
    code, listed = run("list", "--institution", folder)
    assert "security-officer" in listed
    assert "active" in listed
    assert "bob" not in listed
    (told,) = json.loads(run("list", "--institution", folder, "--json")[1])
    assert (told["name"], told["roles"], told["status"]) == ("ana", ["security-officer"], "active")


def test_what_is_told_once_goes_to_a_private_file(folder: Path, password: Path, tmp_path: Path) -> None:
    out = tmp_path / "ana.json"
    role = ("--institution", folder, "--role", "maker", "--password-file", password, "--out", out)
    code, told = run("add", "ana", *role)
    assert code == 0, told
    assert "otpauth" not in told
    assert out.stat().st_mode & 0o777 == 0o600
    assert len(json.loads(out.read_text())["recovery_codes"]) == 10
    assert run("add", "ben", *role)[0] == ExitCode.BAD_INPUT  # the file is there, and ben is not
    assert "ben" not in run("list", "--institution", folder)[1]


def test_a_weak_password_enrols_nobody(folder: Path, tmp_path: Path) -> None:
    weak = tmp_path / "weak"
    write_private(weak, b"short")
    code, told = run("add", "ana", "--institution", folder, "--role", "maker", "--password-file", weak)
    assert code == ExitCode.BAD_INPUT
    assert "12 to 256" in told
    weak.chmod(0o644)
    assert (
        run("add", "ana", "--institution", folder, "--role", "maker", "--password-file", weak)[0]
        == ExitCode.NO_KEY
    )


def test_disabling_and_resetting_while_the_api_runs(
    network: RunningNetwork, password: Path, tmp_path: Path
) -> None:
    folder = network.data / "institutions" / BANK_CN
    institution: Institution = network.institutions[BANK_CN]
    url = next(one["api_url"] for one in network.document["participants"] if one["bic"] == BANK_CN)

    def login(code: str) -> int:
        wish = {"name": "cli-ana", "password": "Correct horse 9", "code": code}
        return httpx.post(f"{url}/v1/operators/sessions", json=wish, trust_env=False, timeout=60).status_code

    def proofs(name: str) -> dict[str, object]:
        told: dict[str, object] = json.loads((tmp_path / name).read_text())
        return told

    here = ("--institution", folder, "--password-file", password)
    assert run("add", "cli-ana", *here, "--role", "maker", "--out", tmp_path / "one")[0] == 0
    first = proofs("one")
    secret = str(first["otpauth"]).partition("secret=")[2].partition("&")[0]
    assert login(code_at(secret, institution.office.clock.now_s())) == 201
    assert run("disable", "cli-ana", "--institution", folder)[0] == 0
    codes = first["recovery_codes"]
    assert isinstance(codes, list)
    assert login(codes[0]) == 401
    assert run("reset", "cli-ana", *here, "--out", tmp_path / "two")[0] == 0
    assert login(codes[0]) == 401
    again = proofs("two")["recovery_codes"]
    assert isinstance(again, list)
    assert login(again[0]) == 201
    assert run("disable", "nobody", "--institution", folder)[0] == ExitCode.BAD_INPUT
    with institution.office.book.view() as view:
        record = view.operators.by_name("cli-ana")
    assert record is not None
    assert record.status is OperatorStatus.ACTIVE


def test_the_record_is_printed_and_checked(folder: Path, password: Path) -> None:
    run("add", "ana", "--institution", folder, "--role", "maker", "--password-file", password)
    code, told = run("audit", "--institution", folder)
    lines = [json.loads(line) for line in told.splitlines()]
    assert code == 0
    assert [(line["position"], line["actor"], line["act"]) for line in lines] == [
        (1, "machine", "operator.enrolled"),
        (2, "machine", "operator.activated"),
    ]
    book = open_book(folder)
    with book._writer.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER operator_audit_unchanged")
        connection.exec_driver_sql("UPDATE operator_audit SET act = 'operator.disabled' WHERE position = 2")
    book.close()
    code, told = run("audit", "--institution", folder)
    assert code == ExitCode.NO
    assert "position 2" in told
