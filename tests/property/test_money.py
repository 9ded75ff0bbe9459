"""Random people do random things with tokens, registry, settlement, netting and holds, and a model says the same.

After every step: what the model allows has happened and what it forbids has not, and the accounts touched are
equal to the last unit; at the end of a run all accounts are, with the supply. So no money appears or goes, nothing
settles twice, both legs move or neither, returns stay within what was settled, caps are kept and a freeze holds.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.engine import Engine
from tests.property.netting_rules import NettingRules
from tests.property.town import ADDRESS, AUTHORITY, HOLDERS, Town

STEPS_OF_ONE_RUN = 50
RUNS, LONG_RUNS = 250, 5_000


class Money(NettingRules):
    """All rules together, and at the end of each run every account."""

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        for currency, money in self.model.currencies.items():
            self.check(currency, *HOLDERS, AUTHORITY)
            self.check_as_told(currency)
            total = sum(account.balance + account.held for account in money.accounts.values())
            assert total == money.outstanding
            assert self.town.engine.read(self.town.tokens[currency], "totalSupply") == total
        for (agent, uetr), payment in self.model.settled.items():
            settled = self.town.engine.read(self.town.settlement, "settled", ADDRESS[agent], uetr)
            assert settled not in {bytes(32), b"\xff" * 32}, payment

    def check_as_told(self, currency: str) -> None:
        """What the token tells about its accounts; the steps before have read its storage, which is quicker."""
        for who, account in self.model.currencies[currency].accounts.items():
            found = self.town.engine.read(self.town.tokens[currency], "account_of", ADDRESS[who])
            told = found["balance"], found["held"], found["frozen"]
            assert told == (account.balance, account.held, account.frozen), (currency, who)


def run(runs: int) -> int:
    """How many calls were compared with the model."""
    engine = Engine()
    try:
        town = Town(engine)
        engine.keep()
        before = engine.attempts
        run_state_machine_as_test(
            Money.on(town),
            settings=settings(
                max_examples=runs,
                stateful_step_count=STEPS_OF_ONE_RUN,
                deadline=None,
                derandomize="CORRIDOR_RANDOM" not in os.environ,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return engine.attempts - before
    finally:
        engine.close()


@pytest.mark.timeout(1800)
def test_ten_thousand_random_steps_agree_with_the_model() -> None:
    assert run(RUNS) >= 10_000


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_many_more_random_steps_agree_with_the_model() -> None:
    assert run(LONG_RUNS) >= 200_000
