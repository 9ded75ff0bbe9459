"""What the server answers to input that is wrong: the right code, and it goes on working."""

import json
from typing import Any

import httpx
import pytest
from eth_account.signers.local import LocalAccount

from node.chain.chain import LocalChain
from tests.node.chain.assembly import creation, gas_burner
from tests.node.chain.signing import dynamic_fee, legacy

ADDRESS = "0x" + "11" * 20


def post(url: str, content: bytes) -> Any:
    return httpx.post(
        url, content=content, headers={"content-type": "application/json"}, timeout=60, trust_env=False
    ).json()


def ask(url: str, method: str, *params: Any) -> Any:
    return post(url, json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"eth_chainId"}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"value":-Infinity}]}', -32700),
        (b"[]", -32600),
        (b"1", -32600),
        (b'"text"', -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_nonsense"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{"a":1}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[1]}', -32602),
    ],
)
def test_bodies(rpc_url: str, body: bytes, code: int) -> None:
    assert post(rpc_url, body)["error"]["code"] == code
    assert ask(rpc_url, "eth_chainId")["result"] == "0x4e36"


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("eth_getBalance", [], "missing value for required argument 0"),
        ("eth_getBalance", [ADDRESS[:-1]], "odd length"),
        ("eth_getBalance", [ADDRESS[:-2]], "has length 38, want 40"),
        ("eth_getBalance", [ADDRESS[2:]], "without 0x prefix"),
        ("eth_getBalance", [None], "is a string, got null"),
        ("eth_getBalance", [7], "is a string, got number"),
        ("eth_getBalance", [[ADDRESS]], "is a string, got array"),
        ("eth_getBalance", [ADDRESS, "0x01"], "leading zero"),
        ("eth_getBalance", [ADDRESS, "0x"], "no digits"),
        ("eth_getBalance", [ADDRESS, "newest"], "without 0x prefix"),
        ("eth_getBalance", [ADDRESS, "0xzz"], "invalid hex"),
        ("eth_getBalance", [ADDRESS, 1], "is a string, got number"),
        ("eth_getBalance", [ADDRESS, {"blockNumber": "0x0", "blockHash": "0x" + "00" * 32}], "exactly one"),
        ("eth_getBlockByNumber", ["0x0", "yes"], "want true or false"),
        ("eth_getStorageAt", [ADDRESS, "0x" + "0" * 65, "latest"], "too long"),
        ("eth_getStorageAt", [ADDRESS, "slot", "latest"], "without 0x prefix"),
        ("eth_call", ["0x"], "want an object"),
        ("eth_call", [{"authorizationList": 5}], "want an array"),
        ("eth_call", [{"authorizationList": [{"chainId": "0x1"}]}], "authorizationList.nonce"),
        ("eth_call", [{"to": "0x1"}], "odd length"),
        ("eth_call", [{"to": ADDRESS, "gas": "0x" + "f" * 65}], "256 bits"),
        ("eth_call", [{"to": ADDRESS, "value": 5}], "is a string, got number"),
        ("eth_call", [{"to": ADDRESS, "data": "0x01", "input": "0x02"}], "not equal"),
        ("eth_call", [{"to": ADDRESS, "gasPrice": "0x1", "maxFeePerGas": "0x1"}], "both gasPrice and"),
        ("eth_getLogs", [{"topics": ["0x01"]}], "has length 2, want 64"),
        ("eth_getLogs", [{"topics": [None] * 5}], "max topics"),
        ("eth_getLogs", [{"fromBlock": "0x2", "toBlock": "0x1"}], "invalid block range"),
        ("eth_getLogs", [{"blockHash": "0x" + "00" * 32, "fromBlock": "0x1"}], "cannot specify both"),
        ("eth_getTransactionReceipt", ["0x12"], "has length 2, want 64"),
        ("eth_sendRawTransaction", ["hello"], "without 0x prefix"),
        ("eth_feeHistory", ["0x1", "latest", [101]], "percentile"),
        ("eth_feeHistory", ["0x1", "latest", [9, 3]], "rising order"),
        ("web3_sha3", ["0x1"], "odd length"),
    ],
)
def test_parameters(rpc_url: str, method: str, params: list[Any], words: str) -> None:
    error = ask(rpc_url, method, *params)["error"]
    assert error["code"] == -32602
    assert words in error["message"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "rlp"),
        (b"\x02", "rlp"),
        (b"\xc0", "rlp"),
        (b"\x05\xc0", "type not supported"),
        (b"\x03\xc0", "blob"),
        (b"\x7f" * 40, "type not supported"),
        (b"\xf8" + b"\xff" * 200, "rlp"),
        (b"\x02" + b"\xf8\x02\xc0\xc0", "rlp"),
        (bytes(200_000), "oversized"),
    ],
)
def test_transactions_that_are_none(rpc_url: str, raw: bytes, words: str) -> None:
    error = ask(rpc_url, "eth_sendRawTransaction", "0x" + raw.hex())["error"]
    assert error["code"] == -32000
    assert words in error["message"]


