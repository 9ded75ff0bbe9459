"""JSON nested without end is a RecursionError in any thread, once anything that parses it is constructed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# In a process of its own: what is tested is that it does not end.
PROGRAM = """
import json, sys, threading
import web3, eth
assert sys.getrecursionlimit() == 100_000
{construct}
found = []
def parse():
    for opening in ("[", '{{"a":', '[{{"a":'):
        try:
            json.loads(opening * 500_000)
        except RecursionError:
            found.append(opening)
parse()
thread = threading.Thread(target=parse)
thread.start()
thread.join()
assert len(found) == 6, found
"""
CONSTRUCTIONS = {
    "a line to a chain": "from node.ledger.client import LedgerClient; LedgerClient('http://127.0.0.1:1')",
    "a chain": "from node.chain.chain import LocalChain; LocalChain.open(None).close()",
}


@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_deep_json_does_not_end_the_process(name: str) -> None:
    program = PROGRAM.format(construct=CONSTRUCTIONS[name])
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
