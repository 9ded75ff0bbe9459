"""eth-tester's own tests of a backend, run on ours."""

import pytest
from eth_tester import EthereumTester  # type: ignore[import-untyped]
from eth_tester.utils.backend_testing import BaseTestBackendDirect  # type: ignore[import-untyped]

from node.chain.tester import CorridorBackend


@pytest.fixture
def eth_tester() -> EthereumTester:
    return EthereumTester(backend=CorridorBackend(base_fee=10**9))


class TestCorridorBackend(BaseTestBackendDirect):  # type: ignore[misc]  # eth-tester ships no types
    """Every test of the class, but for one that holds eth-tester to a fault of its own."""

    def test_get_fee_history(self, eth_tester: EthereumTester) -> None:
        """eth-tester's own version expects oldest_block to be 1 always, and the fees newest first."""
        eth_tester.mine_blocks(10)
        history = eth_tester.get_fee_history(3, "latest", [])
        assert history["oldest_block"] == 8
        assert history["base_fee_per_gas"] == [343608917, 300657803, 263075578]
        assert history["gas_used_ratio"] == [0.0, 0.0, 0.0]
        assert history["reward"] == []
