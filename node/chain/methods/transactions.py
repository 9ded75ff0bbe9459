"""Transactions: sending them, and finding what became of them."""

from collections.abc import Sequence
from typing import Any, Final

from node.chain.dynamic_fee import gas_of_call
from node.chain.errors import TransactionRefused
from node.chain.hexadecimal import data
from node.chain.method import Method, MethodTable, RpcNode, always
from node.chain.methods.blocks import find_block
from node.chain.parameters import Parameters
from node.chain.presentation import receipt_json, signed_transaction_json, transaction_json
from node.chain.records import BlockRecord
from node.chain.rpc_error import SERVER_ERROR, RpcError

MODEST_DIGITS: Final = 8_000
MODEST_GAS: Final = 500_000


def send_raw(node: RpcNode, parameters: Parameters) -> str:
    """eth_sendRawTransaction: the hash, once the transaction is on disk."""
    raw = parameters.data(0)
    try:
        return data(node.chain.send_raw_transaction(raw))
    except TransactionRefused as refusal:
        raise RpcError(SERVER_ERROR, str(refusal)) from refusal


def is_modest(params: Sequence[Any]) -> bool:
    """Whether it is a call of type 2 that may not use much gas."""
    given = params[0] if params else None
    if not isinstance(given, str) or len(given) > MODEST_DIGITS:
        return False
    try:
        gas = gas_of_call(bytes.fromhex(given[2:]))
    except ValueError:
        return False
    return gas is not None and gas <= MODEST_GAS


def by_hash(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getTransactionByHash: in a block or waiting; null when unknown."""
    transaction_hash = parameters.hash(0)
    with node.chain.lock:
        record = node.chain.transaction(transaction_hash)
        if record is not None:
            return transaction_json(record, node.chain.block(record.block_number))
        waiting = node.chain.pool.get(transaction_hash)
    return signed_transaction_json(waiting.transaction, waiting.sender) if waiting else None


def raw_by_hash(node: RpcNode, parameters: Parameters) -> str | None:
    """eth_getRawTransactionByHash."""
    transaction_hash = parameters.hash(0)
    with node.chain.lock:
        record = node.chain.transaction(transaction_hash)
        if record is not None:
            return data(record.raw)
        waiting = node.chain.pool.get(transaction_hash)
    return data(waiting.transaction.encode()) if waiting else None


def by_block_number(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getTransactionByBlockNumberAndIndex."""
    return _at(node, find_block(node, parameters.required(0)), parameters.quantity(1, bits=64))


def by_block_hash(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getTransactionByBlockHashAndIndex."""
    return _at(node, node.chain.block_by_hash(parameters.hash(0)), parameters.quantity(1, bits=64))


def raw_by_block_number(node: RpcNode, parameters: Parameters) -> str | None:
    """eth_getRawTransactionByBlockNumberAndIndex."""
    return _raw_at(node, find_block(node, parameters.required(0)), parameters.quantity(1, bits=64))


def raw_by_block_hash(node: RpcNode, parameters: Parameters) -> str | None:
    """eth_getRawTransactionByBlockHashAndIndex."""
    return _raw_at(node, node.chain.block_by_hash(parameters.hash(0)), parameters.quantity(1, bits=64))


def receipt(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getTransactionReceipt: null until the transaction is in a block."""
    with node.chain.lock:
        record = node.chain.transaction(parameters.hash(0))
        if record is None:
            return None
        return receipt_json(record, node.chain.block(record.block_number), node.chain.logs_of(record))


def pending(_: RpcNode, __: Parameters) -> list[Any]:
    """eth_pendingTransactions: those of accounts the node holds keys of, which is none."""
    return []


def _at(node: RpcNode, block: BlockRecord | None, index: int) -> Any:
    record = node.chain.transaction_at(block.number, index) if block else None
    return transaction_json(record, block) if record and block else None


def _raw_at(node: RpcNode, block: BlockRecord | None, index: int) -> str | None:
    record = node.chain.transaction_at(block.number, index) if block else None
    return data(record.raw) if record else None


METHODS: MethodTable = {
    "eth_sendRawTransaction": Method(send_raw, 1, brief=is_modest),
    "eth_getTransactionByHash": Method(by_hash, 1, brief=always),
    "eth_getRawTransactionByHash": Method(raw_by_hash, 1),
    "eth_getTransactionByBlockNumberAndIndex": Method(by_block_number, 2),
    "eth_getTransactionByBlockHashAndIndex": Method(by_block_hash, 2),
    "eth_getRawTransactionByBlockNumberAndIndex": Method(raw_by_block_number, 2),
    "eth_getRawTransactionByBlockHashAndIndex": Method(raw_by_block_hash, 2),
    "eth_getTransactionReceipt": Method(receipt, 1, brief=always),
    "eth_pendingTransactions": Method(pending, 0),
}
