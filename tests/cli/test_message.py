"""`corridor message check`: the verdict on files, in words and as JSON, and the exit code that goes with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.exit_codes import ExitCode
from cli.message import app
from tests.api.iso20022.messages import ONE_CURRENCY


def run(*arguments: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["check", *(str(one) for one in arguments)], input=text)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A message that passes and one that does not."""
    right, wrong = tmp_path / "right.xml", tmp_path / "wrong.xml"
    right.write_text(ONE_CURRENCY)
    wrong.write_text(ONE_CURRENCY.replace("SLEV", "OU\x1b[31mRS".replace("\x1b", "&#10;")))
    return right, wrong


def test_every_file_has_a_verdict_and_one_that_fails_decides_the_exit_code(files: tuple[Path, Path]) -> None:
    found = run(*files)

    assert found.exit_code == ExitCode.NO
    assert f"{files[0]}: pacs.008.001.08 passes, 0 errors, 1 warning" in found.stdout
    assert f"{files[1]}: pacs.008.001.08 does not pass, 1 error" in found.stdout
    assert "error FF01 schema.code: FIToFICstmrCdtTrf/CdtTrfTxInf/ChrgBr: " in found.stdout


def test_json_names_element_rule_reason_and_text(files: tuple[Path, Path]) -> None:
    right, wrong = json.loads(run(*files, "--json").stdout)

    assert (right["passes"], right["transactions"], right["refused"]) == (True, 1, None)
    assert (wrong["passes"], wrong["refused"]) == (False, "schema_invalid")
    (error,) = wrong["errors"]
    assert error["element"] == "FIToFICstmrCdtTrf/CdtTrfTxInf/ChrgBr"
    assert (error["rule"], error["iso_reason"]) == ("schema.code", "FF01")


def test_standard_input_is_read_and_a_file_that_is_not_there_is_told() -> None:
    assert run("-", text=ONE_CURRENCY).exit_code == ExitCode.DONE
    missing = run("nowhere.xml")

    assert missing.exit_code == ExitCode.BAD_INPUT
    assert "nowhere.xml: No such file or directory" in missing.stderr


def test_folder_of_official_schemas_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORRIDOR_SCHEMAS", str(tmp_path))

    found = run("-", text=ONE_CURRENCY)

    assert found.exit_code == ExitCode.BAD_INPUT
    assert "has no official schema" in found.stderr
