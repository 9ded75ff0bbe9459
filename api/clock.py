"""The machine's clock, for every institution that is not being simulated."""

from __future__ import annotations

import time


class SystemClock:
    """Implements `node.settlement.ports.Clock`."""

    def now_s(self) -> float:
        """Unix time in seconds."""
        return time.time()
