"""One network for the whole session; each test starts from its snapshot."""

from collections.abc import Iterator

import pytest
from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]
from web3 import EthereumTesterProvider, Web3

from tests.contracts.chain import Chain
from tests.contracts.network import Network, deploy_network


@pytest.fixture(scope="session")
def chain() -> Chain:
    """The engine under test. This is the one place that chooses it."""
    return Chain(Web3(EthereumTesterProvider(EthereumTester(PyEVMBackend()))))


@pytest.fixture(scope="session")
def deployed(chain: Chain) -> Network:
    return deploy_network(chain)


@pytest.fixture
def network(deployed: Network) -> Iterator[Network]:
    snapshot = deployed.chain.snapshot()
    yield deployed
    deployed.chain.revert(snapshot)
