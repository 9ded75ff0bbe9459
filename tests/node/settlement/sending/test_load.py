"""Many threads and two processes on one lane: everything kept is included, and nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from node.ledger.client import LedgerClient
from node.ledger.deployment import deploy_network
from node.ledger.logs import TransferLog, events
from node.settlement.lane import lane_statuses
from tests.node.ledger.actors import CNY, actor, network_keys, network_plan
from tests.node.ledger.engines import anvil_engine, local_engine
from tests.node.settlement.sending.carrier import (
    CREDITOR,
    LANE,
    Freight,
    carry,
    final_hashes,
    keep_transfer,
    lane_office,
)

TRANSFERS = 1_000


@dataclass(frozen=True)
class Yard:
    """A network on some engine, and what is to be carried there."""

    name: str
    freight: Freight
    client: LedgerClient

    def transfers(self) -> Counter[int]:
        """How often each amount was transferred to the creditor."""
        logs = events(self.client, self.freight.settlement, [self.freight.token], 0, self.client.head().number)
        return Counter(log.amount for log in logs if isinstance(log, TransferLog) and log.creditor == CREDITOR)

    def held(self) -> tuple[int, int]:
        """What the lane's account and the creditor have."""
        token = self.freight.token
        return self.client.balance_of(token, LANE.address), self.client.balance_of(token, CREDITOR)


@pytest.fixture(params=["local", pytest.param("anvil", marks=pytest.mark.anvil)])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Yard]:
    running = local_engine(tmp_path / "chain") if request.param == "local" else anvil_engine(tmp_path)
    with running as engine:
        client = LedgerClient(engine.url)
        network = deploy_network(client, network_plan(), network_keys("load", engine.funder))
        book = f"sqlite:///{tmp_path / 'book.sqlite'}"
        token = network.tokens[CNY.code]
        freight = Freight(engine.url, book, network.registry, network.settlement, token, (1, TRANSFERS + 1))
        yield Yard(engine.name, freight, client)


def test_1000_of_1000_from_20_threads_in_each_of_2_processes(yard: Yard, tmp_path: Path) -> None:
    lane_has, creditor_has = yard.held()
    theirs = replace(yard.freight, amounts=(1, TRANSFERS // 2 + 1))
    ours = replace(yard.freight, amounts=(TRANSFERS // 2 + 1, TRANSFERS + 1))
    errand = tmp_path / "errand.json"
    errand.write_text(json.dumps(asdict(theirs)))
    office = lane_office(ours)
    started = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", "tests.node.settlement.sending.carrier", str(errand)]) as second:
        carry(office, ours)
        assert second.wait(timeout=120) == 0
    print(f"{yard.name}: {TRANSFERS / (time.monotonic() - started):.0f} transactions a second")
    assert yard.transfers() == Counter(range(1, TRANSFERS + 1))
    total = sum(range(1, TRANSFERS + 1))
    assert yard.held() == (lane_has - total, creditor_has + total)
    kept = final_hashes(office)
    assert len(kept) == len(set(kept)) == TRANSFERS
    assert all(receipt and receipt.succeeded for receipt in yard.client.receipts(kept))
    (status,) = lane_statuses(office)
    assert (status.waiting, status.healthy) == (0, True)


def test_the_least_loaded_lane_is_chosen(yard: Yard) -> None:
    """Two lanes share what is kept, and the second goes on where the first is stopped."""
    second = actor("operator")
    office = lane_office(yard.freight, second)
    for amount in range(1, 7):
        keep_transfer(office, yard.freight.token, amount)
    assert [status.waiting for status in lane_statuses(office)] == [3, 3]
    with office.book.unit() as unit:
        unit.lanes.stop(LANE.address, "for this test")
    keep_transfer(office, yard.freight.token, 7)
    keep_transfer(office, yard.freight.token, 8)
    assert [status.waiting for status in lane_statuses(office)] == [3, 5]
    assert [status.healthy for status in lane_statuses(office)] == [False, True]
