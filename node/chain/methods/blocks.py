"""Blocks: by number or hash, their counts and their receipts."""

from typing import Any

from node.chain.errors import UnknownBlock
from node.chain.hexadecimal import data, parse_data, quantity
from node.chain.method import Method, MethodTable, RpcNode, always
from node.chain.parameters import Parameters, block_number
from node.chain.presentation import block_json, header_json, receipt_json, signed_transaction_json
from node.chain.records import BlockRecord
from node.chain.rpc_error import SERVER_ERROR, RpcError


def find_block(node: RpcNode, value: Any) -> BlockRecord | None:
    """The block a tag or number names; None when it does not exist (yet)."""
    try:
        number = block_number(node.chain, value, "invalid argument 0")
        return node.chain.head if number is None else node.chain.block(number)
    except UnknownBlock:
        return None
    except RpcError as error:
        if error.code == SERVER_ERROR:
            return None
        raise


def latest_number(node: RpcNode, _: Parameters) -> str:
    """eth_blockNumber."""
    return quantity(node.chain.head.number)


def by_number(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getBlockByNumber: null above the head; `pending` is the block that would come next, without a hash."""
    if parameters.required(0) == "pending":
        return pending_block(node, full=parameters.boolean(1))
    block = find_block(node, parameters.required(0))
    return block_json(node.chain, block, full=parameters.boolean(1)) if block else None


def pending_block(node: RpcNode, *, full: bool) -> Any:
    """The next block as it would be if nothing more came: what waits is listed, nothing has been executed."""
    chain = node.chain
    with chain.lock:
        header = chain.begin_block().header
        waiting = [
            pooled for pooled in chain.pool.all() if pooled.transaction.nonce < chain.pending_nonce(pooled.sender)
        ]
    shown = header_json(header) | {"hash": None, "nonce": None, "size": "0x0", "uncles": [], "withdrawals": []}
    shown["transactions"] = [
        signed_transaction_json(one.transaction, one.sender) if full else data(one.hash) for one in waiting
    ]
    return shown


def by_hash(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getBlockByHash."""
    block = node.chain.block_by_hash(parameters.hash(0))
    return block_json(node.chain, block, full=parameters.boolean(1)) if block else None


def header_by_number(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getHeaderByNumber."""
    block = find_block(node, parameters.required(0))
    return header_json(block.header) if block else None


def header_by_hash(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getHeaderByHash."""
    block = node.chain.block_by_hash(parameters.hash(0))
    return header_json(block.header) if block else None


def count_by_number(node: RpcNode, parameters: Parameters) -> str | None:
    """eth_getBlockTransactionCountByNumber."""
    block = find_block(node, parameters.required(0))
    return quantity(len(node.chain.transaction_hashes_in(block.number))) if block else None


def count_by_hash(node: RpcNode, parameters: Parameters) -> str | None:
    """eth_getBlockTransactionCountByHash."""
    block = node.chain.block_by_hash(parameters.hash(0))
    return quantity(len(node.chain.transaction_hashes_in(block.number))) if block else None


def uncle_count_by_number(node: RpcNode, parameters: Parameters) -> str | None:
    """eth_getUncleCountByBlockNumber: no block here has uncles."""
    return quantity(0) if find_block(node, parameters.required(0)) else None


def uncle_count_by_hash(node: RpcNode, parameters: Parameters) -> str | None:
    """eth_getUncleCountByBlockHash."""
    return quantity(0) if node.chain.block_by_hash(parameters.hash(0)) else None


def no_uncle(_: RpcNode, __: Parameters) -> None:
    """eth_getUncleByBlock...AndIndex: there is none."""
    return


def receipts(node: RpcNode, parameters: Parameters) -> Any:
    """eth_getBlockReceipts: by tag, number or hash."""
    value = parameters.required(0)
    if isinstance(value, str) and len(value) == 66:
        block = node.chain.block_by_hash(parse_data(value, "invalid argument 0", length=32))
    else:
        block = find_block(node, value)
    if block is None:
        return None
    chain = node.chain
    return [receipt_json(one, block, chain.logs_of(one)) for one in chain.transactions_in(block.number)]


METHODS: MethodTable = {
    "eth_blockNumber": Method(latest_number, 0, brief=always),
    "eth_getBlockByNumber": Method(by_number, 2),
    "eth_getBlockByHash": Method(by_hash, 2),
    "eth_getHeaderByNumber": Method(header_by_number, 1),
    "eth_getHeaderByHash": Method(header_by_hash, 1),
    "eth_getBlockTransactionCountByNumber": Method(count_by_number, 1),
    "eth_getBlockTransactionCountByHash": Method(count_by_hash, 1),
    "eth_getUncleCountByBlockNumber": Method(uncle_count_by_number, 1),
    "eth_getUncleCountByBlockHash": Method(uncle_count_by_hash, 1),
    "eth_getUncleByBlockNumberAndIndex": Method(no_uncle, 2),
    "eth_getUncleByBlockHashAndIndex": Method(no_uncle, 2),
    "eth_getBlockReceipts": Method(receipts, 1),
}
