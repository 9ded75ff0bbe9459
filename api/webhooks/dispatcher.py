"""The thread that pushes events to their webhooks: fans the stream out, sends what is due, keeps how it went.

One delivery at a time is under way for an endpoint, and several endpoints side by side: a receiver that never
answers holds up nobody but itself, and what it has refused never stands before what is new.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from api.event_view import event_view, webhook_id
from api.webhooks.schedule import after_failure, after_success, endpoint_after
from api.webhooks.sending import Send
from api.webhooks.signing import headers
from node.book.book import Book, Unit
from node.book.events import EventRecord
from node.book.records import BookBusy
from node.book.webhooks import DeliveryRecord, EndpointRecord
from node.settlement.duty import DELIVERING, Duty
from node.settlement.ports import Clock

_log = logging.getLogger("corridor.webhooks")

LEASE_S: Final = 60.0
POLL_S: Final = 0.5
NOBODY_LISTENS_POLL_S: Final = 2.0
SIDE_BY_SIDE: Final = 8


class Dispatcher:
    """Delivers one book's events until stopped; `chance` gives numbers from 0 up to 1 to spread retries."""

    def __init__(
        self, book: Book, clock: Clock, send: Send, chance: Callable[[], float], worker: str = "worker"
    ) -> None:
        """Prepare; nothing runs before `start`. Of several workers on one book, one delivers at a time."""
        self._book = book
        self._clock = clock
        self._send = send
        self._chance = chance
        self._duty = Duty(book, clock.now_s, DELIVERING, worker, LEASE_S)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="webhook")
        self._busy: set[str] = set()
        self._heard = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin; what was due when the process ended is sent first."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the deliveries under way; what is left waits in the book."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=15)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._duty.leave()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                started = self.look()
            except BookBusy:
                started = 0
            except Exception:  # noqa: BLE001  a dispatcher must outlive whatever one pass meets, and say so
                _log.exception("a pass over the webhooks failed")
                started = 0
            if not started:
                self._stop.wait(POLL_S if self._heard else NOBODY_LISTENS_POLL_S)

    def look(self) -> int:
        """One pass: fan out what is new, and set every idle endpoint with something due to work; how many."""
        self._fan_out()
        if not self._heard:
            return 0
        with self._lock, self._book.view() as unit:
            ready = unit.webhooks.with_work(self._clock.now_s(), self._busy)
            self._busy.update(ready)
        for endpoint_id in ready:
            self._pool.submit(self._work, endpoint_id)
        return len(ready)

    def drain(self, endpoint_id: str) -> int:
        """Deliver to one endpoint whatever is due now; returns how many attempts were made."""
        attempts = 0
        while not self._stop.is_set() and self._duty.is_ours() and self._deliver_next(endpoint_id):
            attempts += 1
        return attempts

    def _work(self, endpoint_id: str) -> None:
        try:
            self.drain(endpoint_id)
        except Exception:  # noqa: BLE001  a delivery's surprise must not end the thread; its lease brings it back
            _log.exception("deliveries to %s stopped for now", endpoint_id)
        finally:
            with self._lock:
                self._busy.discard(endpoint_id)

    def _fan_out(self) -> None:
        with self._book.view() as unit:
            newest = unit.events.newest()
            known = unit.webhooks.list()
        self._heard = bool(known) and self._duty.is_ours()
        behind = [one.endpoint_id for one in known if not one.disabled and one.cursor < newest]
        behind = behind if self._heard else []
        for endpoint_id in behind:
            with self._book.unit() as unit:
                endpoint = unit.webhooks.find(endpoint_id)
                if endpoint is not None:
                    unit.webhooks.fan_out(endpoint, self._clock.now_s())

    def _deliver_next(self, endpoint_id: str) -> bool:
        with self._book.unit() as unit:
            endpoint = unit.webhooks.find(endpoint_id)
            if endpoint is None or endpoint.disabled:
                return False
            delivery = unit.webhooks.claim(endpoint_id, self._clock.now_s(), LEASE_S)
            event = _event(unit, delivery) if delivery else None
        if delivery is None or event is None:
            return False
        self._deliver(endpoint, delivery, event)
        return True

    def _deliver(self, endpoint: EndpointRecord, delivery: DeliveryRecord, event: EventRecord) -> None:
        body = event_view(event).model_dump_json().encode()
        now_s = self._clock.now_s()
        keys = [one.key for one in endpoint.secrets if one.until_s is None or one.until_s > now_s]
        outcome = self._send(endpoint.url, headers(keys, webhook_id(event), int(now_s), body), body)
        now_s = self._clock.now_s()
        if outcome.fault is None and outcome.status is not None:
            settled = after_success(delivery, outcome.status)
        else:
            settled = after_failure(delivery, outcome.status, outcome.fault or "", now_s, self._chance())
        with self._book.unit() as unit:
            unit.webhooks.settle(settled)
            known = unit.webhooks.find(endpoint.endpoint_id)
            if known is not None:
                after = endpoint_after(known, outcome.status, now_s)
                if after != known:
                    unit.webhooks.save(after)
        _tell(endpoint, settled)


def _event(unit: Unit, delivery: DeliveryRecord) -> EventRecord | None:
    found = unit.events.read(delivery.position - 1, 1)
    return found[0] if found and found[0].position == delivery.position else None


def _tell(endpoint: EndpointRecord, delivery: DeliveryRecord) -> None:
    fields = {
        "endpoint": endpoint.endpoint_id,
        "position": delivery.position,
        "delivery": delivery.status.value,
        "attempts": delivery.attempts,
        "answered": delivery.last_status,
    }
    _log.info("webhook", extra={"fields": fields})
