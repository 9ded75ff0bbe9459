"""A request nonce is good once for each key, and forgotten only after its expiry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from node.book.book import Book


def test_a_replay_is_refused_for_the_same_key_only(book: Book) -> None:
    with book.unit() as unit:
        assert unit.nonces.use("BANKCNSHXXX", "n-1", 100)
        assert not unit.nonces.use("BANKCNSHXXX", "n-1", 100)
        assert not unit.nonces.use("BANKCNSHXXX", "n-1", 200)
        assert unit.nonces.use("BANKCNSHXXX", "n-2", 100)
        assert unit.nonces.use("BANKAEADXXX", "n-1", 100)
    with book.unit() as unit:
        assert not unit.nonces.use("BANKCNSHXXX", "n-2", 100)


def test_nonces_are_forgotten_after_their_last_second(book: Book) -> None:
    with book.unit() as unit:
        for expires_s in (99, 100, 101):
            unit.nonces.use("key", f"n-{expires_s}", expires_s)
        assert unit.nonces.purge(99.5) == 1
        assert unit.nonces.use("key", "n-99", 300)
        assert not unit.nonces.use("key", "n-100", 300)


def test_of_many_copies_at_once_one_is_good(book: Book) -> None:
    start = Barrier(10)

    def use(_: int) -> bool:
        start.wait()
        with book.unit() as unit:
            return unit.nonces.use("key", "n", 100)

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(use, range(10))).count(True) == 1
