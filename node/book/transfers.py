"""Wallet holders' transfers that this institution carries, each with the place in a lane it was last given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from node.book.records import TransferRecord
from node.book.tables import transfers


class Transfers:
    """The carried transfers of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def keep(self, record: TransferRecord) -> None:
        """Keep a transfer; one that was carried before and refused is given its new place."""
        known = update(transfers).where(transfers.c.transfer_id == record.transfer_id)
        place = {"lane": record.lane, "nonce": record.nonce, "failure": record.failure}
        if self._connection.execute(known.values(**place)).rowcount == 0:
            self._connection.execute(insert(transfers), vars(record))

    def find(self, transfer_id: str) -> TransferRecord | None:
        """The transfer of this id."""
        query = select(transfers).where(transfers.c.transfer_id == transfer_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def fail(self, lane: str, nonce: int, failure: str) -> None:
        """Note why the transfer with this place can never settle there; nothing where none has it."""
        here = update(transfers).where(transfers.c.lane == lane, transfers.c.nonce == nonce)
        self._connection.execute(here.values(failure=failure))

    def list(self, after: str | None = None, limit: int = 100) -> list[TransferRecord]:
        """A page of transfers, the newest first; `after` is the last id of the page before."""
        query = select(transfers).order_by(transfers.c.id.desc()).limit(limit)
        if after is not None:
            last = select(transfers.c.id).where(transfers.c.transfer_id == after).scalar_subquery()
            query = query.where(transfers.c.id < last)
        return [_record(row) for row in self._connection.execute(query)]


def _record(row: Row[Any]) -> TransferRecord:
    return TransferRecord(
        transfer_id=row.transfer_id,
        currency=row.currency,
        debtor=row.debtor,
        creditor=row.creditor,
        amount=row.amount,
        lane=row.lane,
        nonce=row.nonce,
        failure=row.failure,
        created_at=row.created_at,
    )
