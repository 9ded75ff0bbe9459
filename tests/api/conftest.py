"""The network of `tests.network`, shared by this room's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.running_network import RunningNetwork
from tests.network import BANK_AE, BANK_CN, BANK_HK, Bank, bank


def _bank(network: RunningNetwork, bic: str) -> Iterator[Bank]:
    opened = bank(network, bic)
    with opened.http:
        yield opened


@pytest.fixture(scope="module")
def debtor_agent(network: RunningNetwork) -> Iterator[Bank]:
    """The bank in China."""
    yield from _bank(network, BANK_CN)


@pytest.fixture(scope="module")
def creditor_agent(network: RunningNetwork) -> Iterator[Bank]:
    """The bank in Hong Kong, with a customer who has an account in yuan."""
    yield from _bank(network, BANK_HK)


@pytest.fixture(scope="module")
def third_bank(network: RunningNetwork) -> Iterator[Bank]:
    """The bank in the Emirates."""
    yield from _bank(network, BANK_AE)
