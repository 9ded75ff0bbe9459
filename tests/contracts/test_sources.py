"""The sources themselves: what is shipped is what they give, and they say what they must."""

import re
from pathlib import Path

import pytest

from contracts import ARTIFACTS, artifact, artifact_names
from contracts import compile as compiler

SOURCES = sorted([*compiler.SOURCES.rglob("*.vy"), *compiler.SOURCES.rglob("*.vyi")])
CODE = [path for path in SOURCES if path.suffix == ".vy"]
TESTS = Path(__file__).parent
FUNCTION = re.compile(
    r"((?:^@\w+\n)+)def (\w+)\((?:[^()]|\([^()]*\))*\)(?:\s*->\s*(?:[^:]|\n)+?)?:\n\s*(\"\"\"(?:.|\n)*?\"\"\")?",
    re.MULTILINE,
)
REASON = re.compile(r"\"([A-Z]\w+: [^\"]+)\"")


def externals(path: Path) -> list[tuple[str, str, str]]:
    """(name, decorators, docstring) of every external function of a source."""
    found = FUNCTION.findall(path.read_text(encoding="ascii"))
    return [(name, marks, " ".join(text.split())) for marks, name, text in found if "@external" in marks]


def reasons() -> set[str]:
    return {reason for path in CODE for reason in REASON.findall(path.read_text(encoding="ascii"))}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_source_is_printable_ascii(path: Path) -> None:
    # CVE-2026-114114 and -114116: other characters make this compiler read literals from the wrong place.
    allowed = set(b"\n") | set(range(0x20, 0x7F))
    assert set(path.read_bytes()) <= allowed
    assert "# pragma version 0.4.3\n" in path.read_text(encoding="ascii")
    assert all(len(line) <= 110 or '"' in line for line in path.read_text(encoding="ascii").splitlines())


def test_the_shipped_artifacts_are_what_the_sources_compile_to() -> None:
    assert artifact_names() == tuple(path.stem for path in compiler.deployables())
    for path in compiler.deployables():
        shipped = (ARTIFACTS / f"{path.stem}.json").read_text(encoding="ascii")
        assert shipped == compiler.render(compiler.compile_contract(path)), f"{path.stem}: compile again"


def test_an_artifact_is_read_back_whole() -> None:
    token = artifact("CurrencyToken")
    assert token.runtime in token.bytecode
    assert token.compiler.startswith("vyper 0.4.3")
    assert token.evm_version == compiler.EVM_VERSION
    assert token.source_digest == compiler.source_digest(compiler.SOURCES / "CurrencyToken.vy")
    with pytest.raises(KeyError, match="no contract named 'Nothing'"):
        artifact("Nothing")


def test_an_artifact_depends_on_its_own_sources_only() -> None:
    every = {path: set(compiler.sources_of(path)) for path in compiler.deployables()}
    assert set().union(*every.values()) == set(SOURCES)
    token, settlement = (every[compiler.SOURCES / f"{name}.vy"] for name in ("CurrencyToken", "Settlement"))
    assert compiler.SOURCES / "modules" / "erc20.vy" in token - settlement
    assert compiler.SOURCES / "modules" / "typed_data.vy" in token & settlement


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_every_external_function_says_who_may_call_it(path: Path) -> None:
    for name, marks, text in externals(path):
        assert "@notice" in text, f"{path.name} {name}: no notice"
        assert "Caller: " in text, f"{path.name} {name}: who may call it?"
        if "@view" not in marks:
            assert "Refuses: " in text, f"{path.name} {name}: what does it refuse?"
            assert "Stopped by: " in text, f"{path.name} {name}: how is it stopped?"


def test_every_external_function_was_looked_at() -> None:
    # The pattern above could miss a function silently; the ABI cannot.
    names = {name for path in CODE for name, _, _ in externals(path)}
    for contract in artifact_names():
        declared = {entry["name"] for entry in artifact(contract).abi if entry["type"] == "function"}
        assert declared <= names, declared - names


@pytest.mark.parametrize("path", compiler.deployables(), ids=lambda path: path.name)
def test_every_deployable_says_how_it_is_stopped(path: Path) -> None:
    assert "@custom:kill" in path.read_text(encoding="ascii")


@pytest.mark.parametrize("reason", sorted(reasons()))
def test_every_revert_has_a_test(reason: str) -> None:
    tested = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("test_*.py"))
    assert f'"{reason}"' in tested
