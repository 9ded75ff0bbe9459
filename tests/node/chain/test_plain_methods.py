"""The methods with short answers, each asked once on a chain of two blocks, in process."""

from collections.abc import Iterator
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak

from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.development import DevelopmentChain, development_genesis, development_signers
from node.chain.rpc import JsonRpc
from node.chain.rpc_error import RpcError
from tests.node.chain.assembly import ANNOUNCED, creation, keeper
from tests.node.chain.signing import dynamic_fee

STRANGER = "0x" + "5a" * 20
FIRST = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"


class Asked:
    """The chain: block 1 creates a contract, block 2 makes it store 7, and one transaction waits for a nonce."""

    def __init__(self, chain: LocalChain, debtor: LocalAccount) -> None:
        self.rpc = JsonRpc(chain)
        self.raws = [dynamic_fee(debtor, 0, data=creation(keeper()))]
        self.sent = [self("eth_sendRawTransaction", "0x" + self.raws[0].hex())]
        self.contract = self("eth_getTransactionReceipt", self.sent[0])["contractAddress"]
        for nonce, word in ((1, 7), (5, 8)):
            self.raws.append(dynamic_fee(debtor, nonce, to=self.contract, data=word.to_bytes(32, "big")))
            self.sent.append(self("eth_sendRawTransaction", "0x" + self.raws[-1].hex()))
        self.head = self("eth_getBlockByNumber", "0x2", False)

    def __call__(self, method: str, *params: Any) -> Any:
        return self.rpc.dispatch(method, list(params))

    def raw(self, index: int) -> str:
        return "0x" + self.raws[index].hex()


@pytest.fixture
def ask(chain: LocalChain, debtor: LocalAccount) -> Asked:
    return Asked(chain, debtor)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("net_listening", True),
        ("net_peerCount", "0x0"),
        ("eth_syncing", False),
        ("eth_protocolVersion", "0x44"),
        ("eth_pendingTransactions", []),
        ("eth_baseFee", "0x0"),
        ("eth_maxPriorityFeePerGas", "0x0"),
        ("eth_blobBaseFee", "0x1"),
    ],
)
def test_constants(ask: Asked, method: str, answer: object) -> None:
    assert ask(method) == answer
    with pytest.raises(RpcError, match="too many arguments"):
        ask(method, "0x1")


def test_the_node_about_itself(ask: Asked) -> None:
    assert ask("web3_clientVersion").startswith("Corridor/")
    assert ask("eth_config")["current"]["chainId"] == "0x4e36"
    assert "head" in ask("eth_capabilities")


def test_headers_and_counts(ask: Asked) -> None:
    header = ask("eth_getHeaderByNumber", "0x2")
    assert header == ask("eth_getHeaderByHash", ask.head["hash"])
    assert header["hash"] == ask.head["hash"]
    assert "transactions" not in header
    assert ask("eth_getHeaderByNumber", "0x9") is None
    for method, key in (
        ("eth_getBlockTransactionCountByNumber", "0x2"),
        ("eth_getBlockTransactionCountByHash", ask.head["hash"]),
    ):
        assert ask(method, key) == "0x1"
    assert ask("eth_getBlockTransactionCountByHash", "0x" + "ab" * 32) is None


def test_there_are_no_uncles(ask: Asked) -> None:
    assert ask("eth_getUncleCountByBlockNumber", "latest") == "0x0"
    assert ask("eth_getUncleCountByBlockHash", ask.head["hash"]) == "0x0"
    assert ask("eth_getUncleByBlockNumberAndIndex", "latest", "0x0") is None
    assert ask("eth_getUncleByBlockHashAndIndex", ask.head["hash"], "0x0") is None


def test_a_transaction_by_its_place(ask: Asked) -> None:
    whole = ask("eth_getTransactionByHash", ask.sent[1])
    assert ask("eth_getTransactionByBlockNumberAndIndex", "0x2", "0x0") == whole
    assert ask("eth_getTransactionByBlockHashAndIndex", ask.head["hash"], "0x0") == whole
    assert ask("eth_getTransactionByBlockNumberAndIndex", "0x2", "0x1") is None
    assert ask("eth_getTransactionByHash", ask.sent[2])["blockNumber"] is None


def test_a_transactions_own_bytes(ask: Asked) -> None:
    assert ask("eth_getRawTransactionByHash", ask.sent[1]) == ask.raw(1)
    assert ask("eth_getRawTransactionByBlockNumberAndIndex", "0x2", "0x0") == ask.raw(1)
    assert ask("eth_getRawTransactionByBlockHashAndIndex", ask.head["hash"], "0x0") == ask.raw(1)
    assert ask("debug_getRawTransaction", ask.sent[2]) == ask.raw(2)


