"""Engines and a deployed network, shared by the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from node.ledger.client import LedgerClient
from node.ledger.deployment import deploy_network
from tests.node.ledger.actors import network_keys, network_plan
from tests.node.ledger.engines import Engine, anvil_engine, local_engine
from tests.node.ledger.networks import Network


@pytest.fixture(scope="session", params=["local", pytest.param("anvil", marks=pytest.mark.anvil)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each engine in turn, for the whole session."""
    running = local_engine() if request.param == "local" else anvil_engine(tmp_path_factory.mktemp("anvil"))
    with running as found:
        yield found


@pytest.fixture(scope="session")
def network(engine: Engine) -> Network:
    """The network of nine participants on the engine; tests share it, each with payments of its own."""
    client, plan, keys = LedgerClient(engine.url), network_plan(), network_keys("shared", engine.funder)
    return Network(client, plan, keys, deploy_network(client, plan, keys))
