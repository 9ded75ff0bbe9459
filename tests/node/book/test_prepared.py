"""A prepared statement gives what any other gives: the same rows and errors, by the same types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, PendingRollbackError, ResourceClosedError

from node.book.book import Book, Unit
from node.book.prepared import Hand, Prepared
from node.book.tables import accounts, lanes, payments
from node.domain.lifecycle import State
from tests.node.book.making import payment_record

LANE = "0x" + "1" * 40
_ADD = insert(lanes)
_FIND = select(lanes).where(lanes.c.lane == bindparam("wanted"))
_CHANGE = update(lanes).where(lanes.c.lane == bindparam("wanted"))


def hand_of(unit: Unit) -> Hand:
    return unit.payments._connection


def test_rows_are_what_sqlalchemy_gives(book: Book) -> None:
    record = payment_record()
    wanted = select(payments).where(payments.c.uetr == bindparam("wanted"))
    with book.unit() as unit:
        unit.payments.add(record)
        hand = hand_of(unit)
        plain = hand.execute(wanted, {"wanted": record.uetr}).one_or_none()
        prepared = hand.execute(Prepared(wanted), {"wanted": record.uetr}).one_or_none()
    assert tuple(plain) == tuple(prepared)
    assert prepared.state is State.RECEIVED
    assert prepared.received_at == record.received_at
    assert isinstance(prepared.received_at, datetime)
    assert prepared.received_at.tzinfo is UTC


def test_inserting_tells_the_row_and_changing_how_many(book: Book) -> None:
    add, change, find = Prepared(_ADD), Prepared(_CHANGE), Prepared(_FIND)
    with book.unit() as unit:
        hand = hand_of(unit)
        row = hand.execute(add, {"lane": LANE, "next_nonce": 1, "first_nonce": 0})
        assert row.inserted_primary_key[0] == hand.scalar(find, {"wanted": LANE})
        assert hand.execute(change, {"wanted": LANE, "next_nonce": 5}).rowcount == 1
        assert hand.execute(change, {"wanted": LANE, "stopped": "why"}).rowcount == 1, "other columns this time"
        assert hand.execute(change, {"wanted": "0x", "next_nonce": 5}).rowcount == 0
        found = hand.execute(find, {"wanted": LANE}).first()
    assert (found.next_nonce, found.first_nonce, found.stopped) == (5, 0, "why")


def test_a_broken_constraint_is_an_integrity_error_and_undoes_only_its_statement(book: Book) -> None:
    add = Prepared(_ADD)
    row = {"lane": LANE, "next_nonce": 1, "first_nonce": 0}
    with book.unit() as unit:
        hand = hand_of(unit)
        hand.execute(add, row)
        with pytest.raises(IntegrityError), hand.begin_nested():
            hand.execute(add, row)
    with book.view() as unit:
        assert unit.lanes.find(LANE) is not None


def test_errors_do_not_show_parameters(sqlite_book: Book) -> None:
    with pytest.raises(IntegrityError) as caught, sqlite_book.unit() as unit:
        hand_of(unit).execute(Prepared(insert(accounts)), {"number": "6228901020030040051", "holder": "Li Wei"})
    assert "Li Wei" not in str(caught.value)


def test_after_its_unit_a_hand_writes_nothing(book: Book) -> None:
    with book.unit() as unit:
        hand = hand_of(unit)
    with book.unit(), pytest.raises(ResourceClosedError):
        hand.execute(Prepared(_ADD), {"lane": LANE, "next_nonce": 1, "first_nonce": 0})


def test_a_unit_that_the_database_has_undone_writes_nothing(sqlite_book: Book) -> None:
    """Without this, what follows would be committed statement by statement."""

    def undone(unit: Unit) -> None:
        hand = hand_of(unit)
        hand.connection.exec_driver_sql("ROLLBACK")
        hand.execute(Prepared(_ADD), {"lane": LANE, "next_nonce": 1, "first_nonce": 0})

    with pytest.raises(PendingRollbackError), sqlite_book.unit() as unit:
        undone(unit)
    with sqlite_book.view() as unit:
        assert unit.lanes.find(LANE) is None


@pytest.mark.parametrize(
    "statement",
    [
        lambda: select(payments).where(payments.c.uetr.in_(["a", "b"])),
        lambda: select(payments).where(payments.c.uetr.in_(bindparam("wanted", expanding=True))),
    ],
)
def test_a_text_that_changes_with_its_parameters_is_no_prepared_one(
    sqlite_book: Book, statement: Callable[[], object]
) -> None:
    with sqlite_book.view() as unit, pytest.raises(TypeError, match="cannot be prepared"):
        hand_of(unit).execute(Prepared(statement()), {"wanted": ["a"]})  # type: ignore[arg-type]