def test_raw_headers_and_receipts(ask: Asked) -> None:
    header = bytes.fromhex(ask("debug_getRawHeader", "0x2")[2:])
    assert "0x" + keccak(header).hex() == ask.head["hash"]
    (receipt,) = ask("debug_getRawReceipts", "0x2")
    status, gas, _bloom, logs = rlp.decode(bytes.fromhex(receipt[4:]))  # after 0x and the type, 02
    assert (status, int.from_bytes(gas, "big")) == (b"\x01", int(ask.head["gasUsed"], 16))
    assert len(logs) == 1


def test_the_receipts_of_a_block(ask: Asked) -> None:
    for key in ("latest", "0x2", ask.head["hash"]):
        assert ask("eth_getBlockReceipts", key) == [ask("eth_getTransactionReceipt", ask.sent[1])]
    assert ask("eth_getBlockReceipts", "0x0") == []


def test_filters(ask: Asked, debtor: LocalAccount) -> None:
    logs = ask("eth_newFilter", {"address": ask.contract, "topics": ["0x" + ANNOUNCED.hex()]})
    blocks, pending = ask("eth_newBlockFilter"), ask("eth_newPendingTransactionFilter")
    sent = ask("eth_sendRawTransaction", "0x" + dynamic_fee(debtor, 2, to=ask.contract, data=bytes(32)).hex())
    receipt = ask("eth_getTransactionReceipt", sent)
    assert ask("eth_getFilterChanges", logs) == receipt["logs"]
    assert ask("eth_getFilterChanges", blocks) == [receipt["blockHash"]]
    assert ask("eth_getFilterChanges", pending) == [sent]
    assert [ask("eth_getFilterChanges", one) for one in (logs, blocks, pending)] == [[], [], []]
    assert receipt["logs"][0] in ask("eth_getFilterLogs", logs)
    assert ask("eth_uninstallFilter", logs) is True
    assert ask("eth_uninstallFilter", logs) is False
    with pytest.raises(RpcError, match="filter not found"):
        ask("eth_getFilterChanges", logs)


def test_blocks_simulated_on_top_are_not_kept(ask: Asked) -> None:
    call = {"to": ask.contract, "data": "0x" + (9).to_bytes(32, "big").hex()}
    (block,) = ask("eth_simulateV1", {"blockStateCalls": [{"calls": [call, {"to": ask.contract}]}]}, "latest")
    assert block["number"] == "0x3"
    assert [int(one["returnData"], 16) if one["returnData"] != "0x" else None for one in block["calls"]] == [
        None,
        9,
    ]
    assert int(ask("eth_call", {"to": ask.contract}, "latest"), 16) == 7


@pytest.fixture
def develop() -> Iterator[JsonRpc]:
    signers = development_signers()
    chain = LocalChain.open(None, development_genesis(31337, signers), ChainClock(strict=True))
    yield JsonRpc(chain, DevelopmentChain(chain, signers))
    chain.close()


def test_what_miners_were_asked(develop: JsonRpc) -> None:
    assert develop.dispatch("eth_coinbase", []) == "0x" + "00" * 20
    assert develop.dispatch("eth_mining", []) is True
    assert develop.dispatch("eth_hashrate", []) == "0x0"


def test_typed_data_as_the_older_name_takes_it(develop: JsonRpc) -> None:
    document = {
        "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Note": [{"name": "n", "type": "uint8"}]},
        "primaryType": "Note",
        "domain": {"name": "Test"},
        "message": {"n": 1},
    }
    signed = develop.dispatch("eth_signTypedData", [FIRST, document])
    assert Account.recover_message(encode_typed_data(full_message=document), signature=signed).lower() == FIRST


def test_setting_the_time(develop: JsonRpc) -> None:
    for given in (2_000_000_000, 2_000_000_100_000):  # seconds, and milliseconds
        develop.dispatch("evm_setTime", [given])
        develop.dispatch("evm_mine", [])
        head = develop.dispatch("eth_getBlockByNumber", ["latest", False])
        assert 0 <= int(head["timestamp"], 16) - (given if given < 10**11 else given // 1000) < 60


def test_everybody_may_be_impersonated(develop: JsonRpc) -> None:
    fields = {"from": STRANGER, "to": FIRST, "gas": "0x5208"}
    develop.dispatch("anvil_autoImpersonateAccount", [True])
    assert develop.dispatch("eth_sendTransaction", [fields]).startswith("0x")
    develop.dispatch("anvil_autoImpersonateAccount", [False])
    with pytest.raises(RpcError, match="unknown account"):
        develop.dispatch("eth_sendTransaction", [fields])


def test_everything_that_waits_may_be_dropped(develop: JsonRpc) -> None:
    develop.dispatch("evm_setAutomine", [False])
    for _ in range(3):
        develop.dispatch("eth_sendTransaction", [{"from": FIRST, "to": STRANGER, "gas": "0x5208"}])
    assert develop.dispatch("txpool_status", [])["pending"] == "0x3"
    develop.dispatch("anvil_dropAllTransactions", [])
    assert develop.dispatch("txpool_status", [])["pending"] == "0x0"
