"""The thread that keeps an institution moving: watch the chain, send what is kept, take due payments a step.

Payments are stepped by a few threads of their own, so that one slow counterparty holds up only its payment.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from node.ledger.errors import LedgerUnreachable
from node.settlement.engine import due_payments, step
from node.settlement.office import Office
from node.settlement.sender import send_pending
from node.settlement.watcher import watch

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerStatus:
    """How the worker is: the time of its last whole pass (unix s), and what last went wrong, if anything."""

    alive: bool
    last_pass_s: float | None
    last_error: str | None


class Worker:
    """Runs one office until stopped; `wake()` makes it look at once instead of at the next poll."""

    def __init__(self, office: Office) -> None:
        """Prepare; nothing runs before `start()`."""
        self._office = office
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._pool = ThreadPoolExecutor(office.terms.parallel_payments, thread_name_prefix=f"step-{office.bic}")
        self._in_flight: dict[str, Future[None]] = {}
        self._threads = [
            threading.Thread(target=self._run, args=(name, work), name=f"{name}-{office.bic}", daemon=True)
            for name, work in (("engine", self._take_forward), ("chain", self._follow_chain))
        ]
        self._last_pass_s: float | None = None
        self._last_error: str | None = None
        self._tidy_at_s = 0.0

    def start(self) -> None:
        """Begin; what a crash left unfinished is taken up first, for it is simply what is due."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop after the step in hand; nothing is lost by not waiting longer."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def wake(self) -> None:
        """There is something new to do."""
        self._wake.set()

    def status(self) -> WorkerStatus:
        """How things stand, for a readiness probe."""
        alive = all(thread.is_alive() for thread in self._threads)
        return WorkerStatus(alive, self._last_pass_s, self._last_error)

    def _run(self, name: str, work: Callable[[], bool]) -> None:
        idle_passes = 0
        while not self._stop.is_set():
            try:
                moved = work()
                self._last_pass_s, self._last_error = self._office.clock.now_s(), None
            except LedgerUnreachable as trouble:
                moved, self._last_error = False, f"{name}: {trouble}"
            except Exception as trouble:  # noqa: BLE001  a worker must outlive whatever one pass meets, and say so
                moved, self._last_error = False, f"{name}: {trouble!r}"
                _log.exception("%s pass failed", name)
            idle_passes = 0 if moved else idle_passes + 1
            if not moved and self._rest(idle_passes):
                idle_passes = 0

    def _rest(self, idle_passes: int) -> bool:
        """Sleep until woken, longer the longer nothing has happened; True if woken."""
        terms = self._office.terms
        woken = self._wake.wait(min(terms.idle_poll_s, terms.poll_s * (1 + idle_passes // 10)))
        self._wake.clear()
        return woken

    def _take_forward(self) -> bool:
        self._in_flight = {uetr: future for uetr, future in self._in_flight.items() if not future.done()}
        fresh = [uetr for uetr in due_payments(self._office) if uetr not in self._in_flight]
        for uetr in fresh:
            self._in_flight[uetr] = self._pool.submit(self._step, uetr)
        return bool(fresh) and len(self._in_flight) < self._office.terms.parallel_payments

    def _step(self, uetr: str) -> None:
        try:
            step(self._office, uetr)
        except Exception as trouble:  # noqa: BLE001  the future is never read; the log and the status are
            self._last_error = f"payment {uetr}: {trouble!r}"
            _log.exception("step failed for payment %s", uetr)
        self._wake.set()

    def _follow_chain(self) -> bool:
        if self._office.clock.now_s() >= self._tidy_at_s:
            tidy(self._office)
            self._tidy_at_s = self._office.clock.now_s() + self._office.terms.tidy_s
        sent = send_pending(self._office)
        return watch(self._office) or sent


def tidy(office: Office) -> None:
    """Mark the quotes that have run out and forget the request nonces that could no longer be replayed."""
    with office.book.unit() as unit:
        unit.quotes.expire(office.clock.now_s())
        unit.nonces.purge(office.clock.now_s())
