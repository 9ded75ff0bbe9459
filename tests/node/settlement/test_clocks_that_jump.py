"""An institution's clock jumps an hour ahead or back under a payment: it ends on both sides, nothing is stuck."""

from __future__ import annotations

from dataclasses import replace

import pytest

from node.domain.lifecycle import TERMINAL, State
from node.settlement.engine import due_payments, step
from node.settlement.office import Office
from node.settlement.sender import send_pending
from node.settlement.watcher import watch
from tests.node.settlement.clocks import TownClock
from tests.node.settlement.town import DEBTOR_ACCOUNT, Town, payment

HOUR_S = 3_600.0
SEVERAL_STEPS = 25


class OwnClock(TownClock):
    """One institution's, as wrong as a test has made it."""

    def __init__(self, town: Town) -> None:
        self._town = town.clock
        self.error_s = 0.0

    def now_s(self) -> float:
        return self._town.now_s() + self.error_s


@pytest.mark.parametrize("error_s", [HOUR_S, -HOUR_S])
@pytest.mark.parametrize("whose", ["debtor_agent", "creditor_agent", "provider"])
@pytest.mark.parametrize("state", [State.RECEIVED, State.VALIDATED, State.ACCEPTED, State.SUBMITTED])
def test_a_jump_under_a_payment_leaves_it_ended_and_nothing_reserved(
    town: Town, state: State, whose: str, error_s: float
) -> None:
    clock = OwnClock(town)
    offices = {name: getattr(town, name) for name in ("debtor_agent", "creditor_agent", "provider")}
    offices[whose] = replace(offices[whose], clock=clock)
    before = dict(town.board.offices)
    town.board.offices = {one.bic: one for one in offices.values()}
    try:
        posted = town.post(payment(10_000, credit_minor=5_100))
        _steps(town, offices["debtor_agent"], posted.uetr, state)
        clock.error_s = error_s
        _turns(town, offices, posted.uetr)
        clock.error_s = 0.0
        town.forward_both(town.debtor_agent.terms.payment_s * 2)
        _turns(town, offices, posted.uetr)
    finally:
        town.board.offices = before
    ours = town.record(posted.uetr)
    assert ours.state in TERMINAL
    with town.creditor_agent.book.view() as unit:
        theirs = unit.payments.find(posted.uetr)
    assert (theirs is not None and theirs.state is State.SETTLED) == (ours.state is State.SETTLED)
    assert theirs is None or theirs.state in TERMINAL
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 0


def _steps(town: Town, office: Office, uetr: str, state: State) -> None:
    for _ in range(SEVERAL_STEPS):
        if town.record(uetr).state is state:
            return
        town.clock.forward(1)
        for due in due_payments(office):
            step(office, due)
    raise AssertionError(town.record(uetr).state)


def _turns(town: Town, offices: dict[str, Office], uetr: str) -> None:
    for _ in range(SEVERAL_STEPS):
        town.clock.forward(1)
        for office in offices.values():
            for due in due_payments(office):
                step(office, due)
            send_pending(office)
            watch(office)
        if town.record(uetr).state in TERMINAL:
            return
