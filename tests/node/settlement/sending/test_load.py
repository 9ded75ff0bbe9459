"""Many threads and two processes on one lane: everything kept is included, and nothing twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from node.ledger.client import LedgerClient
from node.ledger.deployment import deploy_network
from node.ledger.logs import TransferLog, events
from node.settlement.lane import lane_statuses
from tests.node.ledger.actors import CNY, actor, network_keys, network_plan
from tests.node.ledger.engines import Engine, anvil_engine, local_engine
from tests.node.ledger.proxies import forward, serving
from tests.node.settlement.sending.carrier import (
    CREDITOR,
    LANE,
    Freight,
    carry,
    final_hashes,
    keep_transfer,
    lane_office,
)

FEW, MANY = 100, 1_000  # the default run's share, and what the issue asks for
HOW_MANY = pytest.mark.parametrize(
    "transfers", [FEW, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)


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
        yield yard_on(engine, tmp_path)


def yard_on(engine: Engine, tmp_path: Path) -> Yard:
    """A network on this engine, with nothing carried yet."""
    client = LedgerClient(engine.url)
    network = deploy_network(client, network_plan(), network_keys("load", engine.funder))
    book = f"sqlite:///{tmp_path / 'book.sqlite'}"
    token = network.tokens[CNY.code]
    return Yard(
        engine.name, Freight(engine.url, book, network.registry, network.settlement, token, (1, 1)), client
    )


@HOW_MANY
def test_all_of_them_from_20_threads_in_each_of_2_processes(yard: Yard, tmp_path: Path, transfers: int) -> None:
    carry_all(yard, tmp_path, transfers, yard.freight.url)


@pytest.mark.anvil
@HOW_MANY
def test_all_of_them_through_evictions_rising_fees_and_a_lagging_line(tmp_path: Path, transfers: int) -> None:
    """The same with no mercy: the pool loses what it had, blocks cost more and less, answers are out of date."""
    with anvil_engine(tmp_path) as engine:
        yard = yard_on(engine, tmp_path)
        with serving(Late(engine.url).respond) as late_url, bad_weather(yard.client):
            carry_all(yard, tmp_path, transfers, late_url)


class Late:
    """A line behind which one engine in four has not seen any transaction yet."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._chance = random.Random(20022)

    def respond(self, body: bytes) -> bytes:
        """The answer, or the late engine's."""
        asked, answer = json.loads(body), json.loads(forward(self._url, body))
        if self._chance.random() < 0.75:
            return json.dumps(answer).encode()
        if isinstance(asked, dict):
            return json.dumps(_late(asked, answer)).encode()
        by_id = {one["id"]: one for one in answer}
        return json.dumps([_late(one, by_id[one["id"]]) for one in asked]).encode()


def _late(asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    unseen = asked["method"] in ("eth_getTransactionReceipt", "eth_getTransactionByHash")
    return {**answer, "result": None} if unseen else answer


@contextmanager
def bad_weather(client: LedgerClient) -> Iterator[None]:
    """Anvil mines only when told, after its pool was emptied or its base fee moved; fair again afterwards."""
    over, chance = threading.Event(), random.Random(20022)

    def blow() -> None:
        while not over.wait(0.02):
            gust = chance.random()
            if gust < 0.2:
                client.connection.call("anvil_dropAllTransactions")
            elif gust < 0.4:
                client.connection.call("anvil_setNextBlockBaseFeePerGas", hex(chance.choice((1, 3, 9)) * 10**9))
            client.connection.call("evm_mine")

    client.connection.call("evm_setAutomine", False)
    storm = threading.Thread(target=blow, name="weather")
    storm.start()
    try:
        yield
    finally:
        over.set()
        storm.join()
        client.connection.call("evm_setAutomine", True)


def carry_all(yard: Yard, tmp_path: Path, transfers: int, url: str) -> None:
    """Carry every amount once, half of them from a second process, and look at chain and book."""
    lane_has, creditor_has = yard.held()
    theirs = replace(yard.freight, url=url, amounts=(1, transfers // 2 + 1))
    ours = replace(yard.freight, url=url, amounts=(transfers // 2 + 1, transfers + 1))
    errand = tmp_path / "errand.json"
    errand.write_text(json.dumps(asdict(theirs)))
    office = lane_office(ours)
    started = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", "tests.node.settlement.sending.carrier", str(errand)]) as second:
        carry(office, ours)
        assert second.wait(timeout=600) == 0
    print(f"{yard.name}: {transfers / (time.monotonic() - started):.0f} transactions a second")
    assert yard.transfers() == Counter(range(1, transfers + 1))
    total = sum(range(1, transfers + 1))
    assert yard.held() == (lane_has - total, creditor_has + total)
    kept = final_hashes(office)
    assert len(kept) == len(set(kept)) == transfers
    (status,) = lane_statuses(office)
    assert (status.waiting, status.stopped) == (0, None)
    assert all(receipt and receipt.succeeded for receipt in yard.client.receipts(kept))
    office.client.close()
    office.book.close()


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
