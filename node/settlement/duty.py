"""Work in the background that one worker on a book does at a time: it takes the duty, renews it, and may lose it.

Whoever has it asks again before each piece of work, so a worker that was asleep does not go on beside another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from node.book.book import Book
from node.book.records import BookTrouble

FOLLOWING: Final = "follow the chain"
CARING: Final = "cases and statements"
DELIVERING: Final = "deliver webhooks"


class Duty:
    """One worker's hold of one duty; threads may share it."""

    def __init__(self, book: Book, now_s: Callable[[], float], name: str, owner: str, for_s: float) -> None:
        """Nothing is taken yet; `for_s` is how long it lasts each time it is taken, in seconds."""
        self._book, self._now_s = book, now_s
        self._name, self._owner, self._for_s = name, owner, for_s
        self._until_s = 0.0
        self._lock = threading.Lock()

    def is_ours(self) -> bool:
        """Whether the work is ours to do now; takes the duty where nobody has it, renews it when half is over."""
        with self._lock:
            now_s = self._now_s()
            if self._for_s / 2 < self._until_s - now_s <= self._for_s:
                return True
            until_s = now_s + self._for_s
            with self._book.unit() as unit:
                ours = unit.duties.take(self._name, self._owner, now_s, until_s)
            self._until_s = until_s if ours else 0.0
            return ours

    def leave(self) -> None:
        """Leave it to whoever wants it next; nothing happens where it is not ours."""
        with self._lock:
            if self._until_s:
                self._until_s = 0.0
                with suppress(BookTrouble), self._book.unit() as unit:
                    unit.duties.leave(self._name, self._owner)
