"""A small run of the whole bench, with real engines: every row is there, and the engines are gone afterwards."""

import sys
from pathlib import Path

import pytest

from node.chain.bench import engines
from node.chain.bench.beside import Extent
from node.chain.bench.engines import prepare
from node.chain.bench.grown import Size
from node.chain.bench.measure import Plan, measure
from node.chain.bench.tester_bridge import SENDERS

NODE = (sys.executable, "-c", "from cli.main import main; main()", "node")


def test_a_node_is_started_prepared_and_ended(tmp_path: Path) -> None:
    with engines.our_node(NODE, tmp_path) as engine:
        prepare(engine)
        assert engine.call("eth_blockNumber") == "0x2"
        assert engine.call("eth_getCode", "0x" + engine.token.hex(), "latest") != "0x"
        assert Path(f"/proc/{engine.pid}").exists()
    assert not Path(f"/proc/{engine.pid}").exists()


def test_an_engine_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = (sys.executable, "-c", "raise SystemExit('no such engine')")
    with pytest.raises(RuntimeError, match="no such engine"), engines.our_node(broken, tmp_path):
        pass


@pytest.mark.long
def test_every_row_is_measured() -> None:
    told: list[str] = []
    plan = Plan(NODE, None, Extent(turns=2, sends=3, tester_blocks=1), Size(30))
    rows = list(measure(plan, told.append))
    assert len(rows) == 10
    assert all(row.anvil is None for row in rows)
    assert [row.eth_tester is not None for row in rows] == [True] * 6 + [False] * 4
    assert sum(row.holds is None for row in rows) == 2
    assert SENDERS == 100
    assert told
