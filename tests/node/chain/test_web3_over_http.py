"""The chain as web3.py sees it, through a real HTTP server."""

import time
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3RPCError

from node.chain.chain import LocalChain
from tests.node.chain.assembly import ANNOUNCED, clock_reader, creation, error_data, keeper, refuser
from tests.node.chain.signing import dynamic_fee, legacy


def send(web3: Any, raw: bytes) -> Any:
    return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw), poll_latency=0.002)


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def deploy(web3: Any, signer: LocalAccount, runtime: bytes) -> str:
    nonce = web3.eth.get_transaction_count(signer.address, "pending")
    receipt = send(web3, dynamic_fee(signer, nonce, data=creation(runtime)))
    assert receipt["status"] == 1
    address = receipt["contractAddress"]
    assert bytes(web3.eth.get_code(address)) == runtime
    return str(address)


def test_it_names_itself(web3: Any) -> None:
    assert web3.eth.chain_id == 20022
    assert web3.net.version == "20022"
    assert web3.client_version.startswith("Corridor/")
    assert web3.eth.gas_price == 0
    assert web3.eth.max_priority_fee == 0
    assert web3.eth.accounts == []
    assert web3.eth.syncing is False


def test_deploy_send_and_call(web3: Any, creditor: LocalAccount) -> None:
    """The creditor holds no coin at all: gas is metered and free."""
    address = deploy(web3, creditor, keeper())
    receipt = send(web3, dynamic_fee(creditor, 1, to=address, data=word(7)))
    assert receipt["status"] == 1
    assert receipt["effectiveGasPrice"] == 0
    assert int.from_bytes(web3.eth.call({"to": address}), "big") == 7
    assert int.from_bytes(web3.eth.get_storage_at(address, 0), "big") == 7
    assert web3.eth.get_transaction_count(creditor.address) == 2
    assert web3.eth.block_number == 2


def test_a_legacy_transaction(web3: Any, debtor: LocalAccount, creditor: LocalAccount) -> None:
    receipt = send(web3, legacy(debtor, 0, to=creditor.address, value=5, gas=21_000))
    assert receipt["type"] == 0
    assert receipt["gasUsed"] == 21_000
    shown = web3.eth.get_transaction(receipt["transactionHash"])
    assert (shown["from"], shown["to"], shown["value"], shown["chainId"]) == (
        debtor.address,
        creditor.address,
        5,
        20022,
    )
    assert web3.eth.get_balance(creditor.address) == 5


def test_a_price_is_paid_when_offered(web3: Any, debtor: LocalAccount) -> None:
    before = web3.eth.get_balance(debtor.address)
    receipt = send(web3, dynamic_fee(debtor, 0, maxFeePerGas=10, maxPriorityFeePerGas=3))
    assert receipt["effectiveGasPrice"] == 3
    assert before - web3.eth.get_balance(debtor.address) == 3 * receipt["gasUsed"]


def test_blocks_by_number_hash_and_tag(web3: Any, debtor: LocalAccount) -> None:
    receipt = send(web3, dynamic_fee(debtor, 0))
    block = web3.eth.get_block(1, full_transactions=True)
    assert block["hash"] == receipt["blockHash"] == web3.eth.get_block("latest")["hash"]
    assert web3.eth.get_block("safe")["hash"] == web3.eth.get_block("finalized")["hash"] == block["hash"]
    assert web3.eth.get_block(block["hash"])["number"] == 1
    assert web3.eth.get_block("earliest")["number"] == 0
    assert block["transactions"][0]["hash"] == receipt["transactionHash"]
    assert block["baseFeePerGas"] == 0
    assert web3.eth.get_block_transaction_count(1) == 1
    assert [r["transactionHash"] for r in web3.eth.get_block_receipts(1)] == [receipt["transactionHash"]]
    assert web3.eth.get_transaction_by_block(1, 0)["hash"] == receipt["transactionHash"]


def test_logs_by_address_topic_and_block(web3: Any, debtor: LocalAccount) -> None:
    first, second = deploy(web3, debtor, keeper()), deploy(web3, debtor, keeper())
    for nonce, (address, value) in enumerate([(first, 1), (first, 2), (second, 2)], start=2):
        send(web3, dynamic_fee(debtor, nonce, to=address, data=word(value)))
    everything = web3.eth.get_logs({"fromBlock": 0, "toBlock": "latest"})
    assert [int.from_bytes(log["data"], "big") for log in everything] == [1, 2, 2]
    assert {log["topics"][0] for log in everything} == {Web3.to_bytes(ANNOUNCED)}
    of_first = web3.eth.get_logs({"fromBlock": 0, "address": first})
    assert [log["blockNumber"] for log in of_first] == [3, 4]
    twos = web3.eth.get_logs({"fromBlock": 0, "topics": [None, "0x" + word(2).hex()]})
    assert [log["address"] for log in twos] == [first, second]
    neither = web3.eth.get_logs({"fromBlock": 0, "topics": [["0x" + "11" * 32, "0x" + "12" * 32]]})
    assert neither == []
    assert len(web3.eth.get_logs({"blockHash": everything[0]["blockHash"]})) == 1
    assert len(web3.eth.get_logs({"fromBlock": 4, "toBlock": 4, "address": [first, second]})) == 1


