"""The threads that keep an institution moving: one watches the chain and sends, one takes due payments a step.

Payments are stepped by a few threads of their own, so that one slow counterparty holds up only its payment.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from node.ledger.errors import LedgerUnreachable
from node.settlement.duty import CARING, FOLLOWING, Duty
from node.settlement.engine import carry, claim_due, step_batch
from node.settlement.follow_up import FollowUp
from node.settlement.office import Office, now
from node.settlement.sender import send_pending
from node.settlement.watcher import watch

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerStatus:
    """How the worker is: when the slower of its loops last made a whole pass (unix s), and the last trouble."""

    alive: bool
    last_pass_s: float | None
    last_error: str | None


class Worker:
    """Runs one office until stopped; `wake()` makes it look at once instead of at the next poll."""

    def __init__(self, office: Office, name: str = "worker") -> None:
        """Prepare; nothing runs before `start()`. Several workers on one book need different names.

        A worker that comes back under its name has what it had claimed at once, not after its claims' end.
        """
        self.name = name
        self._office = office
        book, now_s, terms = office.book, office.clock.now_s, office.terms
        self._following = Duty(book, now_s, FOLLOWING, name, terms.duty_s)
        # A step of a case asks a counterparty, as a payment's step does, and so may take as long.
        self._caring = Duty(book, now_s, CARING, name, terms.claim_s)
        self._pool = ThreadPoolExecutor(office.terms.parallel_payments, thread_name_prefix=f"step-{office.bic}")
        self._in_flight: dict[str, Future[None]] = {}
        self._loops = (
            _Loop(office, "engine", self._take_forward),
            _Loop(office, "chain", self._follow_chain),
            _Loop(office, "aftercare", FollowUp(office, self._caring.is_ours)),
        )
        self._tidy_at_s = 0.0

    def start(self) -> None:
        """Begin; what a crash left unfinished is taken up first, for it is simply what is due."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Stop after the step in hand; nothing is lost by not waiting longer."""
        for loop in self._loops:
            loop.ask_to_stop()
        for loop in self._loops:
            loop.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for duty in (self._following, self._caring):
            duty.leave()

    def wake(self) -> None:
        """There is something new to do."""
        for loop in self._loops:
            loop.wake()

    def status(self) -> WorkerStatus:
        """How things stand, for a readiness probe; one failing loop is not hidden by the other's passing."""
        passes = [loop.last_pass_s for loop in self._loops if loop.last_pass_s is not None]
        errors = [loop.last_error for loop in self._loops if loop.last_error is not None]
        whole = len(passes) == len(self._loops)
        return WorkerStatus(
            alive=all(loop.is_alive() for loop in self._loops),
            last_pass_s=min(passes) if whole else None,
            last_error="; ".join(errors) or None,
        )

    def _take_forward(self) -> bool:
        self._in_flight = {uetr: future for uetr, future in self._in_flight.items() if not future.done()}
        due = claim_due(self._office, self.name)
        batch = [uetr for uetr in due.together if uetr not in self._in_flight]
        if batch:
            together = self._pool.submit(self._step_batch, batch)
            self._in_flight |= dict.fromkeys(batch, together)
        fresh = [uetr for uetr in due.singly if uetr not in self._in_flight]
        for uetr in fresh:
            self._in_flight[uetr] = self._pool.submit(self._step, uetr)
        return bool(fresh or batch) and len(self._in_flight) < self._office.terms.parallel_payments

    def _step(self, uetr: str) -> None:
        try:
            carry(self._office, uetr)
        finally:
            self.wake()

    def _step_batch(self, uetrs: list[str]) -> None:
        try:
            step_batch(self._office, uetrs)
        finally:
            self.wake()

    def _follow_chain(self) -> bool:
        if not self._following.is_ours():
            return False
        if self._office.clock.now_s() >= self._tidy_at_s:
            tidy(self._office)
            self._tidy_at_s = self._office.clock.now_s() + self._office.terms.tidy_s
        sent = send_pending(self._office)
        return watch(self._office) or sent


class _Loop:
    """One thread that makes passes until told to stop, resting longer the longer nothing happens."""

    def __init__(self, office: Office, name: str, work: Callable[[], bool]) -> None:
        self.last_pass_s: float | None = None
        self.last_error: str | None = None
        self._office = office
        self._name = name
        self._work = work
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name}-{office.bic}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def join(self) -> None:
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def wake(self) -> None:
        self._wake.set()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        idle_passes = 0
        while not self._stop.is_set():
            # Cleared before the pass: what is waked for during it is looked at in the next.
            self._wake.clear()
            idle_passes = 0 if self._pass() else idle_passes + 1
            if idle_passes and self._rest(idle_passes):
                idle_passes = 0

    def _pass(self) -> bool:
        try:
            moved = self._work()
        except LedgerUnreachable as trouble:
            self.last_error = f"{self._name}: {trouble}"
            return False
        except Exception as trouble:  # noqa: BLE001  a worker must outlive whatever one pass meets, and say so
            self.last_error = f"{self._name}: {trouble!r}"
            _log.exception("%s pass failed", self._name)
            return False
        self.last_pass_s, self.last_error = self._office.clock.now_s(), None
        return moved

    def _rest(self, idle_passes: int) -> bool:
        """Sleep until woken; True if woken."""
        terms = self._office.terms
        return self._wake.wait(min(terms.idle_poll_s, terms.poll_s * (1 + idle_passes // 10)))


def tidy(office: Office) -> None:
    """Mark the quotes that have run out; forget request nonces past replay and idempotency keys past retention."""
    with office.book.unit() as unit:
        unit.quotes.expire(office.clock.now_s())
        unit.nonces.purge(office.clock.now_s())
        unit.idempotency.purge(now(office) - timedelta(seconds=office.terms.keys_kept_s))
