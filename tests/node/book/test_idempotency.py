"""One claim wins, its answer is kept with the work or not at all, and a dead owner's claim can be taken over."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from node.book.book import Book
from node.book.idempotency import AnotherRequest, Claimed, ClaimLost, KeptAnswer, KeyedRequest, UnderWay
from tests.node.book.making import NOON, payment_record

REQUEST = KeyedRequest("back-office", "POST /v1/quotes", "a-key", bytes(32))
ANSWER = KeptAnswer(201, (("content-type", "application/json"), ("location", "/v1/quotes/1")), b'{"a":1}')


def claim(
    book: Book, token: str = "first", *, late_s: float = 0.0, request: KeyedRequest = REQUEST
) -> Claimed | KeptAnswer | UnderWay | AnotherRequest:
    with book.unit() as unit:
        return unit.idempotency.claim(request, token, NOON + timedelta(seconds=late_s), 60.0)


def test_the_second_copy_is_told_that_the_first_is_under_way(book: Book) -> None:
    assert claim(book) == Claimed("first")
    assert claim(book, "second") == UnderWay(NOON.timestamp() + 60)


def test_a_kept_answer_is_given_to_every_further_copy(book: Book) -> None:
    claim(book)
    with book.unit() as unit:
        unit.idempotency.keep(REQUEST, "first", ANSWER)
    assert claim(book, "second") == ANSWER
    assert claim(book, "third", late_s=86400 * 300) == ANSWER


def test_the_digest_of_a_request_is_kept_under_the_books_own_key(book: Book) -> None:
    """`DELETE /v1/aliases/+8613800000000` could be guessed by trying every number against a plain digest."""
    claim(book)
    with book._reader.connect() as connection:
        (kept,) = connection.execute(text("SELECT fingerprint FROM idempotency_keys")).scalars()
    assert kept != REQUEST.fingerprint
    assert kept == book.vault.marked(REQUEST.fingerprint)
    assert kept not in {hashlib.sha256(REQUEST.fingerprint).digest(), hashlib.sha256(bytes(64)).digest()}


def test_the_same_key_for_another_request_is_told_apart(book: Book) -> None:
    claim(book)
    assert claim(book, request=replace(REQUEST, fingerprint=b"\1" * 32)) == AnotherRequest()


@pytest.mark.parametrize("other", [{"caller": "BANKHKH0XXX"}, {"route": "POST /v1/transfers"}, {"key": "b"}])
def test_a_key_belongs_to_its_caller_and_route(book: Book, other: dict[str, Any]) -> None:
    claim(book)
    assert claim(book, "mine", request=replace(REQUEST, **other)) == Claimed("mine")


def test_a_dead_owners_claim_is_taken_over_and_its_late_unit_breaks(book: Book) -> None:
    claim(book)
    assert claim(book, "second", late_s=61) == Claimed("second")
    payment = payment_record()

    def late_work() -> None:
        with book.unit() as unit:
            unit.payments.add(payment)
            unit.idempotency.keep(REQUEST, "first", ANSWER)

    with pytest.raises(ClaimLost):
        late_work()
    with book.view() as unit:
        assert unit.payments.find(payment.uetr) is None
    with book.unit() as unit:
        unit.idempotency.keep(REQUEST, "second", ANSWER)
    assert claim(book, "third") == ANSWER


def test_an_answer_is_not_kept_without_the_work_it_answers(book: Book) -> None:
    claim(book)

    def undone() -> None:
        with book.unit() as unit:
            unit.idempotency.keep(REQUEST, "first", ANSWER)
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        undone()
    assert isinstance(claim(book, "second"), UnderWay)


def test_a_released_claim_leaves_the_key_free_but_a_kept_answer_stays(book: Book) -> None:
    claim(book)
    with book.unit() as unit:
        unit.idempotency.release(REQUEST, "first")
    assert claim(book, "second", request=replace(REQUEST, fingerprint=b"\1" * 32)) == Claimed("second")
    with book.unit() as unit:
        unit.idempotency.keep(replace(REQUEST, fingerprint=b"\1" * 32), "second", ANSWER)
        unit.idempotency.release(REQUEST, "second")
    assert claim(book, request=replace(REQUEST, fingerprint=b"\1" * 32)) == ANSWER


def test_keys_are_forgotten_after_their_retention(book: Book) -> None:
    claim(book)
    with book.unit() as unit:
        assert unit.idempotency.purge(NOON) == 0
        assert unit.idempotency.purge(NOON + timedelta(seconds=1)) == 1
    assert claim(book, "second") == Claimed("second")
