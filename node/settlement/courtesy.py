"""Messages that come in go before passes over what is there already, for they are short and somebody waits.

A pass begins when none has come for a moment; where they never stop coming it begins all the same after a while.
"""

from __future__ import annotations

import threading
import time
from typing import Final

QUIET_S: Final = 0.03
MOST_S: Final = 0.5


class Courtesy:
    """Knows when something came in last; any thread may tell it."""

    def __init__(self, quiet_s: float = QUIET_S, most_s: float = MOST_S) -> None:
        """Passes wait until it has been quiet for `quiet_s`, `most_s` at most."""
        self._quiet_s = quiet_s
        self._most_s = most_s
        self._last_s = float("-inf")

    def note(self) -> None:
        """Something has come in, and more may follow."""
        self._last_s = time.monotonic()

    def give_way(self, stop: threading.Event) -> None:
        """Wait for quiet, by the machine's clock; not at all where it is quiet already, or once `stop` is set."""
        ends_at = time.monotonic() + self._most_s
        while (left_s := min(self._last_s + self._quiet_s, ends_at) - time.monotonic()) > 0:
            if stop.wait(left_s):
                return
