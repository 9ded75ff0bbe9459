"""The methods of a development chain, and their absence from any other."""

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.development import DevelopmentChain, development_genesis, development_signers
from node.chain.rpc import JsonRpc, method_table
from node.chain.rpc_error import METHOD_NOT_FOUND, RpcError
from tests.node.chain.assembly import creation, keeper

FIRST = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"  # of the mnemonic that Anvil and Hardhat use
STRANGER = "0x" + "5a" * 20
PAYEE = "0x" + "cd" * 20
SIGNED = {"chainId": "chain_id", "nonce": "nonce", "yParity": "y_parity", "r": "r", "s": "s"}


@pytest.fixture
def rpc() -> Iterator[JsonRpc]:
    signers = development_signers()
    chain = LocalChain.open(None, development_genesis(31337, signers), ChainClock(strict=True))
    yield JsonRpc(chain, DevelopmentChain(chain, signers))
    chain.close()


def ask(rpc: JsonRpc, method: str, *params: Any) -> Any:
    return rpc.dispatch(method, list(params))


def pay(rpc: JsonRpc, value: int = 1, sender: str = FIRST) -> Any:
    sent = ask(rpc, "eth_sendTransaction", {"from": sender, "to": PAYEE, "value": hex(value)})
    return ask(rpc, "eth_getTransactionReceipt", sent)


def balance(rpc: JsonRpc, address: str = PAYEE, block: str = "latest") -> int:
    return int(ask(rpc, "eth_getBalance", address, block), 16)


def test_another_chain_has_none_of_them(chain: LocalChain) -> None:
    plain = JsonRpc(chain)
    for method in set(method_table(for_development=True)) - set(method_table()):
        with pytest.raises(RpcError) as unknown:
            plain.dispatch(method, [])
        assert unknown.value.code == METHOD_NOT_FOUND
    assert plain.dispatch("eth_accounts", []) == []


def test_known_accounts_send_without_a_wallet(rpc: JsonRpc) -> None:
    assert ask(rpc, "eth_accounts")[0] == FIRST
    assert len(ask(rpc, "eth_accounts")) == 10
    assert pay(rpc, 5)["status"] == "0x1"
    assert balance(rpc) == 5
    with pytest.raises(RpcError, match="unknown account"):
        pay(rpc, sender=STRANGER)


def test_signing(rpc: JsonRpc) -> None:
    signed = ask(rpc, "eth_sign", FIRST, "0x1234")
    assert Account.recover_message(encode_defunct(b"\x12\x34"), signature=signed).lower() == FIRST
    assert ask(rpc, "personal_sign", "0x1234", FIRST) == signed
    document = {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}],
            "Note": [{"name": "text", "type": "string"}],
        },
        "primaryType": "Note",
        "domain": {"name": "Test"},
        "message": {"text": "paid"},
    }
    typed = ask(rpc, "eth_signTypedData_v4", FIRST, document)
    assert Account.recover_message(encode_typed_data(full_message=document), signature=typed).lower() == FIRST
    assert ask(rpc, "eth_signTypedData_v4", FIRST, json.dumps(document)) == typed, "as ethers and wallets send it"
    with pytest.raises(RpcError, match="the text is not JSON"):
        ask(rpc, "eth_signTypedData_v4", FIRST, "{")


def test_sign_then_send(rpc: JsonRpc) -> None:
    for price in ({"gasPrice": "0x0"}, {"maxFeePerGas": "0x5", "maxPriorityFeePerGas": "0x1"}):
        signed = ask(rpc, "eth_signTransaction", {"from": FIRST, "to": PAYEE, "value": "0x1", **price})
        sent = ask(rpc, "eth_sendRawTransaction", signed["raw"])
        assert sent == signed["tx"]["hash"]
    assert balance(rpc) == 2


