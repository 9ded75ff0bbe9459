"""A whole state, dumped and loaded: nothing is lost on the way, and what was changed on the way is refused."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.development import DevelopmentChain, development_genesis, development_signers
from node.chain.rpc import JsonRpc
from node.chain.rpc_error import INVALID_PARAMS, RpcError
from tests.node.chain.assembly import creation, keeper
from tests.node.chain.signing import NOBODY
from tests.node.ledger.engines import anvil_engine

FIRST = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
PAYEE = "0x" + "cd" * 20
STRANGER = "0x" + "5a" * 20
MEBIBYTE = 1 << 20


def development_node(path: Path | None = None) -> JsonRpc:
    signers = development_signers()
    chain = LocalChain.open(
        path, development_genesis(31337, signers), ChainClock(strict=True), keeps_preimages=True
    )
    return JsonRpc(chain, DevelopmentChain(chain, signers))


@pytest.fixture
def rpc() -> Iterator[JsonRpc]:
    node = development_node()
    yield node
    node.node.chain.close()


@pytest.fixture
def other() -> Iterator[JsonRpc]:
    node = development_node()
    yield node
    node.node.chain.close()


def ask(rpc: JsonRpc, method: str, *params: Any) -> Any:
    return rpc.dispatch(method, list(params))


def word(value: int) -> str:
    return f"0x{value:064x}"


def live(rpc: JsonRpc) -> str:
    """Money, code, storage that was written, overwritten, wiped and amended, and a nonce. Returns the contract."""
    ask(rpc, "eth_sendTransaction", {"from": FIRST, "to": PAYEE, "value": "0x7"})
    deployed = ask(rpc, "eth_sendTransaction", {"from": FIRST, "data": "0x" + creation(keeper()).hex()})
    contract = str(ask(rpc, "eth_getTransactionReceipt", deployed)["contractAddress"])
    for value in (5, 0, 77):
        ask(rpc, "eth_sendTransaction", {"from": FIRST, "to": contract, "data": word(value)})
    ask(rpc, "anvil_setStorageAt", contract, "0x9", word(99))
    ask(rpc, "anvil_setNonce", STRANGER, "0x4")
    return contract


def observed(rpc: JsonRpc, contract: str) -> list[Any]:
    asked = [("eth_getBalance", a) for a in (FIRST, PAYEE, STRANGER, contract)]
    asked += [("eth_getTransactionCount", a) for a in (FIRST, STRANGER, contract)]
    found = [ask(rpc, method, address, "latest") for method, address in asked]
    slots = [ask(rpc, "eth_getStorageAt", contract, slot, "latest") for slot in ("0x0", "0x1", "0x9")]
    return [*found, *slots, ask(rpc, "eth_getCode", contract, "latest")]


def unpacked(dump: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(bytes.fromhex(dump[2:])))
    return document


def packed(document: Any) -> str:
    return "0x" + gzip.compress(json.dumps(document).encode()).hex()


@pytest.mark.parametrize("name", ["anvil", "hardhat"])
def test_a_fresh_chain_becomes_the_dumped_one(rpc: JsonRpc, other: JsonRpc, name: str) -> None:
    contract = live(rpc)
    dump = ask(rpc, f"{name}_dumpState")
    assert ask(other, f"{name}_loadState", dump) is True
    assert observed(other, contract) == observed(rpc, contract)
    assert int(ask(other, "eth_call", {"to": contract}, "latest"), 16) == 77
    assert unpacked(ask(other, "anvil_dumpState"))["accounts"] == unpacked(dump)["accounts"]


def test_the_loaded_chain_goes_on(rpc: JsonRpc, other: JsonRpc) -> None:
    contract = live(rpc)
    ask(rpc, "evm_increaseTime", 90_000)
    ask(rpc, "evm_mine")
    ask(other, "anvil_loadState", ask(rpc, "anvil_dumpState"))
    ask(other, "eth_sendTransaction", {"from": FIRST, "to": contract, "data": word(78)})
    assert int(ask(other, "eth_call", {"to": contract}, "latest"), 16) == 78
    then, now = (int(ask(one, "eth_getBlockByNumber", "latest", False)["timestamp"], 16) for one in (rpc, other))
    assert now >= then


def test_the_root_is_the_chains_own(rpc: JsonRpc) -> None:
    ask(rpc, "eth_sendTransaction", {"from": FIRST, "to": PAYEE, "value": "0x7"})
    root = ask(rpc, "eth_getBlockByNumber", "latest", False)["stateRoot"]
    assert unpacked(ask(rpc, "anvil_dumpState"))["stateRoot"] == root


def test_loading_replaces_an_account_whole_and_leaves_the_others(rpc: JsonRpc, other: JsonRpc) -> None:
    contract = live(rpc)
    ask(other, "anvil_setStorageAt", contract, "0x5", word(1))
    ask(other, "anvil_setBalance", NOBODY, "0x3")
    ask(other, "anvil_loadState", ask(rpc, "anvil_dumpState"))
    assert ask(other, "eth_getStorageAt", contract, "0x5", "latest") == word(0)
    assert ask(other, "eth_getBalance", NOBODY, "latest") == "0x3"


def test_names_survive_a_restart_and_so_does_what_was_loaded(tmp_path: Path, other: JsonRpc) -> None:
    contract = live(other)
    dump = ask(other, "anvil_dumpState")
    first = development_node(tmp_path)
    ask(first, "anvil_loadState", dump)
    first.node.chain.close()
    again = development_node(tmp_path)
    assert observed(again, contract) == observed(other, contract)
    assert unpacked(ask(again, "anvil_dumpState"))["accounts"] == unpacked(dump)["accounts"]
    again.node.chain.close()


def test_a_chain_that_kept_no_names_says_so(chain: LocalChain) -> None:
    rpc = JsonRpc(chain, DevelopmentChain(chain, development_signers()))
    ask(rpc, "anvil_setBalance", PAYEE, "0x1")
    with pytest.raises(RpcError, match="nobody has kept which account 0x"):
        ask(rpc, "anvil_dumpState")


def doctored(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], str]:
    def apply(document: dict[str, Any]) -> str:
        change(document)
        return packed(document)

    return apply


def account(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["accounts"][PAYEE]
    return found


BROKEN = {
    "a balance was changed": (doctored(lambda d: account(d).update(balance="0x8")), "changed after it was made"),
    "a slot was added": (doctored(lambda d: account(d)["storage"].update({"0x1": "0x1"})), "changed after"),
    "an account is gone": (doctored(lambda d: d["accounts"].pop(PAYEE)), "changed after it was made"),
    "no balance": (doctored(lambda d: account(d).pop("balance")), f"accounts.{PAYEE}.balance: None is no number"),
    "a negative nonce": (doctored(lambda d: account(d).update(nonce=-1)), "nonce: -1 is no number"),
    "half a byte of code": (doctored(lambda d: account(d).update(code="0x123")), "code: want hexadecimal bytes"),
    "a short address": (doctored(lambda d: d["accounts"].update({"0x12": account(d)})), "want 20 bytes, got 1"),
    "no accounts": (doctored(lambda d: d.pop("accounts")), "accounts: want an object"),
    "a list": (lambda _: packed([]), "the dump: want an object"),
    "not JSON": (lambda _: "0x" + gzip.compress(b"{").hex(), "neither gzip nor JSON"),
    "nothing": (lambda _: "0x", "neither gzip nor JSON"),
    "cut short": (lambda d: packed(d)[:-40], "cut short"),
    "garbled": (lambda _: "0x1f8b" + "ff" * 30, "cannot be unpacked"),
    "a bomb": (lambda _: "0x" + gzip.compress(bytes(65 * MEBIBYTE), 1).hex(), "larger than"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_doctored_dump_is_refused_and_changes_nothing(rpc: JsonRpc, other: JsonRpc, what: str) -> None:
    live(rpc)
    change, reason = BROKEN[what]
    before = ask(other, "anvil_dumpState")
    with pytest.raises(RpcError, match=reason) as refused:
        ask(other, "anvil_loadState", change(unpacked(ask(rpc, "anvil_dumpState"))))
    assert refused.value.code == INVALID_PARAMS
    assert ask(other, "anvil_dumpState") == before


def test_history_is_not_promised(rpc: JsonRpc) -> None:
    with pytest.raises(RpcError, match="historical states"):
        ask(rpc, "anvil_dumpState", True)


@pytest.mark.anvil
def test_dumps_go_to_anvil_and_come_from_it(rpc: JsonRpc, other: JsonRpc, tmp_path: Path) -> None:
    contract = live(rpc)
    with anvil_engine(tmp_path) as engine, httpx.Client(trust_env=False, timeout=60) as client:

        def ask_anvil(method: str, *params: Any) -> Any:
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            return client.post(engine.url, json=body).json()["result"]

        assert ask_anvil("anvil_loadState", ask(rpc, "anvil_dumpState")) is True
        assert int(ask_anvil("eth_call", {"to": contract}, "latest"), 16) == 77
        assert ask_anvil("eth_getStorageAt", contract, "0x9", "latest") == word(99)
        ask_anvil("anvil_setStorageAt", contract, "0x0", word(123))
        ask(other, "anvil_loadState", ask_anvil("anvil_dumpState"))
    assert int(ask(other, "eth_call", {"to": contract}, "latest"), 16) == 123
    assert ask(other, "eth_getBalance", PAYEE, "latest") == "0x7"
