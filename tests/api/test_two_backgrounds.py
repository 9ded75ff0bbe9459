"""Two processes on one PostgreSQL book do what is done in the background once, not once each."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree
from starlette.types import Receive, Scope, Send

from node.book.webhooks import EndpointRecord, SigningSecret
from node.chain.chain import LocalChain
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.domain.lifecycle import State
from node.domain.recall import CaseState
from node.settlement.ports import Written
from node.settlement.recall_opening import Opened, Recall, open_own
from tests.api import test_recalls
from tests.api.background_process import Background, aftercare_of
from tests.node.settlement.clocks import RunningClock
from tests.node.settlement.town import DEBTOR_BIC, Town, found_town_on, payment
from tests.node.settlement.worker_process import Workplace
from tests.postgresql import PostgresServer

PAYMENTS = 5
PATIENCE_S = 120.0


@dataclass
class Outside:
    """The other institution, slow, and a webhook's receiver: what came to either, in order."""

    recalls: list[str] = field(default_factory=list)
    events: list[int] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = (await receive()).get("body", b"")
        if scope["path"] == "/hook":
            self.events.append(json.loads(body)["position"])
        else:
            self.recalls.append(etree.fromstring(body).findtext(".//{*}OrgnlUETR") or "")
            await asyncio.sleep(0.1)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def town(postgres: PostgresServer, tmp_path: Path) -> Iterator[Town]:
    """A town by real time, its books on PostgreSQL."""
    chain = LocalChain.open(None)
    with closing(chain), BackgroundServer(create_rpc_app(chain)) as engine:
        found = found_town_on(tmp_path, engine.url, RunningClock(), database=postgres.new_database())
        with closing(found):
            yield found


def test_cases_notifications_and_webhooks_are_each_done_by_one_process(town: Town) -> None:
    uetrs = [town.post(payment(1_000 + number)).uetr for number in range(PAYMENTS)]
    for uetr in uetrs:
        town.run(uetr, lambda record: record.state is State.SETTLED)
    outside = Outside()
    with BackgroundServer(outside) as listener:
        references = [_recalled(town, uetr) for uetr in uetrs]
        _listened_to(town, listener.url + "/hook")
        with _working(town, listener.url):
            _until(lambda: _states(town, references) == {CaseState.REFUSED})
            _until(lambda: len(_notified(town)) >= _entries(town))
            _until(lambda: len(outside.events) >= _newest(town))
    assert Counter(outside.recalls) == Counter(uetrs)
    assert outside.events == list(range(1, _newest(town) + 1))
    notified = _notified(town)
    assert len(notified) == len(set(notified)) == _entries(town)


def _recalled(town: Town, uetr: str) -> str:
    """Open a case of ours about a payment; its reference."""
    office = town.debtor_agent
    office = replace(office, aftercare=aftercare_of(office.bic, office.clock, "http://127.0.0.1:9"))
    asked = test_recalls.Recall(uetr, assigner=DEBTOR_BIC)
    message = Written("camt.056.001.08", asked.assignment_id, asked.body())
    recall = Recall(asked.case_id, uetr, asked.reason, "Sent twice.", message)
    opened = open_own(office, town.record(uetr), recall, lambda _unit, _opened: None)
    assert isinstance(opened, Opened)
    return opened.case.reference


def _listened_to(town: Town, url: str) -> None:
    secret = SigningSecret(b"k" * 32)
    endpoint = EndpointRecord("we_1", url, (), (secret,), None, 0, None, datetime(2027, 1, 1, tzinfo=UTC))
    with town.debtor_agent.book.unit() as unit:
        unit.webhooks.add(endpoint)


@contextmanager
def _working(town: Town, asked: str) -> Iterator[None]:
    """Two processes at work; both end well."""
    office = town.debtor_agent
    registry, settlement = office.directory.registry, office.contract.address
    with ExitStack() as ending:
        processes = []
        for name in ("first", "second"):
            place = Workplace(name, town.url, office.book.url, registry, settlement)
            command = Background(place, asked).command()
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            ending.callback(_end, process)
            processes.append(process)
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"working\n"
        yield
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(timeout=PATIENCE_S) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _states(town: Town, references: list[str]) -> set[CaseState | None]:
    with town.debtor_agent.book.view() as unit:
        found = [unit.cases.find(reference) for reference in references]
    return {case.state if case else None for case in found}


def _newest(town: Town) -> int:
    with town.debtor_agent.book.view() as unit:
        return unit.events.newest()


def _entries(town: Town) -> int:
    """How many there are, on all accounts."""
    with town.debtor_agent.book.view() as unit:
        return sum(len(list(unit.accounts.entries(account.number))) for account in unit.accounts.list())


def _notified(town: Town) -> list[str | None]:
    """The identifications of all notifications."""
    with town.debtor_agent.book.view() as unit:
        return [one.message_id for one in unit.statements.messages("camt.054.001.08", None, None, 1_000)]
