"""Webhook endpoints and what is to be delivered to each: a row per event and endpoint, so that none waits for one.

An endpoint's cursor says up to where the stream has been fanned out; a delivery that fails stays behind with its
own time, while newer events go on. What has failed too often is dead: kept, listed, and sent again on request.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from node.book.records import DeliveryStatus
from node.book.seals import Seals
from node.book.tables import deliveries, endpoints, events

_FAN_OUT_AT_ONCE: Final = 500


Endpoints = list["EndpointRecord"]
Deliveries = list["DeliveryRecord"]
Ids = list[str]


@dataclass(frozen=True)
class SigningSecret:
    """A secret of an endpoint; a rotated one signs beside the new one until `until_s` (unix time)."""

    key: bytes
    until_s: float | None = None


@dataclass(frozen=True)
class EndpointRecord:
    """Where events are delivered; empty `kinds` are all, `disabled` says why nothing is sent or is None."""

    endpoint_id: str
    url: str
    kinds: tuple[str, ...]
    secrets: tuple[SigningSecret, ...]
    disabled: str | None
    cursor: int
    failing_since_s: float | None
    created_at: datetime


@dataclass(frozen=True)
class DeliveryRecord:
    """One event on its way to one endpoint."""

    endpoint_id: str
    position: int
    status: DeliveryStatus
    attempts: int
    next_at_s: float
    last_status: int | None
    last_fault: str | None


_SETTLE: Final = (
    update(deliveries)
    .where(
        deliveries.c.endpoint_id == bindparam("its_endpoint"),
        deliveries.c.position == bindparam("its_position"),
    )
    .values(
        status=bindparam("now"),
        attempts=bindparam("so_often"),
        next_at_s=bindparam("again_at_s"),
        last_status=bindparam("answered"),
        last_fault=bindparam("fault"),
    )
)


class Webhooks:
    """The endpoints and deliveries of a unit."""

    def __init__(self, connection: Connection, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals

    def add(self, record: EndpointRecord) -> None:
        """Keep a new endpoint."""
        self._connection.execute(insert(endpoints), self._row(record))

    def save(self, record: EndpointRecord) -> None:
        """Keep what was changed of an endpoint; raises LookupError where it is gone."""
        values = self._row(record)
        changed = update(endpoints).where(endpoints.c.endpoint_id == record.endpoint_id).values(**values)
        if self._connection.execute(changed).rowcount != 1:
            raise LookupError(record.endpoint_id)

    def remove(self, endpoint_id: str) -> bool:
        """Forget an endpoint with all its deliveries; False where there is none."""
        self._connection.execute(delete(deliveries).where(deliveries.c.endpoint_id == endpoint_id))
        gone = self._connection.execute(delete(endpoints).where(endpoints.c.endpoint_id == endpoint_id))
        return gone.rowcount == 1

    def find(self, endpoint_id: str) -> EndpointRecord | None:
        """The endpoint of this id."""
        query = select(endpoints).where(endpoints.c.endpoint_id == endpoint_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else self._endpoint(row)

    def list(self) -> Endpoints:
        """All endpoints, the oldest first."""
        rows = self._connection.execute(select(endpoints).order_by(endpoints.c.id))
        return [self._endpoint(row) for row in rows]

    def fan_out(self, endpoint: EndpointRecord, now_s: float) -> int:
        """Make deliveries, due now, of the events after the endpoint's cursor, and move it; how many were seen."""
        query = (
            select(events.c.position, events.c.kind)
            .where(events.c.position > endpoint.cursor)
            .order_by(events.c.position)
            .limit(_FAN_OUT_AT_ONCE)
        )
        seen = self._connection.execute(query).all()
        if not seen:
            return 0
        wanted = [row.position for row in seen if not endpoint.kinds or row.kind in endpoint.kinds]
        if wanted:
            self._connection.execute(
                insert(deliveries), [_new(endpoint.endpoint_id, position, now_s) for position in wanted]
            )
        moved = update(endpoints).where(endpoints.c.endpoint_id == endpoint.endpoint_id)
        self._connection.execute(moved.values(cursor=seen[-1].position))
        return len(seen)

    def claim(self, endpoint_id: str, now_s: float, lease_s: float) -> DeliveryRecord | None:
        """The endpoint's next due delivery, not to be claimed again before the lease is over.

        What was never tried goes before what has failed, so an old failure holds up nothing.
        """
        due = (
            select(deliveries)
            .where(
                deliveries.c.endpoint_id == endpoint_id,
                deliveries.c.status == DeliveryStatus.WAITING,
                deliveries.c.next_at_s <= now_s,
            )
            .order_by(deliveries.c.attempts > 0, deliveries.c.position)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self._connection.execute(due).one_or_none()
        if row is None:
            return None
        leased = update(deliveries).where(deliveries.c.id == row.id).values(next_at_s=now_s + lease_s)
        self._connection.execute(leased)
        return _delivery(row)

    def with_work(self, now_s: float, busy: Collection[str]) -> Ids:
        """The enabled endpoints, other than the busy ones, that have a delivery due."""
        query = (
            select(endpoints.c.endpoint_id)
            .join(deliveries, deliveries.c.endpoint_id == endpoints.c.endpoint_id)
            .where(
                endpoints.c.disabled.is_(None),
                deliveries.c.status == DeliveryStatus.WAITING,
                deliveries.c.next_at_s <= now_s,
            )
            .distinct()
        )
        return [found for found in self._connection.scalars(query) if found not in busy]

    def settle(self, record: DeliveryRecord) -> None:
        """Keep what became of a delivery; one that is gone with its endpoint stays gone."""
        self._connection.execute(
            _SETTLE,
            {
                "its_endpoint": record.endpoint_id,
                "its_position": record.position,
                "now": record.status,
                "so_often": record.attempts,
                "again_at_s": record.next_at_s,
                "answered": record.last_status,
                "fault": record.last_fault,
            },
        )

    def deliveries(
        self, endpoint_id: str, status: DeliveryStatus | None = None, after: int = 0, limit: int = 100
    ) -> Deliveries:
        """An endpoint's deliveries after a position, in order."""
        query = (
            select(deliveries)
            .where(deliveries.c.endpoint_id == endpoint_id, deliveries.c.position > after)
            .order_by(deliveries.c.position)
            .limit(limit)
        )
        if status is not None:
            query = query.where(deliveries.c.status == status)
        return [_delivery(row) for row in self._connection.execute(query)]

    def delivery(self, endpoint_id: str, position: int) -> DeliveryRecord | None:
        """The delivery of one event to one endpoint."""
        found = self.deliveries(endpoint_id, after=position - 1, limit=1)
        return found[0] if found and found[0].position == position else None

    def revive(self, endpoint_id: str, now_s: float) -> int:
        """Let every dead delivery of an endpoint be tried anew; returns how many."""
        dead = (deliveries.c.endpoint_id == endpoint_id, deliveries.c.status == DeliveryStatus.DEAD)
        anew = {"status": DeliveryStatus.WAITING, "attempts": 0, "next_at_s": now_s}
        return self._connection.execute(update(deliveries).where(*dead).values(**anew)).rowcount

    def dead(self) -> dict[str, int]:
        """How many deliveries of each endpoint are dead."""
        query = (
            select(deliveries.c.endpoint_id, func.count())
            .where(deliveries.c.status == DeliveryStatus.DEAD)
            .group_by(deliveries.c.endpoint_id)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def _row(self, record: EndpointRecord) -> dict[str, Any]:
        said = json.dumps([{"key": one.key.hex(), "until_s": one.until_s} for one in record.secrets])
        secrets = self._seals.seal_text(None, said, endpoints.name, "secrets", record.endpoint_id)
        return {**vars(record), "kinds": json.dumps(record.kinds), "secrets": secrets}

    def _endpoint(self, row: Row[Any]) -> EndpointRecord:
        said = self._seals.open_text(None, row.secrets, endpoints.name, "secrets", row.endpoint_id)
        return EndpointRecord(
            endpoint_id=row.endpoint_id,
            url=row.url,
            kinds=tuple(json.loads(row.kinds)),
            secrets=tuple(SigningSecret(bytes.fromhex(one["key"]), one["until_s"]) for one in json.loads(said)),
            disabled=row.disabled,
            cursor=row.cursor,
            failing_since_s=row.failing_since_s,
            created_at=row.created_at,
        )


def _new(endpoint_id: str, position: int, now_s: float) -> dict[str, Any]:
    return {
        "endpoint_id": endpoint_id,
        "position": position,
        "status": DeliveryStatus.WAITING,
        "attempts": 0,
        "next_at_s": now_s,
    }


def _delivery(row: Row[Any]) -> DeliveryRecord:
    return DeliveryRecord(
        endpoint_id=row.endpoint_id,
        position=row.position,
        status=row.status,
        attempts=row.attempts,
        next_at_s=row.next_at_s,
        last_status=row.last_status,
        last_fault=row.last_fault,
    )
