"""Random requests to every method: each gets an answer, and none is a fault of ours.

`make fuzz SECONDS=600` lengthens it from a few seconds to as long as one likes; `--fuzz-seed` changes it.
"""

import json
import random
import time
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from node.chain.chain import LocalChain
from node.chain.development import DevelopmentChain, development_signers
from node.chain.rpc import JsonRpc
from node.chain.rpc_error import INTERNAL_ERROR
from tests.node.chain.assembly import creation, error_data, keeper, refuser
from tests.node.chain.signing import dynamic_fee

HASH = "0x" + "ab" * 32
ADDRESS = "0x" + "cd" * 20
PLAIN: list[Any] = [None, True, False, 0, 1, -1, 2**70, 1.5, 10**400, "", "0x", "0x0", "0x1", "0x01", "0xg"]
PLAIN += ["latest", "pending", "earliest", "safe", "newHeads", "callTracer", "0xffffffffffffffff", "0x" + "f" * 64]
PLAIN += ["0x" + "f" * 65, HASH, ADDRESS, [], {}, "é\u0000", "🙂", [None], ["0x0"], [[]], [HASH]]
KEYS = ["from", "to", "data", "input", "gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "value", "nonce"]
KEYS += ["accessList", "chainId", "authorizationList", "fromBlock", "toBlock", "blockHash", "blockNumber", "types"]
KEYS += [
    "address",
    "topics",
    "tracer",
    "tracerConfig",
    "enableMemory",
    "blockStateCalls",
    "calls",
    "stateOverrides",
]
KEYS += ["blockOverrides", "balance", "code", "state", "stateDiff"]
KEYS += ["time", "number", "blocks", "timestamp", ADDRESS]
SLOW = frozenset({"evm_mine", "anvil_mine", "hardhat_mine", "evm_setIntervalMining", "anvil_setIntervalMining"})


def value(dice: random.Random, known: list[Any], depth: int = 0) -> Any:
    kind = dice.random()
    if kind < 0.45 or depth > 3:
        return dice.choice(PLAIN)
    if kind < 0.65:
        return dice.choice(known)
    if kind < 0.8:
        return [value(dice, known, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(KEYS): value(dice, known, depth + 1) for _ in range(dice.randrange(5))}


@pytest.fixture
def known(chain: LocalChain, debtor: LocalAccount) -> list[Any]:
    """Things that exist, so that requests get past the first look."""
    for nonce, runtime in enumerate((keeper(), refuser(error_data("no")), refuser(b"\xde\xad"))):
        chain.send_raw_transaction(dynamic_fee(debtor, nonce, data=creation(runtime)))
    chain.send_raw_transaction(dynamic_fee(debtor, 9))
    rpc = JsonRpc(chain)
    found: list[Any] = ["0x" + chain.head.hash.hex(), debtor.address, hex(chain.head.number), {"blockHash": HASH}]
    for index in range(1, 4):
        record = chain.transactions_in(index)[0]
        receipt = rpc.dispatch("eth_getTransactionReceipt", ["0x" + record.hash.hex()])
        found += [receipt["transactionHash"], receipt["contractAddress"], {"to": receipt["contractAddress"]}]
        found += [{"from": debtor.address, "to": receipt["contractAddress"], "data": "0x" + "00" * 31 + "07"}]
        found += ["0x" + record.raw.hex(), "0x" + record.raw[:-3].hex()]
    return found


def test_every_method_answers_anything(
    chain: LocalChain, known: list[Any], request: pytest.FixtureRequest
) -> None:
    dice = random.Random(request.config.getoption("--fuzz-seed"))
    rpc = JsonRpc(chain, DevelopmentChain(chain, development_signers()))
    methods = [method for method in rpc.methods if method not in SLOW]
    deadline = time.monotonic() + request.config.getoption("--fuzz-seconds")
    asked = 0
    while time.monotonic() < deadline or asked < 500:
        method = dice.choice(methods)
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": method,
            "params": [value(dice, known) for _ in range(dice.randrange(5))],
        }
        answer = json.loads(rpc.answer_body(json.dumps(body).encode()) or b"{}")
        assert "result" in answer or answer["error"]["code"] != INTERNAL_ERROR, (body, answer)
        asked += 1
    assert rpc.dispatch("eth_chainId", []) == "0x4e36"


def test_damaged_bytes(chain: LocalChain, debtor: LocalAccount) -> None:
    """Single bytes changed in sound requests and sound transactions."""
    dice = random.Random(7)
    rpc = JsonRpc(chain)
    raw = dynamic_fee(debtor, 0, to=ADDRESS, data=b"\x01\x02", value=5)
    body = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": ["0x" + raw.hex()]}
    )
    for _ in range(400):
        damaged = bytearray(body.encode())
        damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        answer = json.loads(rpc.answer_body(bytes(damaged)) or b'{"result": null}')
        assert "result" in answer or answer["error"]["code"] != INTERNAL_ERROR, (bytes(damaged), answer)
