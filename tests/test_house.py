"""The house rules that no linter knows, as tests; a rule that cannot be checked fails rather than passes."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import api
import cli
import contracts
import node
import wallet

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("api", "cli", "contracts", "node", "wallet")
LONGEST_FILE, LONGEST_FUNCTION = 400, 70
# Written in two halves, so that this file does not contain what it looks for.
DOWNLOAD_HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "debian" + ".org/debian")
BANNED_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|manager)$")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    assert len(paths) > 50
    return [path for path in paths if path.is_file()]


def sources(*suffixes: str) -> Iterator[Path]:
    found = [
        path
        for path in tracked()
        if path.suffix in suffixes and path.relative_to(ROOT).parts[0] in (*PRODUCT, "tests")
    ]
    assert found
    yield from found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_files_are_short() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in sources(".py", ".vy", ".vyi")}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    long: dict[str, int] = {}
    for path in sources(".py"):
        for item in ast.walk(ast.parse(path.read_text())):
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (item.end_lineno or item.lineno) - item.lineno + 1
                if length > LONGEST_FUNCTION:
                    long[f"{name_of(path)}:{item.name}"] = length
    assert long == {}


def test_every_module_says_its_idea_and_every_public_name_what_it_does() -> None:
    silent: list[str] = []
    for path in sources(".py"):
        parts = path.relative_to(ROOT).parts
        tree = ast.parse(path.read_text())
        if parts[0] == "tests" or not tree.body:
            continue
        if ast.get_docstring(tree) is None:
            silent.append(name_of(path))
        silent += [
            f"{name_of(path)}:{item.name}"
            for item in tree.body
            if isinstance(item, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            and not item.name.startswith("_")
            and ast.get_docstring(item) is None
        ]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    marker = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b(?!X)")
    hits = [
        f"{name_of(path)}:{number}"
        for path in sources(".py", ".vy", ".vyi")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"#.*" + marker.pattern, line)
    ]
    assert hits == []


def test_no_file_is_named_for_being_a_drawer() -> None:
    assert [name_of(path) for path in sources(".py") if BANNED_NAMES.search(path.stem)] == []


def test_no_download_host_stands_anywhere() -> None:
    hits = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        hits += [f"{name_of(path)}: {host}" for host in DOWNLOAD_HOSTS if host in text]
    assert hits == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_dependency_is_pinned_with_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    assert len(entries) > 50
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_environment_has_one_reader() -> None:
    readers = [
        name_of(path)
        for path in sources(".py")
        if path.relative_to(ROOT).parts[0] != "tests" and re.search(r"os\.(environ|getenv)", path.read_text())
    ]
    assert readers == ["node/settings.py"]


def test_the_packages_are_this_checkout() -> None:
    for package in (api, cli, contracts, node, wallet):
        assert Path(str(package.__file__)).is_relative_to(ROOT)
