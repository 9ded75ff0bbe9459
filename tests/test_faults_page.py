"""The page of faults names tests that exist; a fault whose test is renamed or removed is noticed here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"\| (?P<fault>[^|]+) \| `(?P<file>[\w/]+\.py)::(?P<test>\w+)` \|")
FEWEST = 30


def test_every_fault_has_its_test() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| fault ")]
    named = [ROW.fullmatch(row) for row in rows]
    assert all(named), [row for row, found in zip(rows, named, strict=True) if found is None]
    wanted = [(found["file"], found["test"]) for found in named if found is not None]
    assert len(wanted) >= FEWEST
    assert [one for one in wanted if one[1] not in functions_of(one[0])] == []


def functions_of(file: str) -> set[str]:
    """The functions of a test file, by name."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
