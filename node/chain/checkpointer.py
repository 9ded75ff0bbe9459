"""Copies the store's write-ahead log back into its file in a thread of its own, so that no commit waits.

Left to a commit, it made about one send in ninety wait 50 to 100 ms on a grown chain. The log is what is durable:
a process killed while it is copied loses nothing.
"""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

ROWS = 1_000  # rows written between copies; a row costs about a page of the log


class Checkpointer:
    """Counts what one store writes. SQLite copies by itself where this one does not keep up."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rows = 0
        self._thread: threading.Thread | None = None

    def wrote(self, rows: int) -> None:
        """Note rows that were committed, and start copying when there are enough; returns at once."""
        self._rows += rows
        if self._rows >= ROWS and (self._thread is None or not self._thread.is_alive()):
            self._rows = 0
            self._thread = threading.Thread(target=self._copy, name="chain-checkpoint", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for a copy under way."""
        if self._thread is not None:
            self._thread.join()

    def _copy(self) -> None:
        with closing(sqlite3.connect(self._file)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
