"""Nonce lanes: a sending account's nonces are allotted here, and its signed transactions kept before they leave.

A nonce and the transaction that carries it belong into one unit: if the unit is undone, so is the allotment.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from node.book.records import EvmTransactionRecord, EvmTransactionStatus
from node.book.tables import lanes, transactions

Records = list[EvmTransactionRecord]

_NEXT_NONCE = select(lanes.c.next_nonce).where(lanes.c.lane == bindparam("wanted"))
_COUNT_ON = update(lanes).where(lanes.c.lane == bindparam("wanted"))
_KEEP = insert(transactions)


class Lanes:
    """The lanes of a unit, and the transactions that were sent down them."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def next_nonce(self, lane: str, chain_nonce: int) -> int:
        """Allot the lane's next nonce: one more than the last, or `chain_nonce` where the chain is further."""
        kept = self._connection.scalar(_NEXT_NONCE, {"wanted": lane})
        nonce = max(kept or 0, chain_nonce)
        if kept is None:
            self._connection.execute(insert(lanes), {"lane": lane, "next_nonce": nonce + 1})
        else:
            self._connection.execute(_COUNT_ON, {"next_nonce": nonce + 1, "wanted": lane})
        return nonce

    def keep(self, record: EvmTransactionRecord) -> None:
        """Keep a signed transaction; a second one with the same lane and nonce breaks the unit."""
        self._connection.execute(_KEEP, vars(record))

    def of(self, uetr: str) -> Records:
        """The transactions made for a payment, in the order in which they were signed."""
        return self._read(select(transactions).where(transactions.c.uetr == uetr).order_by(transactions.c.id))

    def unfinished(self, lane: str) -> Records:
        """The lane's transactions that are not final and have not reverted, in nonce order."""
        return self._in_status(lane, EvmTransactionStatus.SIGNED, EvmTransactionStatus.INCLUDED)

    def reverted(self, lane: str) -> Records:
        """The lane's transactions that are in a block and changed nothing, in nonce order."""
        return self._in_status(lane, EvmTransactionStatus.REVERTED)

    def mark(self, transaction_hash: str, status: EvmTransactionStatus, block_number: int | None) -> None:
        """Note how far a transaction has come, and in which block."""
        self._change(transaction_hash, status=status, block_number=block_number)

    def touch_broadcast(self, transaction_hash: str, at_s: float) -> None:
        """Note that the transaction was broadcast once more, at this unix time."""
        count = transactions.c.broadcast_count + 1
        self._change(transaction_hash, broadcast_count=count, last_broadcast_s=at_s)

    def _change(self, transaction_hash: str, **values: Any) -> None:
        result = self._connection.execute(
            update(transactions).where(transactions.c.transaction_hash == transaction_hash).values(**values)
        )
        if result.rowcount != 1:
            raise LookupError(f"transaction {transaction_hash} is not in the book")

    def _in_status(self, lane: str, *statuses: EvmTransactionStatus) -> Records:
        query = select(transactions).where(transactions.c.lane == lane, transactions.c.status.in_(statuses))
        return self._read(query.order_by(transactions.c.nonce))

    def _read(self, query: Select[Any]) -> Records:
        return [_record(row) for row in self._connection.execute(query)]


def _record(row: Row[Any]) -> EvmTransactionRecord:
    return EvmTransactionRecord(
        transaction_hash=row.transaction_hash,
        lane=row.lane,
        nonce=row.nonce,
        purpose=row.purpose,
        uetr=row.uetr,
        raw=row.raw,
        created_at=row.created_at,
        broadcast_count=row.broadcast_count,
        last_broadcast_s=row.last_broadcast_s,
        status=row.status,
        block_number=row.block_number,
    )
