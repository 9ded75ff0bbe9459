"""`corridor demo`, as `make demo` runs it: it tells the whole story, ends well, and is quick the second time."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import Any

import pytest

from tests.processes import CORRIDOR, ROOT

SECOND_TIME_S = 15
PARTS = (
    "The message",
    "The quote",
    "CNY 100,000.00",
    "firm, single use",
    "RECEIVED",
    "VALIDATED",
    "ACCEPTED",
    "SUBMITTED",
    "irrevocable",
    "SETTLED",
    "Jiangnan Textile Trading Co., Ltd., Suzhou, CN",
    "Falcon Marine",
    "Before",
    "After",
    "+30.00",
    "-100,000.00",
    "pacs.002",
    "<TxSts>ACSC</TxSts>",
    "block",
    "transaction  0x",
    "corridor up --data",
)


def demo(*options: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run it; also the seconds of one processor that it took."""
    began, before = time.monotonic(), os.times()
    ran = subprocess.run(
        [*CORRIDOR, "demo", *options], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    took, after = time.monotonic() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    assert ran.returncode == 0, ran.stderr
    print(f"\nthe demo took {took:.1f} s, of one processor {used:.1f} s")
    return ran, used


@pytest.fixture(scope="module")
def first() -> dict[str, Any]:
    """The first run, for programs; what Python compiles on its way is kept for the second."""
    ran, _used = demo("--json")
    assert "waiting for settlement" in ran.stderr, "progress is shown"
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def test_it_settles_and_tells_programs_everything(first: dict[str, Any]) -> None:
    assert first["payment"]["state"] == "SETTLED"
    assert [step["state"] for step in first["payment"]["history"]][-1] == "SETTLED"
    assert "<TxSts>ACSC</TxSts>" in first["status_report"]
    changes = {
        (entry["holder"], entry["where"]): entry["after"]["amount"] - entry["before"]["amount"]
        for entry in first["balances"]
    }
    bought = first["quote"]["buy"]["amount"]
    assert sorted(changes.values()) == sorted([-100_000_00, 30_00, -99_970_00, 99_970_00, -bought, bought, bought])


def test_it_reads_like_a_story_and_is_quick_the_second_time(first: dict[str, Any]) -> None:
    ran, used = demo()
    assert [part for part in PARTS if part not in ran.stdout] == []
    # The promise, 15 s, is for a machine that does nothing else. Processor time holds on a busy one too, but for a
    # thread that shares its core with another's, which may need twice as much.
    assert used < 2 * SECOND_TIME_S
