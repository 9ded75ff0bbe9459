"""A thread that makes passes over some work until told to stop, and a pause that says whether it is over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from node.ledger.errors import LedgerUnreachable
from node.settlement.courtesy import Courtesy
from node.settlement.office import Office

_log = logging.getLogger(__name__)


class Pause:
    """A pause by the machine's clock, which nobody sets; it is over before it has first begun."""

    def __init__(self, pause_s: float) -> None:
        """It lasts `pause_s` each time."""
        self._pause_s = pause_s
        self._begun_at = float("-inf")

    def is_over(self) -> bool:
        """Whether it has lasted long enough."""
        return time.monotonic() - self._begun_at >= self._pause_s

    def begin(self) -> None:
        """Let it begin now."""
        self._begun_at = time.monotonic()


class Loop:
    """One thread that makes passes until told to stop, resting longer the longer nothing happens.

    Passes begin `pace_s` apart at least, and give way to messages that come in.
    """

    def __init__(
        self, office: Office, name: str, work: Callable[[], bool], pace_s: float, courtesy: Courtesy
    ) -> None:
        """`work` makes one pass and says whether anything moved; nothing runs before `start`."""
        self.last_pass_s: float | None = None
        self.last_error: str | None = None
        self._office = office
        self._name = name
        self._work = work
        self._pace_s = pace_s
        self._courtesy = courtesy
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name}-{office.bic}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the pass in hand be the last."""
        self._stop.set()
        self._wake.set()

    def join(self) -> None:
        """Wait for the end, ten seconds at most."""
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def wake(self) -> None:
        """Make the next pass as soon as the pace allows."""
        self._wake.set()

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        idle_passes = 0
        while not self._stop.is_set():
            self._courtesy.give_way(self._stop)
            # Cleared before the pass: what is waked for during it is looked at in the next.
            self._wake.clear()
            began_at = time.monotonic()
            idle_passes = 0 if self._pass() else idle_passes + 1
            if idle_passes and self._rest(idle_passes):
                idle_passes = 0
            self._stop.wait(max(0.0, began_at + self._pace_s - time.monotonic()))

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
