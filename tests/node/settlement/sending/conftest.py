"""The town on each engine: the local chain, where gas is free, and Anvil, where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.ledger.engines import anvil_engine
from tests.node.settlement.clocks import RunningClock
from tests.node.settlement.sending.following import Following
from tests.node.settlement.town import Town, found_town, found_town_on


@pytest.fixture(scope="module")
def local_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = found_town(Path(tmp_path_factory.mktemp("local")))
    yield town
    town.close()


@pytest.fixture(scope="module")
def anvil_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """On Anvil with its base fee of one gwei, a block for every transaction."""
    folder = tmp_path_factory.mktemp("anvil")
    with anvil_engine(folder) as engine:
        town = found_town_on(folder, engine.url, RunningClock(), funder=engine.funder)
        yield town
        town.close()


@pytest.fixture
def local(local_town: Town) -> Iterator[Following]:
    """The local town; what was posted must have ended once, and the books must be sound."""
    following = Following(local_town)
    yield following
    following.assert_settled_once()


@pytest.fixture
def anvil(anvil_town: Town) -> Iterator[Following]:
    """The town on Anvil, likewise; mining and base fee are as usual again afterwards."""
    following = Following(anvil_town)
    yield following
    following.rpc("evm_setAutomine", True)
    following.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    following.rpc("evm_mine")
    following.assert_settled_once()


@pytest.fixture(params=["local", pytest.param("anvil", marks=pytest.mark.anvil)])
def either(request: pytest.FixtureRequest) -> Following:
    """One engine after the other."""
    found: Following = request.getfixturevalue(request.param)
    return found
