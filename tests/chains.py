"""On which chain the tests run, and for how long the long ones do: pytest's options, in one place.

`--chain corridor` is the local chain, `--chain anvil` is Foundry's, `--chain eth-tester` is eth-tester's own
backend (contracts only: it has no server). Without the option the contracts run on the local chain, and what is
written for several engines runs on each of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

CORRIDOR, ETH_TESTER, ANVIL = "corridor", "eth-tester", "anvil"
NAME_OF_ENGINE = {"local": CORRIDOR, "anvil": ANVIL}  # as the parameters of the tests name them


def add_options(parser: pytest.Parser) -> None:
    """The options of the chain's tests."""
    parser.addoption("--chain", choices=(CORRIDOR, ETH_TESTER, ANVIL), help="the one chain to run the tests on")
    parser.addoption("--kills", type=int, default=4, help="how often the node is killed under load")
    parser.addoption("--fuzz-seconds", type=float, default=6, help="how long random requests are sent")
    parser.addoption("--fuzz-seed", type=int, default=20022, help="which random requests are sent")


def chain_asked_for(config: pytest.Config) -> str | None:
    """The one chain to run on, or None where nobody has said."""
    found: str | None = config.getoption("--chain")
    return found


def on_other_chains(config: pytest.Config, items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Tests of an engine that was not asked for: by a parameter, or a fixture of its name."""
    asked = chain_asked_for(config)
    if asked is None:
        return []
    return [item for item in items if _engines(item) - {asked}]


def _engines(item: pytest.Item) -> set[str]:
    callspec = getattr(item, "callspec", None)
    values = [*(callspec.params.values() if callspec else ()), *getattr(item, "fixturenames", ())]
    return {NAME_OF_ENGINE[value] for value in values if isinstance(value, str) and value in NAME_OF_ENGINE}
