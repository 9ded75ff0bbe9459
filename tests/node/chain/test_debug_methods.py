"""Proofs, access lists, traces and the pool, asked through JSON-RPC."""

from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth.rlp.accounts import Account as StoredAccount
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address
from trie.hexary import HexaryTrie

from node.chain.chain import LocalChain
from node.chain.rpc import JsonRpc
from node.chain.rpc_error import RpcError
from tests.node.chain.assembly import ANNOUNCED, creation, error_data, keeper, refuser
from tests.node.chain.signing import dynamic_fee

CALL_THEN_STORE = (
    "5f5f5f5f5f73{target}5af15f55"  # calls the target with nothing, then stores the outcome in slot 0
)


@pytest.fixture
def rpc(chain: LocalChain) -> JsonRpc:
    return JsonRpc(chain)


def deploy(rpc: JsonRpc, signer: LocalAccount, runtime: bytes) -> str:
    nonce = int(rpc.dispatch("eth_getTransactionCount", [signer.address, "latest"]), 16)
    sent = rpc.dispatch(
        "eth_sendRawTransaction", ["0x" + dynamic_fee(signer, nonce, data=creation(runtime)).hex()]
    )
    return str(rpc.dispatch("eth_getTransactionReceipt", [sent])["contractAddress"])


def send(rpc: JsonRpc, signer: LocalAccount, to: str, data: bytes = b"") -> str:
    nonce = int(rpc.dispatch("eth_getTransactionCount", [signer.address, "latest"]), 16)
    raw = dynamic_fee(signer, nonce, to=to_checksum_address(to), data=data)
    return str(rpc.dispatch("eth_sendRawTransaction", ["0x" + raw.hex()]))


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def proven(root: str, key: bytes, proof: list[str]) -> bytes:
    """What py-evm's own trie finds, given only the nodes of a proof."""
    reader: Any = HexaryTrie
    nodes = [rlp.decode(bytes.fromhex(one[2:])) for one in proof]
    value: bytes = reader.get_from_proof(bytes.fromhex(root[2:]), keccak(key), nodes)
    return value


def test_a_proof_proves_the_account_and_its_slots(rpc: JsonRpc, debtor: LocalAccount) -> None:
    address = deploy(rpc, debtor, keeper())
    send(rpc, debtor, address, word(77))
    for number in ("0x2", "latest"):
        shown = rpc.dispatch("eth_getProof", [address, ["0x0", "0x5"], number])
        root = rpc.dispatch("eth_getBlockByNumber", [number, False])["stateRoot"]
        account = rlp.decode(proven(root, bytes.fromhex(address[2:]), shown["accountProof"]), StoredAccount)
        assert account.storage_root.hex() == shown["storageHash"][2:]
        assert account.code_hash.hex() == shown["codeHash"][2:]
        slot, absent = shown["storageProof"]
        assert rlp.decode(proven(shown["storageHash"], word(0), slot["proof"])) == b"\x4d"
        assert (slot["value"], absent["value"]) == ("0x4d", "0x0")
        assert proven(shown["storageHash"], word(5), absent["proof"]) == b""


def test_a_proof_of_absence(rpc: JsonRpc) -> None:
    shown = rpc.dispatch("eth_getProof", ["0x" + "77" * 20, [], "latest"])
    root = rpc.dispatch("eth_getBlockByNumber", ["latest", False])["stateRoot"]
    assert proven(root, bytes.fromhex("77" * 20), shown["accountProof"]) == b""
    assert (shown["balance"], shown["nonce"]) == ("0x0", "0x0")


def test_storage_values(rpc: JsonRpc, debtor: LocalAccount) -> None:
    address = deploy(rpc, debtor, keeper())
    send(rpc, debtor, address, word(7))
    shown = rpc.dispatch("eth_getStorageValues", [{address: ["0x0", "0x1"]}, "latest"])
    assert [int(value, 16) for value in shown[address]] == [7, 0]
    with pytest.raises(RpcError, match="empty request"):
        rpc.dispatch("eth_getStorageValues", [{}])


