"""An erasure keeps nobody waiting longer than a portion, may be broken off anywhere, leaves nothing between."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from node.book import erasing, erasure
from node.book.book import Book, Unit
from node.book.erasing import Erased, NotErased
from node.book.erasure import erase_customer, erase_payment
from node.book.idempotency import KeptAnswer
from node.domain.alias import alias_of
from node.domain.lifecycle import Event
from tests.node.book.making import NOON, message_record, new_uetr, payment_record
from tests.node.book.persons import REQUEST, Person, keep, keep_house, person

GONE, STAYS = person("Zebrafish"), person("Quicksilver")
PORTION = 3


class BrokenOff(Exception):
    """The process that erases ends here."""


@pytest.fixture
def kept(book: Book, monkeypatch: pytest.MonkeyPatch) -> Book:
    """A book with two persons, erased three rows at a time."""
    monkeypatch.setattr(erasing, "AT_ONCE", PORTION)
    keep_house(book)
    keep(book, GONE)
    keep(book, STAYS)
    return book


def _pays_again(unit: Unit, one: Person) -> str:
    """Another payment of the person, which has ended, with what we told of it."""
    uetr = new_uetr()
    unit.payments.add(payment_record(uetr, payment=replace(one.payment, uetr=uetr)))
    record = unit.payments.find(uetr)
    assert record is not None
    unit.payments.move(record, Event.REJECT, NOON, ())
    _tell(unit, uetr, one)
    return uetr


def _tell(unit: Unit, uetr: str, one: Person) -> None:
    body = f"<D><T>{one.name}</T><U>{uetr}</U></D>".encode()
    told = message_record(uetr, direction="out", name="camt.054.001.08", message_id=None, body=body)
    unit.messages.add(replace(told, uetr=None, digest=hashlib.sha256(body).digest()))


def _is_gone(book: Book, one: Person) -> bool:
    """Nothing that opens names the person: payments, messages about accounts, kept answers, aliases."""
    with book.view() as unit:
        rows = list(unit.payments.list(limit=200))
        told = b"".join(m.body for m in unit.statements.messages("camt.054.001.08", "out", None, 200))
        alias, account = unit.aliases.find(alias_of(one.phone)), unit.accounts.find(one.number)
    named = any(one.name in str(row.payment) for row in rows) or one.name.encode() in told
    return not named and alias is None and account is None


@contextmanager
def _longest_unit(book: Book) -> Iterator[list[int]]:
    """How many statements each unit has executed, by the writer's own connection."""
    counts: list[int] = [0]

    def executed(*_: Any) -> None:
        counts[-1] += 1

    def committed(*_: Any) -> None:
        counts.append(0)

    event.listen(book._writer, "before_cursor_execute", executed)
    event.listen(book._writer, "commit", committed)
    try:
        yield counts
    finally:
        event.remove(book._writer, "before_cursor_execute", executed)
        event.remove(book._writer, "commit", committed)


@pytest.mark.parametrize("payments", [4, 40])
def test_no_unit_is_longer_for_more_payments(kept: Book, payments: int) -> None:
    with kept.unit() as unit:
        for _ in range(payments):
            _pays_again(unit, GONE)
    with _longest_unit(kept) as counts:
        done = erase_customer(kept, GONE.number, NOON, "compliance")
    assert done == Erased(done.subject, payments + 1)  # type: ignore[union-attr]
    assert max(counts) <= 24, "a portion of three rows each, and the end, whatever there is to erase"
    assert _is_gone(kept, GONE)
    assert not _is_gone(kept, STAYS)
    with kept._reader.connect() as connection:
        left = "SELECT count(*) FROM payments WHERE file_key IS NOT NULL OR sealed IS NOT NULL"
        assert connection.execute(text(left)).scalar() == 1


def test_broken_off_anywhere_it_is_begun_again(kept: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    with kept.unit() as unit:
        for _ in range(5):
            _pays_again(unit, GONE)
    units, ended = Book.unit, False

    for allowed in range(1, 200):
        left = [allowed]

        def breaking(book: Book, left: list[int] = left) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise BrokenOff
            return units(book)

        monkeypatch.setattr(Book, "unit", breaking)
        try:
            done = erase_customer(kept, GONE.number, NOON, "compliance")
        except BrokenOff:
            continue
        finally:
            monkeypatch.setattr(Book, "unit", units)
        ended = True
        break
    assert ended
    assert isinstance(done, Erased | NotErased)
    assert _is_gone(kept, GONE)
    with kept._reader.connect() as connection:
        lost = "SELECT count(*) FROM payments WHERE file_key IS NOT NULL"
        assert connection.execute(text(lost)).scalar() == 1, "what a broken-off run had left is cleared"
    with kept.view() as view:
        assert len(view.erasing.list()) == 1
    assert not _is_gone(kept, STAYS)


def test_a_payment_that_comes_meanwhile_is_erased_too(kept: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep, came = erasure._sweep, list[str]()

    def meanwhile(*given: Any) -> Any:
        swept = sweep(*given)
        if not came:
            with kept.unit() as unit:
                came.append(_pays_again(unit, GONE))
        return swept

    monkeypatch.setattr(erasure, "_sweep", meanwhile)
    done = erase_customer(kept, GONE.number, NOON, "compliance")
    assert isinstance(done, Erased)
    assert done.payments == 2
    assert _is_gone(kept, GONE)


def test_what_is_told_and_answered_meanwhile_is_looked_at_in_the_end(
    kept: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement that was not there, and a request claimed before it was looked for and answered after."""
    slow = replace(REQUEST, key="slow")
    with kept.unit() as unit:
        unit.idempotency.claim(slow, "t", NOON, 60)
    lines = erasing.Erasing.forget_lines

    def meanwhile(steps: erasing.Erasing, uetrs: Any) -> None:
        lines(steps, uetrs)
        unit = Unit(steps._connection, kept.vault)
        _tell(unit, GONE.payment.uetr, GONE)
        unit.idempotency.keep(slow, "t", KeptAnswer(200, (), GONE.payment.uetr.encode()))

    monkeypatch.setattr(erasing.Erasing, "forget_lines", meanwhile)
    assert isinstance(erase_customer(kept, GONE.number, NOON, "compliance"), Erased)
    assert _is_gone(kept, GONE)
    with kept.unit() as unit:
        again = unit.idempotency.claim(slow, "t", NOON, 60)
    assert isinstance(again, KeptAnswer)
    assert GONE.payment.uetr.encode() not in again.body


def test_money_that_comes_meanwhile_keeps_the_key(kept: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing.Erasing, "_refusal", _Once())
    done = erase_customer(kept, GONE.number, NOON, "compliance")
    assert done == NotErased("something came")
    with kept.view() as unit:
        record = unit.payments.find(GONE.payment.uetr)
        assert record is not None
        assert record.payment.debtor.name == GONE.name
        assert unit.erasing.list() == []


class _Once:
    """Says nothing the first time, and then why not."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self, _target: erasing.Target) -> str | None:
        self._asked += 1
        return None if self._asked == 1 else "something came"


def test_a_payment_by_itself_goes_in_portions_too(kept: Book) -> None:
    with kept.unit() as unit:
        for number in range(20):
            _tell(unit, new_uetr(), replace(STAYS, name=f"Somebody {number}"))
    with _longest_unit(kept) as counts:
        assert erase_payment(kept, GONE.payment.uetr, NOON, "compliance") == Erased(GONE.payment.uetr, 1)
    assert max(counts) <= 24
    with kept.view() as unit:
        record = unit.payments.find(GONE.payment.uetr)
    assert record is not None
    assert record.payment.debtor.name == "erased"