def test_state_at_older_blocks(web3: Any, debtor: LocalAccount, creditor: LocalAccount) -> None:
    address = deploy(web3, debtor, keeper())
    for nonce, value in [(1, 10), (2, 20)]:
        send(web3, dynamic_fee(debtor, nonce, to=address, data=word(value)))
    send(web3, dynamic_fee(debtor, 3, to=creditor.address, value=9))
    seen = [int.from_bytes(web3.eth.call({"to": address}, block), "big") for block in (1, 2, 3, 4)]
    assert seen == [0, 10, 20, 20]
    assert [web3.eth.get_balance(creditor.address, block) for block in (3, 4, "latest")] == [0, 9, 9]
    assert [web3.eth.get_transaction_count(debtor.address, block) for block in (0, 1, 4)] == [0, 1, 4]
    assert bytes(web3.eth.get_code(address, 0)) == b""


def test_a_revert_carries_its_reason_and_data(web3: Any, debtor: LocalAccount) -> None:
    data = error_data("Settlement: quote expired")
    address = deploy(web3, debtor, refuser(data))
    with pytest.raises(ContractLogicError) as refused:
        web3.eth.call({"to": address})
    assert refused.value.message == "execution reverted: Settlement: quote expired"
    assert refused.value.data == "0x" + data.hex()
    with pytest.raises(ContractLogicError, match="quote expired"):
        web3.eth.estimate_gas({"to": address})
    receipt = send(web3, dynamic_fee(debtor, 1, to=address))
    assert receipt["status"] == 0
    assert receipt["logs"] == []


def test_a_custom_error_keeps_its_bytes(web3: Any, debtor: LocalAccount) -> None:
    address = deploy(web3, debtor, refuser(bytes.fromhex("deadbeef")))
    with pytest.raises(ContractLogicError) as refused:
        web3.eth.call({"to": address})
    assert refused.value.data == "0xdeadbeef"


def test_a_call_sees_the_time_of_now(web3: Any, chain: LocalChain, debtor: LocalAccount) -> None:
    """An expiry that a transaction sent now would miss, a call misses too, however old the head is."""
    address = deploy(web3, debtor, clock_reader())
    chain.clock.shift(3_600)
    asked_at = int(time.time())
    seen = int.from_bytes(web3.eth.call({"to": address}), "big")
    assert asked_at <= seen - 3_600 <= time.time() + 1
    assert int.from_bytes(web3.eth.call({"to": address}, 1), "big") == web3.eth.get_block(1)["timestamp"]


def test_an_estimate_is_enough_and_within_three_per_cent(web3: Any, debtor: LocalAccount) -> None:
    address = deploy(web3, debtor, keeper())
    for nonce, value in [(1, 5), (2, 0)]:  # the second clears the slot and earns a refund
        call = {"from": debtor.address, "to": address, "data": "0x" + word(value).hex()}
        estimated = web3.eth.estimate_gas(call)
        receipt = send(web3, dynamic_fee(debtor, nonce, to=address, data=word(value), gas=estimated))
        assert receipt["status"] == 1
        if value:
            assert receipt["gasUsed"] <= estimated <= receipt["gasUsed"] * 1.03


def test_a_gap_waits_and_is_filled(web3: Any, chain: LocalChain, debtor: LocalAccount) -> None:
    later = web3.eth.send_raw_transaction(dynamic_fee(debtor, 1))
    assert web3.eth.block_number == 0
    assert web3.eth.get_transaction(later)["blockNumber"] is None
    assert web3.eth.get_transaction_count(debtor.address, "pending") == 0
    web3.eth.send_raw_transaction(dynamic_fee(debtor, 0))
    assert web3.eth.get_transaction_receipt(later)["blockNumber"] == 2
    assert len(chain.pool) == 0


def test_filters(web3: Any, debtor: LocalAccount) -> None:
    address = deploy(web3, debtor, keeper())
    blocks = web3.eth.filter("latest")
    pending = web3.eth.filter("pending")
    logs = web3.eth.filter({"address": address})
    sent = send(web3, dynamic_fee(debtor, 1, to=address, data=word(3)))
    assert blocks.get_new_entries() == [sent["blockHash"]]
    assert pending.get_new_entries() == [sent["transactionHash"]]
    assert [log["transactionHash"] for log in logs.get_new_entries()] == [sent["transactionHash"]]
    assert logs.get_new_entries() == []
    assert len(logs.get_all_entries()) == 1
    assert web3.eth.uninstall_filter(logs.filter_id)
    with pytest.raises(Web3RPCError, match="filter not found"):
        logs.get_new_entries()


def test_fee_history(web3: Any, debtor: LocalAccount) -> None:
    for nonce in range(3):
        send(web3, dynamic_fee(debtor, nonce, maxFeePerGas=5, maxPriorityFeePerGas=5))
    history = web3.eth.fee_history(2, "latest", [10, 90])
    assert history["oldestBlock"] == 2
    assert history["baseFeePerGas"] == [0, 0, 0]
    assert history["reward"] == [[5, 5], [5, 5]]


def test_a_full_block_leaves_gas_free(web3: Any, chain: LocalChain, debtor: LocalAccount) -> None:
    """By EIP-1559 a block more than half full would raise a base fee of zero to one, and it would stay there."""
    burner = deploy(web3, debtor, bytes.fromhex("fe"))  # an invalid instruction takes all gas at once
    receipt = send(web3, dynamic_fee(debtor, 1, to=burner, gas=chain.genesis.usable_gas))
    assert receipt["gasUsed"] == chain.genesis.usable_gas
    send(web3, dynamic_fee(debtor, 2))
    assert web3.eth.get_block("latest")["baseFeePerGas"] == 0
