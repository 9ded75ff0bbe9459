"""`corridor customer`: gives a customer's data out, erases it for good, and changes the key that all hangs on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.institution import BOOK, DESCRIPTION, MASTER_KEY, InstitutionDescription, master_key_in, open_book
from cli.customer import app
from cli.exit_codes import ExitCode
from node.book.vault import WrongMasterKey
from tests.node.book.persons import keep, keep_house, person

ONE, OTHER = person("Nightingale"), person("Oystercatcher")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An institution's folder with a book of two customers."""
    monkeypatch.delenv("CORRIDOR_MASTER_KEY", raising=False)
    monkeypatch.delenv("CORRIDOR_DATABASE", raising=False)
    said = InstitutionDescription("AAAACN0XXXX", "A", "", "", "", "", "", "", "", "")
    (tmp_path / DESCRIPTION).write_text(json.dumps(asdict(said)))
    book = open_book(tmp_path)
    keep_house(book)
    keep(book, ONE)
    keep(book, OTHER)
    book.close()
    return tmp_path


def _run(*arguments: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], input=text)


def test_the_master_key_is_made_for_its_owner_only(folder: Path) -> None:
    assert (folder / MASTER_KEY).stat().st_mode & 0o777 == 0o600
    assert (folder / MASTER_KEY).read_bytes().strip() not in (folder / BOOK).read_bytes()


def test_a_customer_is_erased_when_it_is_agreed(folder: Path) -> None:
    declined = _run("erase", ONE.number, "--institution", folder, text="n\n")
    assert (declined.exit_code, "cannot be undone" in declined.output) == (ExitCode.NOT_AGREED, True)
    done = _run("erase", ONE.number, "--institution", folder, "--by", "data protection officer", "--yes")
    assert done.exit_code == 0, done.output
    assert "with the persons of 1 payments" in done.output
    again = _run("erase", ONE.number, "--institution", folder, "--yes")
    assert (again.exit_code, "keeps no account" in again.output) == (ExitCode.NO, True)
    listed = _run("erasures", "--institution", folder)
    assert "data protection officer" in listed.output
    (told,) = json.loads(_run("erasures", "--institution", folder, "--json").output)
    assert told["ordered_by"].endswith("data protection officer")
    both = _run("erase", ONE.number, "--payment", ONE.payment.uetr, "--institution", folder)
    assert both.exit_code == ExitCode.BAD_INPUT
    one_payment = _run("erase", "--payment", OTHER.payment.uetr, "--institution", folder, "--yes")
    assert one_payment.exit_code == 0


def test_a_customer_gets_all_that_is_kept(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "data.json"
    assert _run("export", ONE.number, "--institution", folder, "--out", out).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    text = out.read_text()
    assert not [word for word in ONE.words if word not in text]
    assert not [word for word in OTHER.words if word in text]
    unknown = _run("export", "nobody", "--institution", folder, "--out", tmp_path / "none.json")
    assert (unknown.exit_code, (tmp_path / "none.json").exists()) == (ExitCode.NO, False)


@pytest.mark.parametrize("broken_off", [False, True])
def test_the_master_key_is_changed_also_where_it_was_broken_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch, broken_off: bool
) -> None:
    old = master_key_in(folder)
    if broken_off:  # the book is wrapped anew, and the file not yet in its place
        monkeypatch.setattr(Path, "replace", _dies)
        assert isinstance(
            _run("change-master-key", "--institution", folder).exception, KeyboardInterrupt | SystemExit
        )
        monkeypatch.undo()
        with pytest.raises(WrongMasterKey):
            open_book(folder)
    done = _run("change-master-key", "--institution", folder)
    assert done.exit_code == 0, done.output
    assert old.fingerprint in done.output
    assert master_key_in(folder).fingerprint != old.fingerprint
    book = open_book(folder)
    with book.view() as unit:
        record = unit.payments.find(ONE.payment.uetr)
    book.close()
    assert record is not None
    assert record.payment == ONE.payment


def _dies(_path: Path, _target: Path) -> None:
    raise KeyboardInterrupt


def test_another_master_key_is_refused_with_a_sentence(folder: Path) -> None:
    (folder / MASTER_KEY).unlink()
    refused = _run("erasures", "--institution", folder)
    assert refused.exit_code == ExitCode.NO_KEY
    assert isinstance(refused.exception, SystemExit)
