"""Writes that the log has and SQLite has not yet: appended record by record, handed over many at a time.

What would be made again if it were lost is held back, and part of the next record: one wait for the disk less.
"""

from collections.abc import Iterator

from node.chain.redo_log import RedoLog
from node.chain.writes import NOTHING, Encoded, Write, decode_writes, encode_writes, joined

MOST = 128  # records that SQLite may be behind; a transaction sent alone makes two
MANY = 32  # as many as are worth handing to it while there is time


class PendingWrites:
    """The redo log of a store, and its records in memory."""

    def __init__(self, log: RedoLog) -> None:
        self.log = log
        self._writes: list[list[Write]] = []
        self._held: Encoded = NOTHING

    def __bool__(self) -> bool:
        return bool(self._writes)

    @property
    def must_go(self) -> bool:
        """Whether SQLite has to take over before more is written."""
        return len(self._writes) >= MOST or self.log.is_full

    def may_go(self, *, is_hurried: bool) -> bool:
        """Whether it is worth while; twice as many may wait where there is little time."""
        return len(self._writes) >= (2 * MANY if is_hurried else MANY) or self.log.is_full

    def write(self, writes: list[Write]) -> None:
        """Append a record, with what was held back, and return once it is on disk."""
        self.log.append((self._held + encode_writes(writes)).record())
        self._held = NOTHING
        self._writes.append(writes)

    def hold_back(self, writes: list[Write]) -> None:
        """Take writes that follow from what is on disk; they need not be there before the next record is."""
        self._held += encode_writes(writes)
        self._writes.append(writes)

    def take(self) -> Iterator[Write]:
        """What SQLite is to have now; it counts as handed over."""
        taken, self._writes = self._writes, []
        return joined(taken)

    def read_again(self) -> None:
        """Go back to what SQLite has not committed: everything in the log, and what was held back."""
        self._writes = [decode_writes(one) for one in self.log.records()]
        if self._held.words:
            self._writes.append(decode_writes(self._held.record()))

    def begin_again(self) -> None:
        """Start over: SQLite has committed everything."""
        self.log.begin_again()
        self._held = NOTHING