def test_an_access_list_names_what_is_touched(rpc: JsonRpc, debtor: LocalAccount) -> None:
    address = deploy(rpc, debtor, keeper())
    call = {"from": debtor.address, "to": address, "data": "0x" + word(1).hex()}
    shown = rpc.dispatch("eth_createAccessList", [call])
    assert shown["accessList"] == [{"address": address, "storageKeys": ["0x" + "00" * 32]}]
    used = rpc.dispatch("eth_estimateGas", [{**call, "accessList": shown["accessList"]}])
    assert int(shown["gasUsed"], 16) <= int(used, 16) <= int(shown["gasUsed"], 16) * 1.03


def test_an_access_list_of_a_revert_says_so(rpc: JsonRpc, debtor: LocalAccount) -> None:
    address = deploy(rpc, debtor, refuser(b""))
    assert rpc.dispatch("eth_createAccessList", [{"to": address}])["error"] == "execution reverted"


def test_steps(rpc: JsonRpc, debtor: LocalAccount) -> None:
    address = deploy(rpc, debtor, keeper())
    sent = send(rpc, debtor, address, word(9))
    trace = rpc.dispatch("debug_traceTransaction", [sent, {"enableMemory": True}])
    receipt = rpc.dispatch("eth_getTransactionReceipt", [sent])
    steps = trace["structLogs"]
    assert trace["gas"] == int(receipt["gasUsed"], 16)
    assert [step["op"] for step in steps[:3]] == ["CALLDATASIZE", "PUSH1", "JUMPI"]
    assert steps[1]["stack"] == ["0x20"]
    stored = next(step for step in steps if step["op"] == "SSTORE")
    assert stored["storage"] == {"0x" + "00" * 32: "0x" + word(9).hex()}
    assert stored["gasCost"] == 22_100
    assert steps[-2]["memory"] == ["0x" + word(9).hex()]
    costs = sum(step["gasCost"] for step in steps)
    assert steps[0]["gas"] - costs == steps[-1]["gas"] - steps[-1]["gasCost"]


def test_steps_stand_where_the_code_has_them(rpc: JsonRpc, debtor: LocalAccount, creditor: LocalAccount) -> None:
    """An account without code runs nothing; a code that just ends has a STOP behind it (as geth tells it)."""

    def places(to: str) -> list[tuple[str, int]]:
        steps = rpc.dispatch("debug_traceTransaction", [send(rpc, debtor, to), {}])["structLogs"]
        return [(step["op"], step["pc"]) for step in steps]

    assert places(creditor.address) == []
    pushed = ("PUSH1", 0)
    assert places(deploy(rpc, debtor, bytes.fromhex("6000"))) == [pushed, ("STOP", 2)]
    assert places(deploy(rpc, debtor, bytes.fromhex("600000"))) == [pushed, ("STOP", 2)]


def test_a_tree_of_calls(rpc: JsonRpc, debtor: LocalAccount) -> None:
    inner = deploy(rpc, debtor, refuser(error_data("Settlement: quote expired")))
    outer = deploy(rpc, debtor, bytes.fromhex(CALL_THEN_STORE.format(target=inner[2:])))
    sent = send(rpc, debtor, outer)
    trace = rpc.dispatch("debug_traceTransaction", [sent, {"tracer": "callTracer"}])
    assert (trace["type"], trace["to"], trace["from"]) == ("CALL", outer, debtor.address.lower())
    (called,) = trace["calls"]
    assert (called["type"], called["from"], called["to"]) == ("CALL", outer, inner)
    assert called["error"] == "execution reverted"
    assert called["revertReason"] == "Settlement: quote expired"
    top = rpc.dispatch(
        "debug_traceTransaction", [sent, {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}]
    )
    assert "calls" not in top


def test_a_tree_with_logs(rpc: JsonRpc, debtor: LocalAccount) -> None:
    address = deploy(rpc, debtor, keeper())
    call = {"from": debtor.address, "to": address, "data": "0x" + word(3).hex()}
    options = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
    (log,) = rpc.dispatch("debug_traceCall", [call, "latest", options])["logs"]
    assert log["topics"] == ["0x" + ANNOUNCED.hex(), "0x" + word(3).hex()]


