"""Nonce lanes: a sending account's nonces are allotted here, and its signed transactions kept before they leave.

A nonce and the transaction that carries it belong into one unit: if the unit is undone, so is the allotment.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, or_, select, update

from node.book.prepared import Hand, Prepared
from node.book.records import EvmTransactionRecord, EvmTransactionStatus, LaneRecord
from node.book.tables import lanes, transactions

Records = list[EvmTransactionRecord]
Status = EvmTransactionStatus

# Where units are not serialised by the database, this lock is what makes allotments take turns.
_LOCK = Prepared(select(lanes).where(lanes.c.lane == bindparam("wanted")).with_for_update())
_LANE = Prepared(select(lanes).where(lanes.c.lane == bindparam("wanted")))
_COUNT_ON = Prepared(update(lanes).where(lanes.c.lane == bindparam("wanted")).values(next_nonce=bindparam("next")))
_KEEP = Prepared(insert(transactions))
_MARK = Prepared(
    update(transactions)
    .where(transactions.c.transaction_hash == bindparam("wanted"))
    .values(status=bindparam("now"), block_number=bindparam("block"))
)
_TOUCH = Prepared(
    update(transactions)
    .where(transactions.c.transaction_hash == bindparam("wanted"))
    .values(broadcast_count=transactions.c.broadcast_count + 1, last_broadcast_s=bindparam("at_s"))
)
_WAITING = Prepared(
    select(transactions.c.lane, func.count().label("many"))
    .where(transactions.c.status == Status.SIGNED)
    .group_by(transactions.c.lane)
)
_FOLLOWED = or_(*(transactions.c.status == status for status in (Status.SIGNED, Status.INCLUDED, Status.REVERTED)))
_UNFINISHED = Prepared(
    select(transactions)
    .where(transactions.c.lane == bindparam("wanted"), _FOLLOWED)
    .order_by(transactions.c.nonce, transactions.c.attempt)
)
_REVERTED = Prepared(
    select(transactions)
    .where(transactions.c.status == Status.REVERTED, transactions.c.block_number <= bindparam("last_block"))
    .order_by(transactions.c.block_number, transactions.c.id)
)


class Lanes:
    """The lanes of a unit, and the transactions that were sent down them."""

    def __init__(self, connection: Hand) -> None:
        """Made by Unit."""
        self._connection = connection

    def lock(self, lane: str) -> LaneRecord | None:
        """The lane as it stands, and nobody else's to change until this unit ends; None before its first nonce."""
        row = self._connection.execute(_LOCK, {"wanted": lane}).one_or_none()
        return None if row is None else _lane(row)

    def find(self, lane: str) -> LaneRecord | None:
        """The lane as it stands, to look at; None before its first nonce."""
        row = self._connection.execute(_LANE, {"wanted": lane}).one_or_none()
        return None if row is None else _lane(row)

    def next_nonce(self, lane: str, chain_nonce: int) -> int:
        """Allot the lane's next nonce: one more than the last, or `chain_nonce` where the chain is further.

        In the latter case nonces were used that this lane never allotted, and the lane begins anew after them.
        """
        kept = self.lock(lane)
        if kept is None or kept.next_nonce < chain_nonce:
            self.begin(lane, chain_nonce)
        nonce = chain_nonce if kept is None else max(kept.next_nonce, chain_nonce)
        self._connection.execute(_COUNT_ON, {"next": nonce + 1, "wanted": lane})
        return nonce

    def begin(self, lane: str, nonce: int) -> None:
        """Let the lane's own nonces begin with this one: what was below it, on the chain, is not this book's."""
        kept = self.lock(lane)
        if kept is None:
            self._connection.execute(insert(lanes), {"lane": lane, "next_nonce": nonce, "first_nonce": nonce})
        else:
            self._alter(lane, first_nonce=nonce, next_nonce=max(kept.next_nonce, nonce))

    def stop(self, lane: str, why: str | None) -> None:
        """Note why the lane is stopped, or with None that it runs again."""
        self._alter(lane, stopped=why)

    def note_trouble(self, lane: str, trouble: str | None) -> None:
        """Note what the lane last met, or with None that it is over."""
        self._alter(lane, trouble=trouble)

    def all(self) -> list[LaneRecord]:
        """Every lane that has ever allotted a nonce, by address."""
        return [_lane(row) for row in self._connection.execute(select(lanes).order_by(lanes.c.lane))]

    def waiting(self) -> dict[str, int]:
        """How many transactions of each lane are signed and in no block; a lane without any is left out."""
        return {row[0]: row[1] for row in self._connection.execute(_WAITING)}

    def lost(self, lane: str, from_nonce: int) -> list[int]:
        """The nonces from `from_nonce` on that the lane has allotted and that carry no kept transaction."""
        found = self.find(lane)
        if found is None:
            return []
        first = max(from_nonce, found.first_nonce)
        query = select(transactions.c.nonce).where(transactions.c.lane == lane, transactions.c.nonce >= first)
        kept = set(self._connection.scalars(query))
        return [nonce for nonce in range(first, found.next_nonce) if nonce not in kept]

    def keep(self, record: EvmTransactionRecord) -> None:
        """Keep a signed transaction; a second one with the same lane, nonce and attempt breaks the unit."""
        self._connection.execute(_KEEP, vars(record))

    def at(self, lane: str, nonce: int) -> Records:
        """Every attempt at one nonce, the first one first."""
        here = select(transactions).where(transactions.c.lane == lane, transactions.c.nonce == nonce)
        return self._read(here.order_by(transactions.c.attempt))

    def of(self, uetr: str) -> Records:
        """The transactions made for a payment, in the order in which they were signed."""
        return self._read(select(transactions).where(transactions.c.uetr == uetr).order_by(transactions.c.id))

    def unfinished(self, lane: str) -> Records:
        """The lane's transactions whose fate is not final yet, in order of nonce and attempt.

        A reverted one stays among them until it is marked final: its block may be replaced by another.
        """
        return [_record(row) for row in self._connection.execute(_UNFINISHED, {"wanted": lane})]

    def reverted(self, last_block: int) -> Records:
        """The transactions of all lanes that changed nothing, in blocks up to `last_block`, in order of blocks."""
        return [_record(row) for row in self._connection.execute(_REVERTED, {"last_block": last_block})]

    def mark(self, transaction_hash: str, status: EvmTransactionStatus, block_number: int | None) -> None:
        """Note how far a transaction has come, and in which block."""
        self._change(_MARK, {"wanted": transaction_hash, "now": status, "block": block_number})

    def touch_broadcast(self, transaction_hash: str, at_s: float) -> None:
        """Note that the transaction was broadcast once more, at this unix time."""
        self._change(_TOUCH, {"wanted": transaction_hash, "at_s": at_s})

    def _change(self, statement: Any, values: dict[str, Any]) -> None:
        if self._connection.execute(statement, values).rowcount != 1:
            raise LookupError(f"transaction {values['wanted']} is not in the book")

    def _alter(self, lane: str, **values: Any) -> None:
        if self._connection.execute(update(lanes).where(lanes.c.lane == lane).values(**values)).rowcount != 1:
            raise LookupError(f"{lane} has never allotted a nonce")

    def _read(self, query: Select[Any]) -> Records:
        return [_record(row) for row in self._connection.execute(query)]


def _lane(row: Row[Any]) -> LaneRecord:
    return LaneRecord(row.lane, row.next_nonce, row.first_nonce, row.stopped, row.trouble)


def _record(row: Row[Any]) -> EvmTransactionRecord:
    return EvmTransactionRecord(
        transaction_hash=row.transaction_hash,
        lane=row.lane,
        nonce=row.nonce,
        attempt=row.attempt,
        purpose=row.purpose,
        uetr=row.uetr,
        raw=row.raw,
        created_at=row.created_at,
        broadcast_count=row.broadcast_count,
        last_broadcast_s=row.last_broadcast_s,
        status=row.status,
        block_number=row.block_number,
    )
