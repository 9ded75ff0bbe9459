"""Blocks, transactions, receipts and logs as JSON-RPC shows them."""

from typing import Any

import rlp  # type: ignore[import-untyped]
from eth._utils.address import generate_contract_address
from eth._utils.calculations import fake_exponential
from eth.abc import BlockHeaderAPI, SignedTransactionAPI
from eth.vm.forks.cancun.constants import GAS_PER_BLOB, MIN_BLOB_BASE_FEE
from eth.vm.forks.prague.constants import BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE
from eth_hash.auto import keccak

from node.chain.chain import LocalChain
from node.chain.header import decode_body
from node.chain.hexadecimal import data, data_or_none, quantity, word
from node.chain.receipt import Blooms
from node.chain.records import BlockRecord, LogRecord, TransactionRecord
from node.chain.transaction import BLOB_TYPE, SET_CODE_TYPE, decode_stored, transaction_type

Json = dict[str, Any]

OPTIONAL_HEADER_QUANTITIES = {
    "baseFeePerGas": "base_fee_per_gas",
    "blobGasUsed": "blob_gas_used",
    "excessBlobGas": "excess_blob_gas",
}
OPTIONAL_HEADER_HASHES = {
    "withdrawalsRoot": "withdrawals_root",
    "parentBeaconBlockRoot": "parent_beacon_block_root",
    "requestsHash": "requests_hash",
}


