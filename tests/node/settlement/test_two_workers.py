"""Two worker processes on one book settle each payment once, also when one of them is killed in the middle."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.chain.chain import LocalChain
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.domain.lifecycle import TERMINAL, State
from node.ledger.logs import SettledInBatchLog, SettledLog, events
from node.settlement.engine import carry
from node.settlement.watcher import watch
from tests.databases import POSTGRESQL, databases_asked_for
from tests.node.settlement.clocks import RunningClock
from tests.node.settlement.town import Town, found_town_on, payment
from tests.node.settlement.worker_process import Workplace
from tests.postgresql import PostgresServer
from tests.undertaker import ends_with_us

MANY = 18
PATIENCE_S = 120.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        metafunc.parametrize("database", databases_asked_for(metafunc.config))


@pytest.fixture
def running_town(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    """A town by real time, whose book two processes can share."""
    server: PostgresServer | None = request.getfixturevalue("postgres") if database == POSTGRESQL else None
    chain = LocalChain.open(None)
    engine = BackgroundServer(create_rpc_app(chain)).start()

    def stop() -> None:
        engine.stop()
        chain.close()

    town = found_town_on(
        tmp_path,
        engine.url,
        RunningClock(),
        stop_engine=stop,
        database=server.new_database() if server else None,
    )
    yield town
    town.close()


def test_two_processes_settle_each_payment_once_when_one_is_killed(running_town: Town) -> None:
    town = running_town
    uetrs = [town.post(payment(1_000 + index)).uetr for index in range(MANY)]
    for uetr in uetrs:
        carry(town.debtor_agent, uetr)
    office = town.debtor_agent
    places = [
        Workplace(name, town.url, office.book.url, office.directory.registry, office.contract.address)
        for name in ("first", "second")
    ]
    processes = [_started(place) for place in places]
    try:
        killed, left = processes
        assert left.stdin is not None
        _await(town, uetrs, lambda states: states[State.SUBMITTED] + states[State.SETTLED] > 0)
        killed.kill()
        _await(town, uetrs, lambda states: states[State.SETTLED] == len(uetrs))
        left.stdin.close()
        assert left.wait(timeout=PATIENCE_S) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()
    _assert_once(town, uetrs)


def _started(place: Workplace) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(place.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ends_with_us(process.pid)
    assert process.stdout is not None
    assert process.stdout.readline() == b"working\n"
    return process


def _await(town: Town, uetrs: list[str], reached: object) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        states = Counter(town.record(uetr).state for uetr in uetrs)
        if reached(states):  # type: ignore[operator]
            return
        assert time.monotonic() < deadline, states
        time.sleep(0.05)


def _assert_once(town: Town, uetrs: list[str]) -> None:
    office = town.debtor_agent
    tokens = [info.address for info in office.directory.tokens().values()]
    logs = events(office.client, office.contract.address, tokens, 0, office.client.head().number)
    settled = Counter(log.uetr for log in logs if isinstance(log, SettledLog | SettledInBatchLog))
    assert len(settled) == len(uetrs)
    assert set(settled.values()) == {1}
    while watch(town.creditor_agent):
        pass
    assert {town.record(uetr, town.creditor_agent).state for uetr in uetrs} <= TERMINAL
    town.assert_sound()
