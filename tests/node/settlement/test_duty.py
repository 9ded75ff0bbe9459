"""A duty is one worker's at a time, lost when its time is over, and left when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.book.book import Book
from node.settlement.duty import Duty
from tests.keys import MASTER
from tests.node.settlement.clocks import TownClock

FOR_S = 10.0


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    found = Book.open_file(tmp_path / "book.sqlite", MASTER)
    yield found
    found.close()


def duty(book: Book, clock: TownClock, owner: str) -> Duty:
    return Duty(book, clock.now_s, "sweep", owner, FOR_S)


def test_it_is_the_first_ones_until_that_one_sleeps_too_long(book: Book) -> None:
    clock = TownClock()
    first, second = duty(book, clock, "first"), duty(book, clock, "second")
    assert first.is_ours()
    assert not second.is_ours()
    for _ in range(5):
        clock.forward(FOR_S * 0.6)
        assert first.is_ours()
        assert not second.is_ours()
    clock.forward(FOR_S + 1)
    assert second.is_ours()
    assert not first.is_ours()


def test_what_is_left_is_had_at_once_and_a_name_that_comes_back_has_its_own(book: Book) -> None:
    clock = TownClock()
    first = duty(book, clock, "first")
    assert first.is_ours()
    assert duty(book, clock, "first").is_ours()
    first.leave()
    assert duty(book, clock, "second").is_ours()


def test_a_clock_set_back_keeps_nobody_from_renewing(book: Book) -> None:
    clock = TownClock()
    first = duty(book, clock, "first")
    assert first.is_ours()
    clock.forward(-3_600)
    assert first.is_ours()
    clock.forward(FOR_S + 1)
    assert duty(book, clock, "second").is_ours()
