"""`corridor demo`, as `make demo` runs it: it tells the whole story, ends well, and is quick the second time."""

from __future__ import annotations

import os
import subprocess
import time

from tests.processes import CORRIDOR, ROOT

SECOND_TIME_S = 15
PARTS = (
    "The message",
    "The quote",
    "RECEIVED",
    "VALIDATED",
    "ACCEPTED",
    "SUBMITTED",
    "SETTLED",
    "Jiangnan Textile",
    "Falcon Marine",
    "Before",
    "After",
    "pacs.002",
    "ACSC",
    "block",
    "transaction",
    "corridor up",
)


def test_the_demo_tells_everything_and_is_quick_the_second_time() -> None:
    for _ in range(2):
        began, before = time.monotonic(), os.times()
        ran = subprocess.run(
            [*CORRIDOR, "demo"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        took, after = time.monotonic() - began, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        assert ran.returncode == 0, ran.stderr
    print(f"\nthe second demo took {took:.1f} s, of one processor {used:.1f} s")
    missing = [part for part in PARTS if part not in ran.stdout]
    assert missing == []
    # The promise is for a machine that does nothing else; processor time holds on a busy one too.
    assert used < SECOND_TIME_S