def refusal(url: str, raw: bytes) -> str:
    error = ask(url, "eth_sendRawTransaction", "0x" + raw.hex())["error"]
    assert error["code"] == -32000
    return str(error["message"])


def test_transactions_refused(
    rpc_url: str, chain: LocalChain, debtor: LocalAccount, creditor: LocalAccount
) -> None:
    """None of them is stored, and none uses up a nonce."""
    usable = chain.genesis.usable_gas
    assert "chain id" in refusal(rpc_url, dynamic_fee(debtor, 0, chainId=1))
    assert "chain id" in refusal(rpc_url, legacy(debtor, 0, chainId=1))
    assert "intrinsic gas too low" in refusal(rpc_url, dynamic_fee(debtor, 0, gas=20_999))
    assert "floor data gas" in refusal(
        rpc_url, dynamic_fee(debtor, 0, data=b"\x01" * 2_000, to=ADDRESS, gas=60_000)
    )
    assert "exceeds block gas limit" in refusal(rpc_url, dynamic_fee(debtor, 0, gas=usable + 1))
    assert "insufficient funds" in refusal(rpc_url, dynamic_fee(creditor, 0, value=1))
    assert "insufficient funds" in refusal(rpc_url, dynamic_fee(creditor, 0, maxFeePerGas=1))
    assert "priority fee" in refusal(rpc_url, dynamic_fee(debtor, 0, maxPriorityFeePerGas=1))
    assert "initcode" in refusal(rpc_url, dynamic_fee(debtor, 0, data=bytes(49_153), gas=3_000_000))
    assert chain.head.number == 0
    assert len(chain.pool) == 0


def test_a_broken_signature(rpc_url: str, debtor: LocalAccount) -> None:
    raw = bytearray(dynamic_fee(debtor, 0))
    raw[-33:-1] = b"\xff" * 32
    assert refusal(rpc_url, bytes(raw))


def test_nonce_already_used_and_same_bytes_twice(rpc_url: str, debtor: LocalAccount) -> None:
    raw = dynamic_fee(debtor, 0)
    assert "result" in ask(rpc_url, "eth_sendRawTransaction", "0x" + raw.hex())
    assert refusal(rpc_url, raw) == "already known"
    assert "nonce too low: next nonce 1, tx nonce 0" in refusal(rpc_url, dynamic_fee(debtor, 0, value=1))


def test_a_replacement_must_pay_more(rpc_url: str, chain: LocalChain, debtor: LocalAccount) -> None:
    assert "result" in ask(
        rpc_url,
        "eth_sendRawTransaction",
        "0x" + dynamic_fee(debtor, 5, maxFeePerGas=100, maxPriorityFeePerGas=100).hex(),
    )
    assert "underpriced" in refusal(rpc_url, dynamic_fee(debtor, 5, maxFeePerGas=109, maxPriorityFeePerGas=109))
    better = dynamic_fee(debtor, 5, maxFeePerGas=110, maxPriorityFeePerGas=110)
    assert "result" in ask(rpc_url, "eth_sendRawTransaction", "0x" + better.hex())
    assert len(chain.pool) == 1


def test_an_endless_call_runs_out_of_gas(rpc_url: str, debtor: LocalAccount) -> None:
    raw = dynamic_fee(debtor, 0, data=creation(gas_burner()))
    sent = ask(rpc_url, "eth_sendRawTransaction", "0x" + raw.hex())["result"]
    address = ask(rpc_url, "eth_getTransactionReceipt", sent)["result"]["contractAddress"]
    error = ask(rpc_url, "eth_call", {"to": address, "gas": "0x100000"}, "latest")["error"]
    assert (error["code"], error["message"]) == (-32000, "out of gas")


def test_blocks_that_are_not_there(rpc_url: str) -> None:
    assert ask(rpc_url, "eth_getBlockByNumber", "0x10", False)["result"] is None
    assert ask(rpc_url, "eth_getBlockByHash", "0x" + "00" * 32, False)["result"] is None
    assert ask(rpc_url, "eth_getTransactionByHash", "0x" + "00" * 32)["result"] is None
    error = ask(rpc_url, "eth_getBalance", ADDRESS, "0x10")["error"]
    assert (error["code"], error["message"]) == (-32000, "header not found")


@pytest.mark.parametrize(
    ("method", "asked", "words"),
    [
        (
            "eth_estimateGas",
            {"to": ADDRESS, "value": "0x1", "maxFeePerGas": "0x1"},
            "insufficient funds for transfer",
        ),
        ("eth_sendRawTransaction", "0x03" + "00" * 140_000, "no blob transactions"),
    ],
)
def test_what_cannot_be_done_says_what_stands_against_it(
    rpc_url: str, method: str, asked: object, words: str
) -> None:
    error = ask(rpc_url, method, asked)["error"]
    assert error["code"] == -32000
    assert words in error["message"]