def test_snapshots_nest_and_are_used_up(rpc: JsonRpc) -> None:
    first = ask(rpc, "evm_snapshot")
    pay(rpc, 1)
    second = ask(rpc, "evm_snapshot")
    pay(rpc, 2)
    assert ask(rpc, "evm_revert", second) is True
    assert balance(rpc) == 1
    assert ask(rpc, "evm_revert", second) is False
    assert ask(rpc, "evm_revert", first) is True
    assert (balance(rpc), ask(rpc, "eth_blockNumber")) == (0, "0x0")
    assert pay(rpc, 7)["blockNumber"] == "0x1"


def test_a_snapshot_remembers_amendments(rpc: JsonRpc) -> None:
    ask(rpc, "anvil_setBalance", PAYEE, hex(10))
    taken = ask(rpc, "evm_snapshot")
    ask(rpc, "anvil_setBalance", PAYEE, hex(20))
    pay(rpc, 1)
    ask(rpc, "evm_revert", taken)
    assert balance(rpc) == 10


def test_time(rpc: JsonRpc) -> None:
    asked_at = int(time.time())
    ask(rpc, "evm_increaseTime", 3600)
    ask(rpc, "evm_mine")
    head = ask(rpc, "eth_getBlockByNumber", "latest", False)
    assert asked_at <= int(head["timestamp"], 16) - 3600 <= time.time() + 1
    later = int(head["timestamp"], 16) + 500
    ask(rpc, "evm_setNextBlockTimestamp", later)
    assert (
        int(ask(rpc, "eth_getBlockByNumber", hex(int(pay(rpc)["blockNumber"], 16)), False)["timestamp"], 16)
        == later
    )
    with pytest.raises(RpcError, match="not after the newest"):
        ask(rpc, "evm_setNextBlockTimestamp", later)
    ask(rpc, "evm_mine", hex(later + 5))
    assert int(ask(rpc, "eth_getBlockByNumber", "latest", False)["timestamp"], 16) == later + 5


def test_mine_many(rpc: JsonRpc) -> None:
    ask(rpc, "anvil_mine", "0xa", "0x3c")
    assert ask(rpc, "eth_blockNumber") == "0xa"
    times = [int(ask(rpc, "eth_getBlockByNumber", hex(n), False)["timestamp"], 16) for n in range(1, 11)]
    assert [later - earlier for earlier, later in pairwise(times)] == [60] * 9
    ask(rpc, "evm_mine", {"blocks": 3})
    assert ask(rpc, "eth_blockNumber") == "0xd"


def test_manual_mining_orders_by_price(rpc: JsonRpc) -> None:
    ask(rpc, "evm_setAutomine", False)
    second = ask(rpc, "eth_accounts")[1]
    cheap = ask(rpc, "eth_sendTransaction", {"from": FIRST, "to": PAYEE, "gas": "0x5208"})
    dear = ask(rpc, "eth_sendTransaction", {"from": second, "to": PAYEE, "gas": "0x5208", "gasPrice": "0x9"})
    assert ask(rpc, "eth_blockNumber") == "0x0"
    ask(rpc, "evm_mine")
    assert ask(rpc, "eth_getBlockByNumber", "0x1", False)["transactions"] == [dear, cheap]
    waiting = ask(rpc, "eth_sendTransaction", {"from": FIRST, "to": PAYEE, "gas": "0x5208"})
    assert ask(rpc, "anvil_dropTransaction", waiting) == waiting
    assert ask(rpc, "txpool_status")["pending"] == "0x0"


def test_interval_mining(rpc: JsonRpc) -> None:
    ask(rpc, "evm_setIntervalMining", 1)
    assert (ask(rpc, "anvil_getIntervalMining"), ask(rpc, "anvil_getAutomine")) == (1, False)
    deadline = time.monotonic() + 60
    while ask(rpc, "eth_blockNumber") == "0x0" and time.monotonic() < deadline:
        time.sleep(0.05)
    ask(rpc, "evm_setIntervalMining", 0)
    assert int(ask(rpc, "eth_blockNumber"), 16) >= 1


