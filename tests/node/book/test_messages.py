"""Messages are kept to the byte, and a counterparty's message identification names one message."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from node.book.book import Book
from node.book.records import MessageIdTaken
from tests.node.book.making import message_record, new_uetr, payment_record


@pytest.fixture
def uetr(book: Book) -> str:
    record = payment_record()
    with book.unit() as unit:
        unit.payments.add(record)
    return record.uetr


def test_messages_come_back_to_the_byte_and_in_order(book: Book, uetr: str) -> None:
    received = message_record(uetr, body=bytes(range(256)) * 100)
    sent = message_record(uetr, direction="out", counterparty="BANKAEADXXX", message_id=None)
    with book.unit() as unit:
        unit.messages.add(received)
        unit.messages.add(sent)
    with book.view() as view:
        assert view.messages.of(uetr) == [received, sent]
        assert view.messages.of(new_uetr()) == []


def test_an_identification_is_a_counterpartys_once(book: Book, uetr: str) -> None:
    first = message_record(uetr)
    with book.unit() as unit:
        unit.messages.add(first)
        with pytest.raises(MessageIdTaken, match=r"back-office: MSG-"):
            unit.messages.add(message_record(uetr, body=b"another"))
        unit.messages.add(message_record(uetr, counterparty="BANKAEADXXX"))
    with book.view() as view:
        assert view.messages.find_inbound("back-office", str(first.message_id)) == first
        assert view.messages.find_inbound("BANKCNSHXXX", str(first.message_id)) is None
        assert len(view.messages.of(uetr)) == 2


def test_what_we_send_or_what_has_no_identification_is_not_compared(book: Book, uetr: str) -> None:
    with book.unit() as unit:
        for _ in range(2):
            unit.messages.add(message_record(uetr, direction="out"))
            unit.messages.add(message_record(uetr, message_id=None))
            unit.messages.add(message_record(uetr, message_id=""))
        assert unit.messages.find_inbound("back-office", "") is None
        assert unit.messages.find_inbound("back-office", None) is None
        assert len(unit.messages.of(uetr)) == 6


def test_a_message_belongs_to_a_payment_and_has_a_direction(book: Book, uetr: str) -> None:
    with book.unit() as unit:
        with pytest.raises(IntegrityError):
            unit.messages.add(message_record(new_uetr()))
        with pytest.raises(IntegrityError):
            unit.messages.add(message_record(uetr, direction="up"))


def test_finding_by_identification_uses_its_index(sqlite_book: Book) -> None:
    """A partial index serves only a query in its own words."""
    statements: list[str] = []
    with sqlite_book.view() as view:
        connection = view.messages._connection.connection
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_trace_callback(statements.append)
        view.messages.find_inbound("back-office", "MSG-1")
        raw.set_trace_callback(None)
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {statements[-1]}")).all()
    assert "USING INDEX uq_messages_inbound" in str(plan)
