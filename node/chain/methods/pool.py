"""txpool_: what waits. `pending` could go into the next block, `queued` is behind a gap of nonces."""

from typing import Any

from eth_utils.address import to_checksum_address

from node.chain.hexadecimal import quantity
from node.chain.mempool import PooledTransaction
from node.chain.method import Method, MethodTable, RpcNode
from node.chain.parameters import Parameters
from node.chain.presentation import signed_transaction_json

Sorted = tuple[dict[int, PooledTransaction], dict[int, PooledTransaction]]


def status(node: RpcNode, _: Parameters) -> Any:
    """txpool_status: how many."""
    with node.chain.lock:
        split = [_split(node, address) for address in node.chain.pool.accounts()]
    return {
        "pending": quantity(sum(len(ready) for ready, _ in split)),
        "queued": quantity(sum(len(held) for _, held in split)),
    }


def content(node: RpcNode, _: Parameters) -> Any:
    """txpool_content: everything, by account and nonce."""
    shown: dict[str, dict[str, Any]] = {"pending": {}, "queued": {}}
    with node.chain.lock:
        for address in node.chain.pool.accounts():
            for kind, waiting in zip(("pending", "queued"), _split(node, address), strict=True):
                if waiting:
                    shown[kind][to_checksum_address(address)] = _listed(waiting)
    return shown


def content_from(node: RpcNode, parameters: Parameters) -> Any:
    """txpool_contentFrom: what waits of one account."""
    with node.chain.lock:
        ready, held = _split(node, parameters.address(0))
    return {"pending": _listed(ready), "queued": _listed(held)}


def inspect(node: RpcNode, _: Parameters) -> Any:
    """txpool_inspect: everything, a line each."""
    shown: dict[str, dict[str, Any]] = {"pending": {}, "queued": {}}
    with node.chain.lock:
        for address in node.chain.pool.accounts():
            for kind, waiting in zip(("pending", "queued"), _split(node, address), strict=True):
                lines = {str(nonce): _line(pooled) for nonce, pooled in sorted(waiting.items())}
                if lines:
                    shown[kind][to_checksum_address(address)] = lines
    return shown


def _split(node: RpcNode, address: bytes) -> Sorted:
    waiting = node.chain.pool.account(address)
    first_gap = node.chain.pending_nonce(address)
    ready = {nonce: pooled for nonce, pooled in waiting.items() if nonce < first_gap}
    return ready, {nonce: pooled for nonce, pooled in waiting.items() if nonce >= first_gap}


def _listed(waiting: dict[int, PooledTransaction]) -> dict[str, Any]:
    return {str(n): signed_transaction_json(p.transaction, p.sender) for n, p in sorted(waiting.items())}


def _line(pooled: PooledTransaction) -> str:
    transaction = pooled.transaction
    to = to_checksum_address(transaction.to) if transaction.to else "contract creation"
    return f"{to}: {transaction.value} wei + {transaction.gas} gas × {transaction.max_fee_per_gas} wei"


METHODS: MethodTable = {
    "txpool_status": Method(status, 0),
    "txpool_content": Method(content, 0),
    "txpool_contentFrom": Method(content_from, 1),
    "txpool_inspect": Method(inspect, 0),
}
