"""Kills processes at every boundary of a payment, again and again, and audits chain and books after each round.

A round kills the debtor agent four times, its creditor agent twice and the chain or the FX provider, while
payments are in flight; then everybody is started as a user would, every order is answered, and all must have
ended. Each start in between is armed with the next death, so restarts are killed too.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.simulation.simulation import Simulation

DEBTOR_AGENT = (
    "received",
    "validated",
    "quoted",
    "instructed",
    "accepted",
    "signed",
    "sent",
    "broadcast",
    "settled",
)
CREDITOR_AGENT = ("considered", "settled")
# Three rounds have had every boundary; `make long` goes round twenty times as often.
ROUNDS, LONG_ROUNDS, FEWEST_KILLS_A_ROUND = 3, 60, 6


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "rounds", [ROUNDS, pytest.param(LONG_ROUNDS, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_killed_at_every_boundary_nothing_is_lost_or_done_twice(simulation: Simulation, rounds: int) -> None:
    began, before = time.monotonic(), simulation.parts.kills()
    for number in range(rounds):
        a_round(simulation, number)
        ends = simulation.await_ends()
        assert simulation.faults() == [], f"seed {simulation.seed}, round {number}"
        simulation.load.send_again(5)
    kills = simulation.parts.kills() - before
    print(f"\n{kills} kills in {time.monotonic() - began:.0f} s, {sum(ends.values())} payments: {dict(ends)}")
    for part in simulation.parts.all():
        print(f"  {part.name}: {dict(Counter(part.kills))}")
    assert kills >= rounds * FEWEST_KILLS_A_ROUND
    assert set(DEBTOR_AGENT) <= set(simulation.debtor_agent.kills)
    assert set(CREDITOR_AGENT) <= set(simulation.creditor_agent.kills)
    assert ends["SETTLED"] > ends.total() / 2, "most payments must settle, or the kills prove little"


def a_round(simulation: Simulation, number: int) -> None:
    """Everybody dies as planned, and is alive again at the end."""
    turns = [DEBTOR_AGENT[(3 * number + turn) % len(DEBTOR_AGENT)] for turn in range(3)]
    simulation.load.start()
    with ThreadPoolExecutor(3) as pool:
        deaths = [
            pool.submit(simulation.die, simulation.debtor_agent, simulation.after_the_answer, turns),
            pool.submit(
                simulation.die, simulation.creditor_agent, simulation.any_time, [CREDITOR_AGENT[number % 3 == 2]]
            ),
            pool.submit(simulation.die, simulation.parts.chain, simulation.any_time, [])
            if number % 2
            else pool.submit(
                simulation.die, simulation.parts.part("fx_provider"), simulation.any_time, ["settled"]
            ),
        ]
    try:
        for death in deaths:
            death.result()
    finally:
        simulation.load.stop()
