"""What holds for every test: the files that take longest come first, and one sandbox network serves all rooms.

Tests run on several processes, a file to each; were a long one among the last, the others would wait for it.
"""

import os

import hypothesis
import pytest

from tests import chains, databases
from tests.databases import new_database, postgres
from tests.network import at_rest, network

__all__ = ["at_rest", "network", "new_database", "postgres"]

# By measurement (`pytest --durations`), longest first; a folder stands for all of its files.
LONGEST_FIRST = (
    "tests/simulation/",
    "tests/property/",
    "tests/cli/test_up.py",
    "tests/end_to_end/",
    "tests/node/settlement/sending/",
    "tests/cli/",
    "tests/contracts/",
    "tests/node/ledger/",
    "tests/api/",
)


# What a shell says of its terminal, its proxies and our own commands is about that shell, and not about the tests.
TERMINAL = frozenset(
    {"COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "CLICOLOR", "CLICOLOR_FORCE"}
    | {"GITHUB_ACTIONS"}  # typer and rich write colours for it
)
PROXY = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
ASKED_OF_TESTS = frozenset(
    {"CORRIDOR_CORPUS", "CORRIDOR_EXECUTION_APIS", "CORRIDOR_RANDOM", "CORRIDOR_WRITE_GOLDEN", "CORRIDOR_ANVIL"}
)


def pytest_configure(config: pytest.Config) -> None:
    """Every run has the same examples and the same surroundings."""
    _forget_the_shell()
    _choose_examples(config)


def _forget_the_shell() -> None:
    for name in list(os.environ):
        somebodys = name.startswith(("CORRIDOR_", "AWS_")) and name not in ASKED_OF_TESTS
        if somebodys or name in TERMINAL or name.upper() in PROXY:
            del os.environ[name]


def _choose_examples(config: pytest.Config) -> None:
    """No made-up example fails for being slow: that is the machine's doing.

    The examples are the same every time, so that a change fails for what it did and not by chance; long runs, and
    those that name a seed (`make properties`), make up new ones.
    """
    makes_up_new = config.getoption("hypothesis_seed", None) is not None or config.getoption("markexpr") == "long"
    hypothesis.settings.register_profile("any machine", deadline=None, derandomize=not makes_up_new)
    hypothesis.settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    databases.add_options(parser)
    chains.add_options(parser)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Stable, so that within a file and among the quick files the usual order remains."""
    items.sort(key=_place)
    elsewhere = {*chains.on_other_chains(config, items), *databases.without_a_database(config, items)}
    if elsewhere:
        config.hook.pytest_deselected(items=list(elsewhere))
        items[:] = [item for item in items if item not in elsewhere]


def _place(item: pytest.Item) -> int:
    for place, start in enumerate(LONGEST_FIRST):
        if item.nodeid.startswith(start):
            return place
    return len(LONGEST_FIRST)
