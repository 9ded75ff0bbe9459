"""Gas: every operation within its limit, and nothing dearer than the committed snapshot without being seen.

After a change that is meant to change gas: `python -m tests.contracts.test_gas` writes the snapshot anew.
"""

import json
from pathlib import Path
from typing import Any

from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]
from web3 import EthereumTesterProvider, Web3

from tests.contracts.chain import Chain
from tests.contracts.gas import measure, table
from tests.contracts.network import Network, deploy_network

SNAPSHOT = Path(__file__).parent / "gas_snapshot.json"


def shipped() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(SNAPSHOT.read_text(encoding="ascii"))
    return rows


def test_gas_is_within_the_limits_and_as_committed(network: Network) -> None:
    rows = list(measure(network))
    for row in rows:
        assert row.gas_per_payment <= row.limit, row
    assert table(rows) == shipped()


if __name__ == "__main__":
    fresh = deploy_network(Chain(Web3(EthereumTesterProvider(EthereumTester(PyEVMBackend())))))
    measured = json.dumps(table(list(measure(fresh))), indent=1)
    SNAPSHOT.write_text(measured + "\n", encoding="ascii")
    print(measured)