def header_json(header: BlockHeaderAPI) -> Json:
    """A header alone, as newHeads notifies it."""
    shown: Json = {
        "number": quantity(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.mix_hash),
        "sha3Uncles": data(header.uncles_hash),
        "logsBloom": f"0x{header.bloom:0512x}",
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "miner": data(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": data(header.extra_data),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
    }
    for name, attribute in OPTIONAL_HEADER_QUANTITIES.items():
        if (number := getattr(header, attribute, None)) is not None:
            shown[name] = quantity(number)
    for name, attribute in OPTIONAL_HEADER_HASHES.items():
        if (found := getattr(header, attribute, None)) is not None:
            shown[name] = data(found)
    return shown


def block_json(chain: LocalChain, block: BlockRecord, *, full: bool) -> Json:
    """A block with its transactions in full, or only their hashes."""
    shown = header_json(block.header)
    shown["size"] = quantity(block.size)
    uncles, withdrawals = decode_body(block.body)
    shown["uncles"] = [data(keccak(rlp.encode(uncle))) for uncle in uncles]
    if withdrawals is not None:
        shown["withdrawals"] = [_withdrawal_json(*fields) for fields in withdrawals]
    if full:
        shown["transactions"] = [transaction_json(t, block) for t in chain.transactions_in(block.number)]
    else:
        shown["transactions"] = [data(h) for h in chain.transaction_hashes_in(block.number)]
    return shown


def _withdrawal_json(index: bytes, validator: bytes, address: bytes, amount: bytes) -> Json:
    return {
        "index": quantity(int.from_bytes(index, "big")),
        "validatorIndex": quantity(int.from_bytes(validator, "big")),
        "address": data(address),
        "amount": quantity(int.from_bytes(amount, "big")),
    }


def transaction_json(record: TransactionRecord, block: BlockRecord) -> Json:
    """A transaction in a block."""
    transaction = decode_stored(record.raw)
    shown = signed_transaction_json(transaction, record.sender)
    shown["gasPrice"] = quantity(effective_price(transaction, block.header))
    shown["blockHash"] = data(block.hash)
    shown["blockNumber"] = quantity(record.block_number)
    shown["transactionIndex"] = quantity(record.index)
    shown["blockTimestamp"] = quantity(block.header.timestamp)
    return shown


def signed_transaction_json(transaction: SignedTransactionAPI, sender: bytes) -> Json:
    """A transaction that is in no block yet."""
    kind = transaction_type(transaction)
    shown: Json = {
        "type": quantity(kind),
        "hash": data(transaction.hash),
        "nonce": quantity(transaction.nonce),
        "from": data(sender),
        "to": data_or_none(transaction.to),
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(transaction.max_fee_per_gas),
        "input": data(transaction.data),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
    }
    if transaction.chain_id is not None:
        shown["chainId"] = quantity(transaction.chain_id)
    shown["v"] = quantity(transaction.v if kind == 0 else transaction.y_parity)  # type: ignore[attr-defined]
    if kind > 0:
        shown["yParity"] = quantity(transaction.y_parity)
        shown["accessList"] = [
            {"address": data(address), "storageKeys": [word(slot) for slot in slots]}
            for address, slots in transaction.access_list
        ]
    if kind > 1:
        shown["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        shown["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if kind == 3:
        shown["maxFeePerBlobGas"] = quantity(transaction.max_fee_per_blob_gas)
        shown["blobVersionedHashes"] = [data(one) for one in transaction.blob_versioned_hashes]
    if kind == SET_CODE_TYPE:
        shown["authorizationList"] = [_authorization_json(one) for one in transaction.authorization_list]
    return shown


def _authorization_json(authorization: Any) -> Json:
    return {
        "chainId": quantity(authorization.chain_id),
        "address": data(authorization.address),
        "nonce": quantity(authorization.nonce),
        "yParity": quantity(authorization.y_parity),
        "r": quantity(authorization.r),
        "s": quantity(authorization.s),
    }


def receipt_json(record: TransactionRecord, block: BlockRecord, logs: list[LogRecord]) -> Json:
    """What became of a transaction."""
    transaction = record.decoded or decode_stored(record.raw)
    created = generate_contract_address(record.sender, transaction.nonce) if transaction.to == b"" else b""  # type: ignore[arg-type]
    shown: Json = {
        "type": quantity(transaction_type(transaction)),
        "transactionHash": data(record.hash),
        "transactionIndex": quantity(record.index),
        "blockHash": data(block.hash),
        "blockNumber": quantity(record.block_number),
        "from": data(record.sender),
        "to": data_or_none(transaction.to),
        "cumulativeGasUsed": quantity(record.cumulative_gas_used),
        "gasUsed": quantity(record.gas_used),
        "effectiveGasPrice": quantity(effective_price(transaction, block.header)),
        "contractAddress": data_or_none(created),
        "logs": [log_json(log, block, record.hash) for log in logs],
        "logsBloom": f"0x{block.header.bloom if _is_alone(record, block) else bloom_of(logs):0512x}",
    }
    if record.post_state is None:
        shown["status"] = quantity(int(record.succeeded))
    else:
        shown["root"] = data(record.post_state)
    if transaction_type(transaction) == BLOB_TYPE:
        shown["blobGasUsed"] = quantity(GAS_PER_BLOB * len(transaction.blob_versioned_hashes))
        shown["blobGasPrice"] = quantity(blob_base_fee(block.header))
    return shown


def _is_alone(record: TransactionRecord, block: BlockRecord) -> bool:
    """Whether it is the only transaction of its block, whose bloom filter is then its own: each uses gas."""
    return record.index == 0 and record.gas_used == block.header.gas_used


def log_json(log: LogRecord, block: BlockRecord, transaction_hash: bytes) -> Json:
    """One event, wherever it is shown."""
    return {
        "address": data(log.address),
        "topics": [data(topic) for topic in log.topics],
        "data": data(log.data),
        "blockNumber": quantity(log.block_number),
        "blockHash": data(block.hash),
        "blockTimestamp": quantity(block.header.timestamp),
        "transactionHash": data(transaction_hash),
        "transactionIndex": quantity(log.transaction_index),
        "logIndex": quantity(log.index),
        "removed": False,
    }


def logs_json(chain: LocalChain, logs: list[LogRecord]) -> list[Json]:
    """Events looked up across blocks; each block and transaction is read once."""
    blocks: dict[int, BlockRecord] = {}
    hashes: dict[tuple[int, int], bytes] = {}
    shown = []
    for log in logs:
        block = blocks.get(log.block_number) or blocks.setdefault(log.block_number, chain.block(log.block_number))
        key = (log.block_number, log.transaction_index)
        if key not in hashes:
            record = chain.transaction_at(*key)
            hashes[key] = record.hash if record is not None else b""
        shown.append(log_json(log, block, hashes[key]))
    return shown


def effective_price(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> int:
    """What a unit of gas cost, in wei."""
    base_fee = getattr(header, "base_fee_per_gas", 0)
    return min(transaction.max_fee_per_gas, base_fee + transaction.max_priority_fee_per_gas)


def blob_base_fee(header: BlockHeaderAPI) -> int:
    """What a unit of blob gas cost, in wei (EIP-4844 with the Prague fraction)."""
    return fake_exponential(MIN_BLOB_BASE_FEE, header.excess_blob_gas, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE)


def bloom_of(logs: list[LogRecord]) -> int:
    """The bloom filter of a receipt, recomputed from its logs."""
    return Blooms().of([(log.address, log.topics, log.data) for log in logs])
