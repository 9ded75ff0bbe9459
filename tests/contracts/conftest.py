"""One network for the whole session; each test starts from its snapshot."""

from collections.abc import Iterator

import pytest

from tests.chains import CORRIDOR, chain_asked_for
from tests.contracts.chain import Chain
from tests.contracts.engines import open_chain
from tests.contracts.network import Network, deploy_network


@pytest.fixture(scope="session")
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The engine under test, by `--chain`. This is the one place that chooses it."""
    with open_chain(chain_asked_for(request.config) or CORRIDOR, tmp_path_factory.mktemp("chain")) as opened:
        yield opened


@pytest.fixture(scope="session")
def deployed(chain: Chain) -> Network:
    return deploy_network(chain)


@pytest.fixture
def network(deployed: Network) -> Iterator[Network]:
    snapshot = deployed.chain.snapshot()
    yield deployed
    deployed.chain.revert(snapshot)
