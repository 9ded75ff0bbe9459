"""Works that want the book at the same time share a unit: one begin, one wait for the disk, one commit for all.

Whoever comes while a unit is under way goes into the next one, which is larger the longer that takes. Each work
still succeeds or fails alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from node.book.book import Unit

Result = TypeVar("Result")
MOST_TOGETHER: Final = 64


class _Place(Generic[Result]):
    """One work's place in the queue: `called` opens when it is done, or when it is its turn to lead."""

    __slots__ = ("called", "done", "error", "result", "work")

    def __init__(self, work: Callable[[Unit], Result]) -> None:
        self.work = work
        self.done = False
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.called = threading.Lock()
        self.called.acquire()


class Sharing:
    """The queue of one book's works; any thread may bring some."""

    def __init__(self, unit: Callable[[], AbstractContextManager[Unit]]) -> None:
        """Works are done in units that `unit` opens."""
        self._unit = unit
        self._queue: deque[_Place[Any]] = deque()
        self._lock = threading.Lock()
        self._somebody_leads = False

    def run(self, work: Callable[[Unit], Result]) -> Result:
        """Do a work in a unit that it may share, and return what it returned once that is committed.

        A work may be begun anew in another unit, so it must change nothing but its unit. Raises what the work
        raised, or the unit.
        """
        place = _Place(work)
        with self._lock:
            self._queue.append(place)
            leads, self._somebody_leads = not self._somebody_leads, True
        if not leads:
            place.called.acquire()
        if not place.done:
            self._lead(place)
        if place.error is not None:
            raise place.error
        return place.result  # type: ignore[return-value]  # set where there is no error

    def waiting(self) -> int:
        """How many works wait for the next unit."""
        with self._lock:
            return len(self._queue)

    def _lead(self, own: _Place[Any]) -> None:
        """Do what is in the queue as far as it has come when the unit has begun, and let the next one lead."""
        places: list[_Place[Any]] = []
        try:
            self._together(places)
        finally:
            for place in places:
                place.done = True
            with self._lock:
                following = self._queue[0] if self._queue else None
                self._somebody_leads = following is not None
            for place in (*places, *([following] if following else ())):
                if place is not own:
                    place.called.release()

    def _together(self, places: list[_Place[Any]]) -> None:
        failed = False
        try:
            with self._unit() as unit:
                places += self._taken()
                failed = True
                for place in places:
                    place.result = place.work(unit)
                failed = False
        except BaseException as error:  # noqa: BLE001  whoever brought the work is told, in its own thread
            if failed and len(places) > 1:
                self._one_by_one(places)
                return
            if not places:  # the unit never began, and will not for those who have come meanwhile
                places += self._taken(len(self._queue))
            for place in places:
                place.error = error

    def _one_by_one(self, places: list[_Place[Any]]) -> None:
        """Nothing of what was begun together is kept: each again, in a unit of its own."""
        for place in places:
            try:
                with self._unit() as unit:
                    place.result = place.work(unit)
            except BaseException as error:  # noqa: BLE001  as above
                place.error = error

    def _taken(self, most: int = MOST_TOGETHER) -> list[_Place[Any]]:
        with self._lock:
            return [self._queue.popleft() for _ in range(min(len(self._queue), most))]
