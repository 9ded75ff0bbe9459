"""The committed figures; `python -m tests.node.ledger.bench.snapshot` renews them after a change."""

import json
from dataclasses import asdict
from pathlib import Path

from node.ledger.bench.measure import measure
from node.ledger.bench.network import PATIENCE_S, deploy_bench_network
from node.ledger.bench.operation import Measured
from node.ledger.client import LedgerClient
from tests.node.ledger.engines import local_engine

SNAPSHOT = Path(__file__).parent / "gas_snapshot.json"
RENEW = "python -m tests.node.ledger.bench.snapshot"


def committed() -> list[Measured]:
    return [Measured(**row) for row in json.loads(SNAPSHOT.read_text(encoding="ascii"))]


def renew() -> None:
    with local_engine() as engine:
        rows = [
            asdict(row) for row in measure(deploy_bench_network(LedgerClient(engine.url, timeout_s=PATIENCE_S)))
        ]
    SNAPSHOT.write_text(json.dumps(rows, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    renew()
