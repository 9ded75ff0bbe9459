"""Shell completion knows the wallet's commands and options, through the command that loads them lazily."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.processes import CORRIDOR, ROOT


@pytest.mark.parametrize(
    ("line", "expected"),
    [("corridor wa", {"wallet"}), ("corridor wallet se", {"send"}), ("corridor wallet send --dry", {"--dry-run"})],
)
def test_a_line_is_completed(line: str, expected: set[str]) -> None:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    program = (*CORRIDOR[:-1], "import sys; sys.argv[0] = 'corridor'; " + CORRIDOR[-1])
    told = subprocess.run(
        program,
        env=os.environ | words | {"_CORRIDOR_COMPLETE": "complete_bash"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(told.stdout.split()) == expected
