"""The clocks of a town: one that stands until a test moves it, one that runs, and an engine's own."""

from __future__ import annotations

import time

from node.ledger.client import LedgerClient


class TownClock:
    """Real time moved by a test; the chain and every office have their own."""

    def __init__(self) -> None:
        self.at_s = 1_800_000_000.0

    def now_s(self) -> float:
        return self.at_s

    def forward(self, seconds: float) -> None:
        self.at_s += seconds


class RunningClock(TownClock):
    """Real time, for a chain whose clock cannot be held; what a test moves it by is added."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now_s(self) -> float:
        return time.time() + self.ahead_s

    def forward(self, seconds: float) -> None:
        self.ahead_s += seconds


class EngineClock(TownClock):
    """The time of an engine in another process, which a test moves by asking the engine."""

    def __init__(self, client: LedgerClient) -> None:
        self._client = client

    def now_s(self) -> float:
        return float(self._client.pending_time_s())

    def forward(self, seconds: float) -> None:
        self._client.connection.call("evm_increaseTime", int(seconds))
        self._client.connection.call("evm_mine")
