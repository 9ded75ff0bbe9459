"""Messages that come in crowds go before passes over what is there already, for they are short and somebody waits.

A pass begins when the crowd is over, or after a while; messages that come one by one hold nothing up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

QUIET_S: Final = 0.02
MOST_S: Final = 0.25


class Courtesy:
    """Knows whether things come in a crowd; any thread may tell it."""

    def __init__(
        self, quiet_s: float = QUIET_S, most_s: float = MOST_S, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Two within `quiet_s` are a crowd; passes wait until it has been quiet so long, `most_s` at most.

        `now_s` is a clock that nobody sets: the machine's.
        """
        self._quiet_s = quiet_s
        self._most_s = most_s
        self._now_s = now_s
        self._last_s = self._crowd_until_s = float("-inf")

    def note(self) -> None:
        """Something has come in, and more may follow."""
        now_s = self._now_s()
        if now_s - self._last_s < self._quiet_s:
            self._crowd_until_s = now_s + self._quiet_s
        self._last_s = now_s

    def give_way(self, stop: threading.Event) -> None:
        """Wait for quiet, by the clock; not at all where it is quiet already, or once `stop` is set."""
        ends_at = self._now_s() + self._most_s
        while (left_s := min(self._crowd_until_s, ends_at) - self._now_s()) > 0:
            if stop.wait(left_s):
                return
