"""eth-tester's own tests of a backend, run on ours."""

import pytest
from eth_tester import EthereumTester
from eth_tester.utils.backend_testing import BaseTestBackendDirect

from node.chain.tester import CorridorBackend


@pytest.fixture
def eth_tester() -> EthereumTester:
    return EthereumTester(backend=CorridorBackend(base_fee=10**9))


class TestCorridorBackend(BaseTestBackendDirect):  # type: ignore[misc]  # eth-tester ships no types
    """Every test of the class."""