def test_amending_the_state(rpc: JsonRpc) -> None:
    deployed = ask(rpc, "eth_sendTransaction", {"from": FIRST, "data": "0x" + creation(keeper()).hex()})
    address = ask(rpc, "eth_getTransactionReceipt", deployed)["contractAddress"]
    ask(rpc, "anvil_setStorageAt", address, "0x0", "0x" + (77).to_bytes(32, "big").hex())
    assert int(ask(rpc, "eth_call", {"to": address}, "latest"), 16) == 77
    ask(rpc, "hardhat_setCode", STRANGER, "0x" + keeper().hex())
    assert ask(rpc, "eth_getCode", STRANGER, "latest") == "0x" + keeper().hex()
    ask(rpc, "anvil_setNonce", STRANGER, "0x9")
    assert ask(rpc, "eth_getTransactionCount", STRANGER, "latest") == "0x9"
    ask(rpc, "anvil_setBalance", STRANGER, "0x64")
    ask(rpc, "anvil_addBalance", STRANGER, "0x1")
    assert ask(rpc, "eth_blockNumber") == "0x1"
    pay(rpc)
    assert (balance(rpc, STRANGER), balance(rpc, STRANGER, "0x1"), balance(rpc, STRANGER, "0x0")) == (101, 101, 0)


def test_a_borrowed_identity(rpc: JsonRpc) -> None:
    ask(rpc, "anvil_setBalance", STRANGER, "0x64")
    ask(rpc, "anvil_impersonateAccount", STRANGER)
    receipt = pay(rpc, 60, sender=STRANGER)
    assert (receipt["from"], receipt["status"]) == (STRANGER, "0x1")
    assert (balance(rpc), balance(rpc, STRANGER)) == (60, 40)
    assert ask(rpc, "eth_getTransactionByHash", receipt["transactionHash"])["from"] == STRANGER
    assert ask(rpc, "debug_traceTransaction", receipt["transactionHash"])["failed"] is False
    ask(rpc, "anvil_stopImpersonatingAccount", STRANGER)
    with pytest.raises(RpcError, match="unknown account"):
        pay(rpc, sender=STRANGER)


def test_an_authorization_costs_what_the_estimate_says(rpc: JsonRpc) -> None:
    owner = Account.from_key(b"\x07" * 32)
    signed = owner.sign_authorization({"chainId": 31337, "address": STRANGER, "nonce": 0})
    agreed = {"address": STRANGER, **{key: hex(getattr(signed, name)) for key, name in SIGNED.items()}}
    wish = {"from": ask(rpc, "eth_accounts")[0], "to": PAYEE, "authorizationList": [agreed]}
    assert ask(rpc, "eth_estimateGas", wish) == hex(46_000)
    receipt = ask(rpc, "eth_getTransactionReceipt", ask(rpc, "eth_sendTransaction", wish))
    assert (receipt["type"], receipt["status"], receipt["gasUsed"]) == ("0x4", "0x1", hex(46_000))
    assert ask(rpc, "eth_getCode", owner.address, "latest") == "0xef0100" + STRANGER[2:]
    ask(rpc, "anvil_impersonateAccount", STRANGER)
    with pytest.raises(RpcError, match="sends no authorizations"):
        ask(rpc, "eth_sendTransaction", {**wish, "from": STRANGER})


def test_reset(rpc: JsonRpc) -> None:
    ask(rpc, "anvil_setBalance", PAYEE, "0x5")
    pay(rpc)
    assert ask(rpc, "anvil_reset")
    assert (ask(rpc, "eth_blockNumber"), balance(rpc)) == ("0x0", 0)
    with pytest.raises(RpcError, match="does not fork"):
        ask(rpc, "hardhat_reset", {"forking": {"jsonRpcUrl": "http://x"}})


def test_node_info(rpc: JsonRpc) -> None:
    shown = ask(rpc, "anvil_nodeInfo")
    assert (shown["currentBlockNumber"], shown["environment"]["chainId"]) == (0, 31337)
