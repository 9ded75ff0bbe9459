"""One town a test module; every test uses payments of its own and must leave the town sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node.ledger.client import LedgerClient
from tests.chains import ANVIL, ETH_TESTER, chain_asked_for
from tests.node.ledger.engines import Engine, anvil_engine
from tests.node.settlement.clocks import EngineClock, RunningClock
from tests.node.settlement.town import Town, found_town, found_town_on


@pytest.fixture(scope="session")
def anvil_asked_for(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine | None]:
    """One Anvil for all towns of the session, where `--chain` asks for it."""
    asked = chain_asked_for(request.config)
    if asked == ETH_TESTER:
        pytest.skip("institutions talk to a chain over HTTP, which eth-tester has not")
    if asked != ANVIL:
        yield None
        return
    with anvil_engine(tmp_path_factory.mktemp("anvil")) as engine:
        yield engine


@pytest.fixture(scope="module")
def shared_town(
    tmp_path_factory: pytest.TempPathFactory,
    new_database: Callable[[], str | None],
    anvil_asked_for: Engine | None,
) -> Iterator[Town]:
    folder, database = Path(tmp_path_factory.mktemp("town")), new_database()
    if anvil_asked_for is None:
        town = found_town(folder, database)
        yield town
        town.close()
        return
    client = LedgerClient(anvil_asked_for.url)
    before = client.connection.call("evm_snapshot")
    chain_clock = EngineClock(client)
    funder = anvil_asked_for.funder
    town = found_town_on(
        folder, client.rpc_url, RunningClock(), funder=funder, chain_clock=chain_clock, database=database
    )
    yield town
    town.close()
    client.connection.call("evm_revert", before)
    client.close()


@pytest.fixture
def town(shared_town: Town) -> Iterator[Town]:
    yield shared_town
    shared_town.board.fault = None
    shared_town.assert_sound()
