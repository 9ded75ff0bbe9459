"""Who called what in a transaction, by the names in our artifacts: the same on every engine that traces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts import artifact, artifact_names
from node.ledger.abi import call_data, deploy_data
from node.ledger.call_trace import Call, path_to_origin, read_trace, trace_json
from node.ledger.name_book import NameBook
from tests.node.ledger.actors import AED, CNY, PROVIDER, bank
from tests.node.ledger.networks import Network, hash_of, payment

SOMEBODY = "0x" + "5a" * 20
REGISTRY = artifact("ParticipantRegistry")
TOKEN = artifact("CurrencyToken")


@pytest.fixture(scope="session")
def book() -> NameBook:
    return NameBook(artifact(name) for name in artifact_names())


def settled(network: Network, book: NameBook, sold: int) -> Call:
    """The tree of a settlement that is sent whatever becomes of it."""
    connection = network.client.connection
    transaction = network.transaction(payment(network, CNY, AED, sold, 51_00).call(network))
    network.client.broadcast(transaction.raw)
    network.included(transaction)
    frame = connection.call("debug_traceTransaction", hash_of(transaction), {"tracer": "callTracer"})
    return read_trace(
        frame, book, lambda address: bytes.fromhex(connection.call("eth_getCode", address, "latest")[2:])
    )


def test_a_failed_settlement_names_the_leg_that_failed(network: Network, book: NameBook) -> None:
    tree = settled(network, book, 10**14)
    path = path_to_origin(tree)
    assert [(call.contract, call.function) for call in path] == [
        ("Settlement", "settle"),
        ("CurrencyToken", "settle_leg"),
    ]
    assert {call.failure for call in path} == {"CurrencyToken: balance too low"}
    assert path[-1].arguments == (("owner", bank(CNY).address), ("to", PROVIDER.address), ("amount", 10**14))
    instruction = dict(tree.arguments or ())["instruction"]
    assert (instruction["debit_amount"], instruction["debtor_agent"]) == (10**14, bank(CNY).address)
    assert [call.function for call in tree.walk()].count("ecrecover") == 3


def test_a_settlement_shows_what_was_returned(network: Network, book: NameBook) -> None:
    tree = settled(network, book, 100_00)
    assert tree.failure is None
    version = next(call for call in tree.calls if call.function == "standings_version")
    assert (version.contract, version.kind) == ("ParticipantRegistry", "STATICCALL")
    assert version.returned is not None
    assert isinstance(version.returned[0][1], int)
    document = json.loads(json.dumps(trace_json(tree)))
    assert document["arguments"]["instruction"]["debit_amount"] == 100_00
    assert document["calls"][-1]["function"] == "settle_leg"


def frame(data: bytes, *, to: str = SOMEBODY, kind: str = "CALL", **more: Any) -> dict[str, Any]:
    plain = {
        "type": kind,
        "from": SOMEBODY,
        "to": to,
        "gas": "0x64",
        "gasUsed": "0x32",
        "input": "0x" + data.hex(),
    }
    return {**plain, **more}


def read(made: dict[str, Any], book: NameBook, code: bytes = b"") -> Call:
    return read_trace(made, book, lambda _: code)


def test_a_stranger_with_one_of_our_functions_has_its_name_only(book: NameBook) -> None:
    found = read(frame(call_data(TOKEN.abi, "transfer", SOMEBODY, 5)), book, b"\x60\x00")
    assert (found.contract, found.function) == (None, "transfer")
    assert found.arguments is not None
    assert found.arguments[1] == ("amount", 5)


def test_code_decides_the_contract_even_behind_immutables(book: NameBook) -> None:
    data = call_data(TOKEN.abi, "transfer", SOMEBODY, 5)
    assert read(frame(data), book, TOKEN.runtime + b"\x01" * 32).contract == "CurrencyToken"
    lost = read(frame(data), book, REGISTRY.runtime)
    assert (lost.contract, lost.function, lost.arguments) == ("ParticipantRegistry", None, None)


def test_bytes_that_fit_no_function_stay_bytes(book: NameBook) -> None:
    found = read(frame(call_data(TOKEN.abi, "transfer", SOMEBODY, 5)[:40]), book, TOKEN.runtime)
    assert (found.function, found.arguments) == ("transfer", None)
    assert read(frame(b""), book).function is None


def test_the_making_of_a_contract(book: NameBook) -> None:
    creation = deploy_data(TOKEN.abi, TOKEN.bytecode, "Digital yuan", "CNY", 2, SOMEBODY)
    found = read(frame(creation, kind="CREATE"), book)
    assert (found.contract, found.function) == ("CurrencyToken", "constructor")
    assert dict(found.arguments or ())["currency"] == "CNY"
    assert read(frame(b"\x60\x00", kind="CREATE2"), book).contract is None


def test_the_origin_is_the_last_that_failed_alike(book: NameBook) -> None:
    other = {"error": "execution reverted", "output": "0x01"}
    caught = frame(b"", **other)
    inner = frame(b"", error="out of gas")
    tree = read(frame(b"", calls=[caught, inner], error="out of gas"), book)
    assert path_to_origin(tree) == (tree, tree.calls[1])
    own = read(frame(b"", calls=[inner], **other), book)
    assert path_to_origin(own) == (own,)
    assert own.failure == "custom error 0x01"


def test_integers_too_large_for_json_become_text(book: NameBook) -> None:
    found = read(frame(call_data(TOKEN.abi, "transfer", SOMEBODY, 2**200)), book)
    assert trace_json(found)["arguments"]["amount"] == str(2**200)
