"""Gas: every operation within its limit and above its floor, and no figure changes without being seen."""

import json

from typer.testing import CliRunner

from cli.bench import app
from cli.exit_codes import ExitCode
from node.ledger.bench.floor import Least, floor_gas
from node.ledger.bench.measure import OPERATIONS, measure
from node.ledger.bench.network import MOST_GAS, BenchNetwork
from tests.node.ledger.bench.snapshot import RENEW, committed


def test_every_operation_costs_what_was_committed(network: BenchNetwork) -> None:
    rows = list(measure(network))
    for row in rows:
        assert row.floor < row.gas_per_payment <= row.limit, row
        assert row.gas_per_payment * row.payments < MOST_GAS, row
    known = {row.operation: row for row in committed()}
    dearer = [
        row
        for row in rows
        if row.operation in known and row.gas_per_payment > known[row.operation].gas_per_payment
    ]
    assert dearer == [], "dearer than committed"
    assert rows == committed(), f"not what is committed; if it is meant: {RENEW}"


def test_the_command_prints_the_table_as_json() -> None:
    result = CliRunner().invoke(app, ["gas", "--json"])
    assert result.exit_code == ExitCode.DONE
    rows = json.loads(result.stdout)
    assert [row["operation"] for row in rows] == [operation.name for operation in OPERATIONS]
    assert all(set(row) == {"operation", "payments", "gas_per_payment", "floor", "limit"} for row in rows)


def test_the_floor_of_a_plain_transfer_is_the_known_one() -> None:
    # 21,000 + calldata 596 (a selector, an address and an amount of 3 bytes) + two account words + one log.
    data = bytes.fromhex("a9059cbb") + bytes(12) + b"\x11" * 20 + bytes(29) + b"\x12\xd6\x87"
    log = {"topics": ["0x"] * 3, "data": "0x" + "00" * 32}
    assert floor_gas(data, [log], Least(updated=2)) == 21_000 + 596 + 10_000 + 1_756
