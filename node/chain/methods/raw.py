"""debug_getRaw...: blocks, headers, receipts and transactions in the bytes they are hashed from."""

from typing import Any

from eth.rlp.logs import Log
from eth.rlp.receipts import Receipt

from node.chain.header import encode_block, encode_header
from node.chain.hexadecimal import data
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.methods.blocks import find_block
from node.chain.methods.transactions import raw_by_hash
from node.chain.parameters import Parameters
from node.chain.records import BlockRecord, LogRecord, TransactionRecord
from node.chain.rpc_error import SERVER_ERROR, RpcError


def raw_block(node: RpcNode, parameters: Parameters) -> str:
    """debug_getRawBlock."""
    block = _block(node, parameters)
    transactions = [record.raw for record in node.chain.transactions_in(block.number)]
    return data(encode_block(block.header, transactions, block.body))


def raw_header(node: RpcNode, parameters: Parameters) -> str:
    """debug_getRawHeader."""
    return data(encode_header(_block(node, parameters).header))


def raw_receipts(node: RpcNode, parameters: Parameters) -> Any:
    """debug_getRawReceipts."""
    block = _block(node, parameters)
    records = node.chain.transactions_in(block.number)
    return [data(encode_receipt(record, node.chain.logs_of(record))) for record in records]


def raw_transaction(node: RpcNode, parameters: Parameters) -> str | None:
    """debug_getRawTransaction."""
    return raw_by_hash(node, parameters)


def encode_receipt(record: TransactionRecord, logs: list[LogRecord]) -> bytes:
    """A receipt as it is in the receipts trie."""
    outcome = record.post_state if record.post_state is not None else (b"\x01" if record.succeeded else b"")
    entries = [Log(log.address, tuple(int.from_bytes(t, "big") for t in log.topics), log.data) for log in logs]
    encoded = Receipt(outcome, record.cumulative_gas_used, entries).encode()
    is_typed = record.raw[0] < 0x7F
    return record.raw[:1] + encoded if is_typed else encoded


def _block(node: RpcNode, parameters: Parameters) -> BlockRecord:
    block = find_block(node, parameters.required(0))
    if block is None:
        raise RpcError(SERVER_ERROR, "block not found")
    return block


METHODS: MethodTable = {
    "debug_getRawBlock": Method(raw_block, 1),
    "debug_getRawHeader": Method(raw_header, 1),
    "debug_getRawReceipts": Method(raw_receipts, 1),
    "debug_getRawTransaction": Method(raw_transaction, 1),
}
