"""Works that come together share a unit and its commit, and still succeed or fail each alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from node.book.book import Book, Unit
from node.book.records import BookUnreachable, UetrTaken
from node.book.sharing import MOST_TOGETHER, Sharing
from tests.node.book.making import new_uetr, payment_record

LONG_S = 20.0


class Counted:
    """A book's units, counted; `on_commit` happens where the commit would be reported."""

    def __init__(self, book: Book) -> None:
        self.times = 0
        self.on_commit: Callable[[], None] = lambda: None
        self._unit = book.unit

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        with self._unit() as unit:
            yield unit
            self.on_commit()
        self.times += 1


@contextmanager
def crowd(sharing: Sharing, works: list[Callable[[Unit], str]]) -> Iterator[list[Future[str]]]:
    """Brings works while a unit is under way, so that the next one is shared by all of them."""
    begun, go_on = threading.Event(), threading.Event()

    def first(_unit: Unit) -> str:
        begun.set()
        go_on.wait(LONG_S)
        return "first"

    with ThreadPoolExecutor(len(works) + 1) as pool:
        leader = pool.submit(sharing.run, first)
        assert begun.wait(LONG_S)
        brought = [pool.submit(sharing.run, work) for work in works]
        give_up = time.monotonic() + LONG_S
        while sharing.waiting() < len(works) and time.monotonic() < give_up:
            time.sleep(0.001)
        go_on.set()
        assert leader.result(LONG_S) == "first"
        yield brought


def adding(uetr: str) -> Callable[[Unit], str]:
    def work(unit: Unit) -> str:
        unit.payments.add(payment_record(uetr))
        return uetr

    return work


def kept(book: Book, uetr: str) -> bool:
    with book.view() as unit:
        return unit.payments.find(uetr) is not None


def test_works_that_wait_together_are_committed_together(book: Book) -> None:
    counted, uetrs = Counted(book), [new_uetr() for _ in range(20)]
    with crowd(Sharing(counted.unit), [adding(uetr) for uetr in uetrs]) as brought:
        assert [one.result(LONG_S) for one in brought] == uetrs
    assert counted.times == 2, "the first by itself, all others in one unit"
    assert all(kept(book, uetr) for uetr in uetrs)


def test_a_work_fails_alone(book: Book) -> None:
    taken, *uetrs = (new_uetr() for _ in range(6))
    with book.unit() as unit:
        adding(taken)(unit)
    with crowd(Sharing(book.unit), [adding(uetr) for uetr in (*uetrs[:3], taken, *uetrs[3:])]) as brought:
        failed = brought.pop(3)
        assert [one.result(LONG_S) for one in brought] == uetrs
        with pytest.raises(UetrTaken, match=taken):
            failed.result(LONG_S)
    assert all(kept(book, uetr) for uetr in uetrs)


def test_all_are_told_where_their_commit_fails(book: Book) -> None:
    counted, uetrs = Counted(book), [new_uetr() for _ in range(3)]

    def fail_but_for_the_first() -> None:
        if counted.times == 1:
            raise BookUnreachable("the disk is gone")

    counted.on_commit = fail_but_for_the_first
    with crowd(Sharing(counted.unit), [adding(uetr) for uetr in uetrs]) as brought:
        for one in brought:
            with pytest.raises(BookUnreachable, match="gone"):
                one.result(LONG_S)
    assert not any(kept(book, uetr) for uetr in uetrs)


def test_where_a_unit_does_not_begin_all_who_wait_are_told(book: Book) -> None:
    begins = 0

    @contextmanager
    def second_does_not_begin() -> Iterator[Unit]:
        nonlocal begins
        begins += 1
        if begins == 2:
            raise BookUnreachable("no connection")
        with book.unit() as unit:
            yield unit

    sharing = Sharing(second_does_not_begin)
    with crowd(sharing, [adding(new_uetr()) for _ in range(3)]) as brought:
        for one in brought:
            with pytest.raises(BookUnreachable, match="no connection"):
                one.result(LONG_S)
    assert sharing.run(lambda _unit: "done") == "done", "the next one tries again"


def test_a_unit_is_shared_by_so_many_at_most(book: Book) -> None:
    counted = Counted(book)
    works = [lambda _unit: "done"] * (MOST_TOGETHER + 1)
    with crowd(Sharing(counted.unit), works) as brought:
        assert [one.result(LONG_S) for one in brought] == ["done"] * len(works)
    assert counted.times == 3


def test_many_threads_leave_nobody_waiting(book: Book) -> None:
    uetrs = [new_uetr() for _ in range(200)]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda uetr: book.share(adding(uetr)), uetrs)) == uetrs
    with book.view() as unit:
        assert unit.payments.how_many() == len(uetrs)


def test_sharing_is_a_unit_too_and_does_not_nest(book: Book) -> None:
    with book.unit(), pytest.raises(RuntimeError, match="do not nest"):
        book.share(lambda _unit: "done")
    assert book.share(lambda _unit: "done") == "done"
