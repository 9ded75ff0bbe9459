"""The real book under a database that is sometimes locked, and whose connection sometimes dies around a commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from node.book.book import Book, Unit
from node.book.records import BookBusy
from tests.simulation.seeded.crash import Crash


@dataclass
class BookWeather:
    """Shares of units that find the database locked, or whose process dies just before or after the commit."""

    busy: float = 0.0
    dies_before: float = 0.0
    dies_after: float = 0.0


class FaultyBook(Book):
    """A book with weather; `weather` and `random` are handed over after it is opened."""

    weather: BookWeather
    random: Random

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """As the real one, or not."""
        drawn = self.random.random()
        if drawn < self.weather.busy:
            raise BookBusy("another process is writing")
        drawn -= self.weather.busy
        with super().unit() as unit:
            yield unit
            if drawn < self.weather.dies_before:
                raise Crash
        if self.weather.dies_before <= drawn < self.weather.dies_before + self.weather.dies_after:
            raise Crash
