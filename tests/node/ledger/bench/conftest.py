"""The measured network on the local chain, once for all tests of this folder."""

from collections.abc import Iterator

import pytest

from node.ledger.bench.network import PATIENCE_S, BenchNetwork, deploy_bench_network
from node.ledger.client import LedgerClient
from tests.node.ledger.engines import local_engine


@pytest.fixture(scope="module")
def network() -> Iterator[BenchNetwork]:
    with local_engine() as engine:
        yield deploy_bench_network(LedgerClient(engine.url, timeout_s=PATIENCE_S))
