"""The seeded simulation keeps every invariant, whatever fails; and the same seed is the same run."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.simulation.seeded.audit import ends, faults
from tests.simulation.seeded.world import World


@pytest.mark.parametrize(
    ("seed", "payments", "intensity"),
    [
        (1, 100, 5),
        pytest.param(2, 5_000, 1, marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_whatever_fails_nothing_is_lost_or_done_twice(
    tmp_path: Path, seed: int, payments: int, intensity: float
) -> None:
    world = World(seed, tmp_path, intensity=intensity)
    world.run(payments)
    assert faults(world) == []
    ended = ends(world)
    assert ended["SETTLED"] > payments / 2, f"most must settle, or the run proves little: {ended}"
    assert world.chain.reorganisations
    assert any(one.connection.lost for one in world.institutions)
    assert any(one.crashes for one in world.institutions)


def test_the_same_seed_is_the_same_run(tmp_path: Path) -> None:
    def run(name: str, seed: int) -> str:
        (tmp_path / name).mkdir()
        world = World(seed, tmp_path / name)
        world.run(8)
        return world.trace()

    first = run("first", 7)
    assert run("second", 7) == first
    assert run("other", 8) != first


def test_an_invariant_that_is_broken_is_found(tmp_path: Path) -> None:
    world = World(3, tmp_path)
    world.run(10)
    assert faults(world) == []
    alone = {str(uuid.UUID(bytes=uetr)): (agent, uetr) for agent, uetr in world.contracts.decided}
    settled = next(uetr for uetr in world.posted if uetr in ends_of(world, "SETTLED") & alone.keys())
    token, holder = next(iter(world.contracts.balances))
    world.contracts.balances[token, holder] += 1
    del world.contracts.decided[alone[settled]]
    found = " ".join(faults(world))
    assert "issued" in found
    assert "settled here, not on chain" in found
    assert settled in found


def ends_of(world: World, state: str) -> set[str]:
    """The payments that the debtor agents' books say ended so."""
    found = set()
    for uetr, bic in world.posted.items():
        with world.network.institutions[bic].office.book.view() as unit:
            record = unit.payments.find(uetr)
        if record is not None and record.state.value == state:
            found.add(uetr)
    return found
