"""The command a user is told to type is one that works where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.invocation import command_to_type


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / ".venv" / "bin" / "corridor"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    return program


def test_inside_the_checkout_it_is_the_short_path(installed: Path, tmp_path: Path) -> None:
    assert command_to_type(str(installed), tmp_path) == ".venv/bin/corridor"


def test_from_elsewhere_it_is_the_whole_path(installed: Path) -> None:
    assert command_to_type(str(installed), Path("/")) == str(installed).lstrip("/")
    assert command_to_type(str(installed), Path("/usr")) == str(installed)


def test_on_the_path_it_is_the_name(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(installed.parent))
    assert command_to_type(str(installed), tmp_path) == "corridor"


def test_run_as_a_module_it_is_the_name(tmp_path: Path) -> None:
    assert command_to_type("cli/main.py", tmp_path) == "corridor"
