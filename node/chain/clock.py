"""Chain time: the wall clock, never running backwards, and the shifts a developer may ask for.

A block's timestamp is whole seconds. By default a block may share its parent's second, so chain time stays
wall time however many blocks a second there are; `strict` makes each block at least one second later.
"""

import time
from collections.abc import Callable

WallClock = Callable[[], float]


def wall_clock() -> float:
    """Seconds since 1970, by this machine."""
    return time.time()


class ChainClock:
    """Tells the timestamp of the next block, in unix seconds."""

    def __init__(self, wall: WallClock = wall_clock, *, strict: bool = False) -> None:
        self._wall = wall
        self._step_s = 1 if strict else 0
        self.offset_s = 0
        self._pinned_s: int | None = None

    def next_timestamp(self, parent_s: int) -> int:
        """The timestamp a block made now, on a parent of `parent_s`, carries."""
        if self._pinned_s is not None:
            return max(self._pinned_s, parent_s + self._step_s)
        return max(int(self._wall()) + self.offset_s, parent_s + self._step_s)

    def pin_next(self, timestamp_s: int) -> None:
        """Give the next block exactly this timestamp; later blocks go on from there."""
        self._pinned_s = timestamp_s

    def block_made(self, timestamp_s: int) -> None:
        """Note that a block was made: a pinned time is used once, and time then flows on from it."""
        if self._pinned_s is not None:
            self._pinned_s = None
            self.offset_s = timestamp_s - int(self._wall())

    def set_time(self, timestamp_s: int) -> None:
        """Make it that time now."""
        self.offset_s = timestamp_s - int(self._wall())

    def shift(self, seconds: int) -> None:
        """Move chain time forward (or back, never before the last block)."""
        self.offset_s += seconds
