"""Messages that come in go before passes over what is there already, for they are short and somebody waits.

A pass begins when none has come for a moment; where they never stop coming it begins all the same after a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

QUIET_S: Final = 0.02
MOST_S: Final = 0.5


class Courtesy:
    """Counts the messages that are being taken in; any thread may use it."""

    def __init__(self, quiet_s: float = QUIET_S, most_s: float = MOST_S) -> None:
        """Passes wait until it has been quiet for `quiet_s`, `most_s` at most."""
        self._quiet_s = quiet_s
        self._most_s = most_s
        self._lock = threading.Lock()
        self._under_way = 0
        self._last_end_s = float("-inf")

    @contextmanager
    def message(self) -> Iterator[None]:
        """One message is being taken in."""
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._last_end_s = time.monotonic()

    def give_way(self, stop: threading.Event) -> None:
        """Wait for quiet, by the machine's clock; not at all where it is quiet already, or once `stop` is set."""
        ends_at = time.monotonic() + self._most_s
        while not self._is_quiet() and time.monotonic() < ends_at:
            if stop.wait(self._quiet_s):
                return

    def _is_quiet(self) -> bool:
        with self._lock:
            return not self._under_way and time.monotonic() - self._last_end_s >= self._quiet_s
