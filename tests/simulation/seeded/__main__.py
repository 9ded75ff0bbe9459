"""Run the seeded simulation by command: `python -m tests.simulation.seeded --payments 100000 --seed 1`.

`--worlds 2` shares the payments among worlds of consecutive seeds, each in a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from tests.simulation.seeded.audit import ends, faults, returns
from tests.simulation.seeded.world import World


def main() -> int:
    """Run, say how it went, and end with 1 where an invariant is broken."""
    parser = argparse.ArgumentParser(description="Thousands of payments under seeded faults, audited at the end.")
    parser.add_argument("--payments", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=1)
    wanted = parser.parse_args()
    seeds = range(wanted.seed, wanted.seed + wanted.worlds)
    share = -(-wanted.payments // wanted.worlds)
    with ProcessPoolExecutor(wanted.worlds) as pool:
        broken = sum(pool.map(_one_world, seeds, repeat(share)))
    print(f"{share * wanted.worlds:,} payments in {wanted.worlds} worlds, {broken} faults")
    return 1 if broken else 0


def _one_world(seed: int, payments: int) -> int:
    """Run one world and tell of it; how many faults the audit found."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        world, began = World(seed, Path(folder)), time.monotonic()
        world.run(payments, _progress(payments, began))
        found = faults(world)
        _tell(world, found, time.monotonic() - began)
    return len(found)


def _progress(payments: int, began: float) -> Callable[[int], None]:
    shown = [0.0]

    def show(done: int) -> None:
        if time.monotonic() - shown[0] > 2:
            shown[0] = time.monotonic()
            print(f"{done:,} of {payments:,} given, {shown[0] - began:.0f} s", file=sys.stderr)

    return show


def _tell(world: World, found: list[str], took_s: float) -> None:
    crashes = sum(one.crashes for one in world.institutions)
    lost = sum(one.connection.lost for one in world.institutions)
    told = [
        f"seed {world.seed}: {len(world.posted):,} payments in {took_s:.0f} s, trace {world.trace()[:16]}",
        f"  ends: {dict(ends(world))}",
        f"  {crashes} crashes, {world.chain.reorganisations} reorganisations, {lost} lost requests or answers",
        f"  {len(world.chain.blocks):,} blocks, {sum(world.crossings.values()):,} boundaries crossed",
        f"  {returns(world)} payments given back in whole or part",
        *([f"  BROKEN {one}" for one in found[:50]] or ["  every invariant holds"]),
    ]
    print("\n".join(told), flush=True)  # at once, for other worlds tell of themselves too


if __name__ == "__main__":
    sys.exit(main())
