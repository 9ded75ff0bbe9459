"""One network for the whole session; each test starts from its snapshot."""

import os
from collections.abc import Iterator

import pytest
from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]
from web3 import EthereumTesterProvider, Web3

from node.chain.tester import CorridorBackend
from tests.contracts.chain import Chain
from tests.contracts.network import Network, deploy_network

# Set to anything, the contracts are tried on eth-tester's own backend: same tests, twice the time.
STOCK_BACKEND = "CORRIDOR_STOCK_BACKEND"


@pytest.fixture(scope="session")
def chain() -> Chain:
    """The engine under test. This is the one place that chooses it."""
    backend = PyEVMBackend() if STOCK_BACKEND in os.environ else CorridorBackend()
    return Chain(Web3(EthereumTesterProvider(EthereumTester(backend))))


@pytest.fixture(scope="session")
def deployed(chain: Chain) -> Network:
    return deploy_network(chain)


@pytest.fixture
def network(deployed: Network) -> Iterator[Network]:
    snapshot = deployed.chain.snapshot()
    yield deployed
    deployed.chain.revert(snapshot)
