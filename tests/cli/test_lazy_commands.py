"""Every command is listed with its own words, and loads no more than it needs: counted in modules, not in time."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from cli.lazy_commands import Table, loaded
from cli.main import COMMANDS, app

ROOT = Path(__file__).resolve().parents[2]
# What costs a tenth of a second or so to import, by its top package (typer itself needs pydantic).
HEAVY = frozenset(
    {"web3", "eth", "eth_account", "eth_keyfile", "py_ecc", "aiohttp", "fastapi", "lxml", "sqlalchemy"}
    | {"alembic", "uvicorn", "httpx", "requests", "boto3", "pkcs11", "vyper", "eth_abi", "eth_keys"}
)


def tables(path: tuple[str, ...], table: Table) -> Iterator[tuple[tuple[str, ...], Table]]:
    """A table and those of the groups in it."""
    yield path, table
    for name, (module, _line) in table.items():
        below = getattr(importlib.import_module(module), "COMMANDS", None)
        if below is not None:
            yield from tables((*path, name), below)


def listed() -> list[tuple[tuple[str, ...], Table, str]]:
    return [(path, table, name) for path, table in tables((), COMMANDS) for name in table]


@pytest.mark.parametrize(
    ("path", "table", "name"), [pytest.param(*one, id=" ".join((*one[0], one[2]))) for one in listed()]
)
def test_the_list_tells_what_the_command_tells(path: tuple[str, ...], table: Table, name: str) -> None:
    command = loaded(table, name)
    assert command.help is not None
    first = " ".join(command.help.split("\n\n")[0].split())
    assert table[name][1] == first, f"the line of `corridor {' '.join((*path, name))}` in its group's table"
    told = CliRunner().invoke(app, [*path, name, "--help"])
    assert told.exit_code == 0, told.output
    assert "Usage" in told.output
    assert "--install-completion" not in told.output, "only the outermost command offers that"


def test_every_command_of_a_module_is_listed() -> None:
    """A command that no table names could not be called."""
    for path, table in tables((), COMMANDS):
        for module in {module for module, _line in table.values()}:
            names = [name for name, (where, _line) in table.items() if where == module]
            group = typer.main.get_group(importlib.import_module(module).app)
            is_a_group = names[0] not in group.commands
            assert isinstance(group, TyperGroup)
            assert is_a_group or set(group.commands) == set(names), (path, module)


def imported(arguments: str) -> set[str]:
    """The top packages in a fresh process once a command is done."""
    program = (
        "import sys\nfrom cli.main import main\n"
        f"sys.argv = ['corridor', *{arguments!r}.split()]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('\\n' + ' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("--help", ()),
        ("--version", ()),
        ("wallet --help", ()),
        ("bench --help", ()),
        ("up --help", ()),
        ("wallet list --keystore nowhere", ()),
        ("wallet sign --help", ()),
        ("wallet new --help", ()),
        ("wallet balance --network nowhere", ()),
        ("node --help", ("eth", "py_ecc", "uvicorn", "eth_abi", "eth_keys")),
    ],
    ids=str,
)
def test_a_command_loads_nothing_heavy_that_it_does_not_need(arguments: str, needed: tuple[str, ...]) -> None:
    assert imported(arguments) & HEAVY == set(needed)


def test_an_institutions_api_loads_no_chain_and_no_ethereum_client() -> None:
    assert (
        imported("api --help") & {"eth", "py_ecc", "eth_account", "web3", "aiohttp", "alembic", "requests"}
        == set()
    )


def test_a_wallet_that_talks_to_the_chain_loads_the_codec_and_no_more() -> None:
    program = (
        "import sys, cli.wallet_balance, node.ledger.client; print(*{n.partition('.')[0] for n in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == {"eth_abi"}
