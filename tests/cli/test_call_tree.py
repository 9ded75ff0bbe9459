"""The tree in the terminal: who called what, where it failed and why, and nothing that a terminal would obey."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner, Result

from cli.call_tree import show_call_tree
from cli.exit_codes import ExitCode
from cli.node import app
from contracts import artifact
from node.ledger.abi import call_data, deploy_data
from node.ledger.call_trace import Call
from tests.processes import Process, corridor
from wallet.address import checksum_address

FIRST = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"  # a development account
OTHER = "0x" + "5a" * 20
STRANGER = checksum_address(b"\x5a" * 20)


def call(function: str, *calls: Call, failure: str | None = None, **changed: Any) -> Call:
    plain = dict[str, Any](
        kind="CALL",
        caller=FIRST,
        address=OTHER,
        contract="Shop",
        function=function,
        arguments=(),
        returned=None,
        data=b"\x01\x02\x03\x04",
        output=b"",
        value=0,
        gas=100,
        gas_used=50,
    )
    return Call(**plain | changed, failure=failure, calls=calls)


def shown(tree: Call, *, whole: bool = False, width: int = 200) -> str:
    written = io.StringIO()
    show_call_tree(Console(file=written, width=width), Text("title"), tree, whole=whole)
    return written.getvalue()


def test_a_failure_stands_once_where_it_began() -> None:
    broke = call("pay", failure="too poor", output=b"1")
    tree = call("buy", call("price", returned=(("", 7),)), broke, failure="too poor", output=b"1")
    lines = shown(tree).splitlines()
    assert [line.strip("└├│─ ") for line in lines] == [
        "title",
        "✗ [50] Shop.buy()",
        "✓ [50] Shop.price() → 7",
        "✗ [50] Shop.pay()  ← too poor",
    ]


def test_a_failure_that_was_caught_says_so() -> None:
    tree = call("buy", call("pay", failure="too poor", output=b"1"), failure="closed", output=b"2")
    assert "Shop.pay()  ← too poor (caught)" in shown(tree)
    assert "Shop.buy()  ← closed\n" in shown(tree)


def test_many_calls_are_folded_and_failures_are_not() -> None:
    calls = [call(f"step{number}") for number in range(300)]
    calls[150] = call("stumble", failure="once", output=b"1")
    told = shown(call("run", *calls))
    assert "… 146 more calls here, 7,300 gas" in told
    assert "stumble" in told
    assert "step299" in told
    assert len(told.splitlines()) < 14
    assert len(shown(call("run", *calls), whole=True).splitlines()) == 302


def test_what_is_deep_is_folded_and_the_origin_is_not() -> None:
    tree = call("bottom", failure="no", output=b"1")
    for number in range(1000):
        tree = call(f"level{number}", tree, failure="no", output=b"1")
    told = shown(tree)
    assert re.search(r"… 99\d more calls below", told)
    assert "Shop.bottom()  ← no" in told
    assert len(told.splitlines()) < 14


def test_values_are_cut_and_shown_whole_on_request() -> None:
    arguments = (("to", "0x" + "Ab" * 20), ("digest", bytes(32)), ("items", tuple(range(9))), ("note", "x" * 90))
    tree = call("buy", arguments=arguments, value=5)
    assert "buy(to=0xAbAb…AbAb, digest=0x00000000…(32 bytes), items=[0, 1, 2, 3, … 5 more]" in shown(tree)
    assert "5 wei" in shown(tree)
    whole = shown(tree, whole=True, width=900)
    assert "0x" + "Ab" * 20 in whole
    assert "0" * 64 in whole
    assert "x" * 90 in whole


def test_a_contract_cannot_write_to_the_terminal() -> None:
    evil = "\x1b[2Jgone\r\n[bold]\u202e"
    tree = call(evil, arguments=((evil, evil),), contract=evil, failure=evil)
    told = shown(tree)
    assert "\x1b" not in told
    assert "\r" not in told
    assert "\u202e" not in told
    assert "[bold]" in told, "markup stays text"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str]]:
    folder = tmp_path_factory.mktemp("node")
    arguments = ("node", "--dev", "--port", "0", "--data", str(folder / "chain"))
    with corridor(folder / "diary", *arguments) as process:
        yield process, process.await_("an address", lambda: _url(process.told()))


def _url(told: str) -> str | None:
    found = re.search(r"JSON-RPC on (http://\S+)", told)
    return found[1] if found else None


def ask(url: str, method: str, *params: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx.post(url, json=body, trust_env=False, timeout=60).json()["result"]


def failed_issue(url: str) -> str:
    """Deploy a token, and issue from it without being an issuer."""
    code = artifact("CurrencyToken")
    creation = deploy_data(code.abi, code.bytecode, "Digital yuan", "CNY", 2, FIRST)
    fields = {"from": FIRST, "data": "0x" + creation.hex(), "gas": hex(10_000_000)}
    token = ask(url, "eth_getTransactionReceipt", ask(url, "eth_sendTransaction", fields))["contractAddress"]
    issue = "0x" + call_data(code.abi, "issue", OTHER, 12_345, bytes(32)).hex()
    return str(ask(url, "eth_sendTransaction", {"from": FIRST, "to": token, "data": issue, "gas": hex(500_000)}))


def trace(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["trace", *arguments])


def test_a_failed_transaction_is_told_by_the_node_and_on_request(node: tuple[Process, str]) -> None:
    process, url = node
    sent = failed_issue(url)
    expected = "✗ [{gas}] CurrencyToken.issue(to=0x5a5A…5A5A, amount=12345, reference=0x00000000…(32 bytes))"
    told = process.await_("its failure", lambda: process.told().partition(sent)[2].partition("←")[2] or None)
    assert told.strip().startswith("CurrencyToken: not an issuer")
    found = trace(sent, "--rpc-url", url)
    assert found.exit_code == ExitCode.DONE, found.stderr
    gas = re.search(r"✗ \[([0-9,]+)\]", found.stdout)
    assert gas is not None
    assert expected.format(gas=gas[1]) in found.stdout
    assert "failed: CurrencyToken: not an issuer" in found.stdout
    document = json.loads(trace(sent, "--rpc-url", url, "--json").stdout)
    assert document["transaction"] == sent
    assert document["arguments"] == {"to": STRANGER, "amount": 12345, "reference": "0x" + "00" * 32}
    assert document["failure"] == "CurrencyToken: not an issuer"


def test_nothing_to_trace_says_so(node: tuple[Process, str]) -> None:
    _, url = node
    missing = trace("0x" + "ab" * 32, "--rpc-url", url)
    assert missing.exit_code == ExitCode.NO
    assert "transaction not found" in missing.stderr
    assert trace("0x12", "--rpc-url", url).exit_code == ExitCode.NO
    assert trace("0x" + "ab" * 32, "--rpc-url", "http://127.0.0.1:9").exit_code == ExitCode.UNREACHABLE