def test_the_state_before_and_the_difference(rpc: JsonRpc, debtor: LocalAccount) -> None:
    address = deploy(rpc, debtor, keeper())
    send(rpc, debtor, address, word(4))
    sent = send(rpc, debtor, address, word(5))
    before = rpc.dispatch("debug_traceTransaction", [sent, {"tracer": "prestateTracer"}])
    slot = "0x" + "00" * 32
    assert before[address]["storage"] == {slot: "0x" + word(4).hex()}
    assert before[debtor.address.lower()]["nonce"] == 2
    options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    changed = rpc.dispatch("debug_traceTransaction", [sent, options])
    assert changed["pre"][address]["storage"] == {slot: "0x" + word(4).hex()}
    assert changed["post"][address]["storage"] == {slot: "0x" + word(5).hex()}
    assert changed["post"][debtor.address.lower()] == {"nonce": 3}


def test_a_whole_block(rpc: JsonRpc, chain: LocalChain, debtor: LocalAccount) -> None:
    address = deploy(rpc, debtor, keeper())
    chain.automine = False
    sent = []
    for nonce in (1, 2):
        raw = dynamic_fee(debtor, nonce, to=address, data=word(nonce))
        sent.append(rpc.dispatch("eth_sendRawTransaction", ["0x" + raw.hex()]))
    block = chain.mine()[0]
    by_number = rpc.dispatch("debug_traceBlockByNumber", ["0x2"])
    by_hash = rpc.dispatch("debug_traceBlockByHash", ["0x" + block.hash.hex()])
    assert [one["txHash"] for one in by_number] == sent
    assert by_number == by_hash
    used = [one["result"]["gas"] for one in by_number]
    assert used == [record.gas_used for record in chain.transactions_in(2)]


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("debug_traceTransaction", ["0x" + "00" * 32], "transaction not found"),
        ("debug_traceBlockByNumber", ["0x0"], "genesis is not traceable"),
        ("debug_traceBlockByNumber", ["0x99"], "not found"),
        ("debug_traceCall", [{}, "latest", {"tracer": "myTracer"}], "unknown tracer"),
        ("debug_getRawBlock", ["0x99"], "not found"),
    ],
)
def test_what_cannot_be_traced(rpc: JsonRpc, method: str, params: list[Any], words: str) -> None:
    with pytest.raises(RpcError, match=words):
        rpc.dispatch(method, params)


def test_what_waits(rpc: JsonRpc, chain: LocalChain, debtor: LocalAccount, creditor: LocalAccount) -> None:
    chain.automine = False
    for signer, nonce in [(debtor, 0), (debtor, 1), (debtor, 3), (creditor, 0)]:
        rpc.dispatch("eth_sendRawTransaction", ["0x" + dynamic_fee(signer, nonce).hex()])
    assert rpc.dispatch("txpool_status", []) == {"pending": "0x3", "queued": "0x1"}
    content = rpc.dispatch("txpool_content", [])
    assert sorted(content["pending"][debtor.address]) == ["0", "1"]
    assert list(content["queued"]) == [debtor.address]
    assert list(rpc.dispatch("txpool_contentFrom", [creditor.address])["pending"]) == ["0"]
    assert "wei" in rpc.dispatch("txpool_inspect", [])["queued"][debtor.address]["3"]
    chain.mine()
    assert rpc.dispatch("txpool_status", []) == {"pending": "0x0", "queued": "0x1"}


def test_the_outermost_call_counts_the_whole_transactions_gas(rpc: JsonRpc, debtor: LocalAccount) -> None:
    sent = send(rpc, debtor, deploy(rpc, debtor, keeper()), word(5))
    shown = rpc.dispatch("debug_traceTransaction", [sent, {"tracer": "callTracer"}])
    receipt = rpc.dispatch("eth_getTransactionReceipt", [sent])
    asked = rpc.dispatch("eth_getTransactionByHash", [sent])
    assert (shown["gasUsed"], shown["gas"]) == (receipt["gasUsed"], asked["gas"])
