"""Blocks are replaced under a payment, one to five of them: included steps back, the same bytes settle it once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.domain.lifecycle import State
from node.ledger.client import LedgerClient
from node.settlement.engine import due_payments, step
from node.settlement.office import Office
from node.settlement.sender import send_pending
from node.settlement.watcher import watch
from tests.node.ledger.engines import anvil_engine
from tests.node.settlement.clocks import EngineClock, RunningClock
from tests.node.settlement.town import CNY_ACCOUNT_ABROAD, Town, found_town, found_town_on, payment

DEEPEST = 5
ANVIL, LOCAL = "anvil", "local"
_CAREFUL = f"depth:{DEEPEST + 1}"


@pytest.fixture(scope="module", params=[LOCAL, pytest.param(ANVIL, marks=pytest.mark.anvil)])
def careful_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that calls nothing final before six blocks lie on it."""
    folder = Path(tmp_path_factory.mktemp("town"))
    if request.param == LOCAL:
        town = _careful(found_town(folder))
        yield town
        _close(town)
        return
    with anvil_engine(folder) as engine:
        clock = EngineClock(LedgerClient(engine.url))
        town = found_town_on(folder, engine.url, RunningClock(), funder=engine.funder, chain_clock=clock)
        town = _careful(town)
        yield town
        _close(town)


def _careful(town: Town) -> Town:
    """The same with clients that wait for depth."""
    offices = [replace(one, client=LedgerClient(town.url, finality=_CAREFUL)) for one in town.offices()]
    town.debtor_agent, town.creditor_agent, town.provider = offices
    town.board.offices = {one.bic: one for one in offices}
    return town


def _close(town: Town) -> None:
    for office in town.offices():
        office.client.close()
    town.close()


@pytest.mark.parametrize("depth", range(1, DEEPEST + 1))
def test_a_payment_under_replaced_blocks_settles_once(careful_town: Town, depth: int) -> None:
    town = careful_town
    abroad = town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance.minor
    posted = town.post(payment(100))
    _until(town, posted.uetr, State.INCLUDED)
    while town.height() < _block_of(town, posted.uetr) + depth - 1:
        _mine(town)
    _look(town)
    assert town.record(posted.uetr).state is State.INCLUDED
    town.reorganise_above(_block_of(town, posted.uetr) - 1)
    _look(town)
    assert town.record(posted.uetr).state is State.SUBMITTED
    assert town.account(town.debtor_agent, "6200000000000001").reserved.minor == 100
    _until(town, posted.uetr, State.INCLUDED)
    assert town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance.minor == abroad
    for _ in range(DEEPEST + 1):
        _mine(town)
    _look(town)
    for office in (town.debtor_agent, town.creditor_agent):
        assert town.record(posted.uetr, office).state is State.SETTLED
    with town.debtor_agent.book.view() as unit:
        assert len(unit.lanes.of(posted.uetr)) == 1, "nothing was signed anew"
    assert town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance.minor == abroad + 100
    town.assert_sound()


def _until(town: Town, uetr: str, state: State) -> None:
    for _ in range(20):
        town.clock.forward(1)
        for due in due_payments(town.debtor_agent):
            step(town.debtor_agent, due)
        _send(town.debtor_agent)
        if town.record(uetr).state is state:
            return
    raise AssertionError(town.record(uetr).state)


def _send(office: Office) -> None:
    send_pending(office)
    watch(office)


def _look(town: Town) -> None:
    for office in (town.debtor_agent, town.creditor_agent):
        while watch(office):
            pass


def _block_of(town: Town, uetr: str) -> int:
    number = town.record(uetr).block_number
    assert number is not None
    return number


def _mine(town: Town) -> None:
    if town.chain is not None:
        town.chain.mine()
    else:
        town.debtor_agent.client.connection.call("evm_mine")
