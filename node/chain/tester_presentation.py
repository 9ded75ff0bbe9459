"""Blocks, transactions and receipts in the shape eth-tester expects of a backend: snake_case and raw bytes."""

from typing import Any

from eth._utils.address import generate_contract_address
from eth.abc import BlockHeaderAPI, SignedTransactionAPI
from eth_typing import Address

from node.chain.presentation import effective_price
from node.chain.records import Outcome
from node.chain.transaction import transaction_type

Json = dict[str, Any]


class Place:
    """Where a transaction is: in a mined block, or (with `pending`) in one that is still open."""

    def __init__(self, header: BlockHeaderAPI, index: int, *, pending: bool) -> None:
        self.header = header
        self.index = None if pending else index
        self.block_hash = None if pending else header.hash
        self.block_number = None if pending else header.block_number
        self.pending = pending


def block_fields(header: BlockHeaderAPI, transactions: list[Any], size: int) -> Json:
    """A block; `transactions` are already in the form asked for."""
    return {
        "number": header.block_number,
        "hash": header.hash,
        "parent_hash": header.parent_hash,
        "nonce": header.nonce,
        "sha3_uncles": header.uncles_hash,
        "logs_bloom": header.bloom,
        "transactions_root": header.transaction_root,
        "receipts_root": header.receipt_root,
        "state_root": header.state_root,
        "coinbase": header.coinbase,
        "difficulty": header.difficulty,
        "total_difficulty": header.difficulty,
        "mix_hash": header.mix_hash,
        "size": size,
        "extra_data": header.extra_data.rjust(32, b"\x00"),
        "gas_limit": header.gas_limit,
        "gas_used": header.gas_used,
        "timestamp": header.timestamp,
        "transactions": transactions,
        "uncles": [],
        "base_fee_per_gas": header.base_fee_per_gas,
        "withdrawals": [],
        "withdrawals_root": header.withdrawals_root,
        "parent_beacon_block_root": header.parent_beacon_block_root,
        "blob_gas_used": header.blob_gas_used,
        "excess_blob_gas": header.excess_blob_gas,
        "requests_hash": getattr(header, "requests_hash", None),
    }


def transaction_fields(transaction: SignedTransactionAPI, place: Place) -> Json:
    """A transaction with its place."""
    kind = transaction_type(transaction)
    fields: Json = {
        "type": kind,
        "hash": transaction.hash,
        "nonce": transaction.nonce,
        "block_hash": place.block_hash,
        "block_number": place.block_number,
        "transaction_index": place.index,
        "from": transaction.sender,
        "to": transaction.to,
        "value": transaction.value,
        "gas": transaction.gas,
        "data": transaction.data,
        "v": transaction.v if kind == 0 else transaction.y_parity,  # type: ignore[attr-defined]
        "r": transaction.r,
        "s": transaction.s,
    }
    fields["gas_price"] = (
        transaction.max_fee_per_gas if place.pending or kind < 2 else effective_price(transaction, place.header)
    )
    if kind >= 1:
        fields |= {
            "y_parity": transaction.y_parity,
            "chain_id": transaction.chain_id,
            "access_list": transaction.access_list or (),
        }
    if kind >= 2:
        fields["max_fee_per_gas"] = transaction.max_fee_per_gas
        fields["max_priority_fee_per_gas"] = transaction.max_priority_fee_per_gas
    if kind == 4:
        fields["authorization_list"] = [
            {name: getattr(one, name) for name in ("chain_id", "address", "nonce", "y_parity", "r", "s")}
            for one in transaction.authorization_list
        ]
    return fields


def receipt_fields(transaction: SignedTransactionAPI, outcome: Outcome, place: Place) -> Json:
    """What became of a transaction."""
    created = None
    if transaction.to == b"":
        created = generate_contract_address(transaction.sender, transaction.nonce)
    return {
        "block_hash": place.block_hash,
        "block_number": place.block_number,
        "contract_address": created,
        "cumulative_gas_used": outcome.cumulative_gas_used,
        "effective_gas_price": effective_price(transaction, place.header),
        "from": transaction.sender,
        "gas_used": outcome.gas_used,
        "logs": [_log_fields(transaction, outcome, place, index) for index in range(len(outcome.logs))],
        "state_root": b"\x01" if outcome.succeeded else b"",
        "status": int(outcome.succeeded),
        "to": Address(transaction.to),
        "transaction_hash": transaction.hash,
        "transaction_index": place.index,
        "type": transaction_type(transaction),
    }


def _log_fields(transaction: SignedTransactionAPI, outcome: Outcome, place: Place, index: int) -> Json:
    address, topics, data = outcome.logs[index]
    return {
        "type": "pending" if place.pending else "mined",
        "log_index": outcome.first_log_index + index,
        "transaction_index": place.index,
        "transaction_hash": transaction.hash,
        "block_hash": place.block_hash,
        "block_number": place.block_number,
        "address": address,
        "data": data,
        "topics": list(topics),
    }
