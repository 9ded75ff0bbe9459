"""Balances change by entries only, an entry is booked once, and money is set aside only where there is enough."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from node.book.book import Book, Unit
from node.book.records import (
    AccountKind,
    AccountStatus,
    CashAccountRecord,
    EntryConflict,
    EntryRecord,
    ReservationRecord,
    UnknownAccount,
)
from node.domain.money import Currency, CurrencyMismatch, Money
from node.domain.party import AccountScheme
from tests.node.book.making import NOON, account_record, new_uetr, payment_record
from tests.node.domain.payments import AED, CNY

LARGEST = 2**256 - 1


def _post(
    unit: Unit, number: str, minor: int, log_index: int = 0, text: str = "credit", uetr: str | None = None
) -> bool:
    return unit.accounts.post(
        number,
        Money(minor, CNY),
        uetr=uetr,
        transaction_hash="0xhash",
        block_number=1,
        log_index=log_index,
        text=text,
        at=NOON,
    )


def _payment(unit: Unit) -> str:
    record = payment_record()
    unit.payments.add(record)
    return record.uetr


def _known(unit: Unit, number: str) -> CashAccountRecord:
    account = unit.accounts.find(number)
    assert account is not None
    return account


def test_an_account_comes_back_as_it_was_opened(book: Book) -> None:
    record = account_record(
        "AE070331234567890123456",
        AED,
        scheme=AccountScheme.IBAN,
        status=AccountStatus.BLOCKED,
        wallet_address="0x" + "ab" * 20,
    )
    with book.unit() as unit:
        assert unit.accounts.open(record)
        assert unit.accounts.find(record.number) == record
        assert unit.accounts.find("another") is None


def test_a_number_is_opened_once(book: Book) -> None:
    with book.unit() as unit:
        assert unit.accounts.open(account_record("A"))
        assert _post(unit, "A", 5)
        assert not unit.accounts.open(account_record("A", AED))
        assert _known(unit, "A").balance == Money(5, CNY)


@pytest.mark.parametrize(
    "change", [{"balance": Money(1, CNY)}, {"reserved": Money(1, CNY)}, {"balance": Money(0, AED)}]
)
def test_an_account_is_opened_empty(book: Book, change: dict[str, Any]) -> None:
    with book.unit() as unit, pytest.raises(ValueError, match="empty"):
        unit.accounts.open(account_record("A", **change))


def test_our_own_account_is_opened_on_first_use(book: Book) -> None:
    with book.unit() as unit:
        own = unit.accounts.own(CNY)
        assert (own.number, own.kind, own.balance) == ("OWN-CNY", AccountKind.OWN, Money(0, CNY))
        assert unit.accounts.own(CNY) == own
        assert unit.accounts.own(AED).currency == AED
        assert [account.number for account in unit.accounts.list()] == ["OWN-CNY", "OWN-AED"]


def test_totals_are_by_currency_and_exact_at_256_bits(book: Book) -> None:
    xau = Currency("XAU", 18)
    with book.unit() as unit:
        for number in ("A", "B"):
            unit.accounts.open(account_record(number))
            assert _post(unit, number, LARGEST)
        unit.accounts.open(account_record("C", xau))
        assert unit.accounts.booked_totals() == {"CNY": 2 * LARGEST, "XAU": 0}
        assert _post(unit, "A", -LARGEST, 1)
        assert _post(unit, "B", 1, 2)
    with book.view() as view:
        assert view.accounts.booked_totals() == {"CNY": LARGEST + 1, "XAU": 0}
        assert _known(view, "B").available == Money(LARGEST + 1, CNY)


def test_an_entry_is_booked_once_however_often_its_log_is_read(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        unit.accounts.open(account_record("B"))
        assert _post(unit, "A", 10)
    with book.unit() as unit:
        assert not _post(unit, "A", 10)
        assert _post(unit, "A", 1, log_index=1)
        assert _post(unit, "A", 2, text="charges")
        assert _post(unit, "B", 3)
        assert _known(unit, "A").balance == Money(13, CNY)
        assert len(unit.accounts.entries("A")) == 3


def test_the_same_entry_with_another_amount_is_a_contradiction(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        assert _post(unit, "A", 10)
        with pytest.raises(EntryConflict, match="booked 10, now 11"):
            _post(unit, "A", 11)


def test_entries_say_where_they_come_from_and_the_newest_is_first(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        uetr = _payment(unit)
        _post(unit, "A", 10)
        _post(unit, "A", -4, 1, "credit transfer", uetr)
        newest = EntryRecord("A", Money(-4, CNY), uetr, "0xhash", 1, 1, "credit transfer", NOON)
        assert unit.accounts.entries("A", limit=1) == [newest]
        assert [entry.amount.minor for entry in unit.accounts.entries("A")] == [-4, 10]


def test_the_chain_is_not_asked_for_leave(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        assert _post(unit, "A", -1)
        assert _known(unit, "A").balance == Money(-1, CNY)
        assert not unit.accounts.reserve(_payment(unit), "A", Money(1, CNY))


def test_money_is_set_aside_once_and_given_back_once(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        _post(unit, "A", 100)
        first, second = _payment(unit), _payment(unit)
        assert unit.accounts.reserve(first, "A", Money(60, CNY))
        assert unit.accounts.reserve(first, "A", Money(60, CNY))
        assert not unit.accounts.reserve(second, "A", Money(41, CNY))
        assert unit.accounts.reserve(second, "A", Money(40, CNY))
        assert _known(unit, "A").available == Money(0, CNY)
        assert unit.accounts.reservation(first) == ReservationRecord(first, "A", Money(60, CNY))
        for _ in range(2):
            unit.accounts.release(first)
            assert _known(unit, "A").reserved == Money(40, CNY)
        assert unit.accounts.reservation(first) is None
        assert _known(unit, "A").balance == Money(100, CNY)


def test_reserving_what_makes_no_sense_is_an_error(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        _post(unit, "A", 100)
        uetr = _payment(unit)
        with pytest.raises(UnknownAccount):
            unit.accounts.reserve(uetr, "another", Money(1, CNY))
        with pytest.raises(CurrencyMismatch):
            unit.accounts.reserve(uetr, "A", Money(1, AED))
        for minor in (0, -1):
            with pytest.raises(ValueError, match="cannot reserve"):
                unit.accounts.reserve(uetr, "A", Money(minor, CNY))
        assert unit.accounts.reserve(uetr, "A", Money(1, CNY))
        with pytest.raises(ValueError, match=r"has reserved CNY 0\.01"):
            unit.accounts.reserve(uetr, "A", Money(2, CNY))


def test_only_a_payment_in_the_book_can_reserve(book: Book) -> None:
    def reserve() -> None:
        with book.unit() as unit:
            unit.accounts.open(account_record("A"))
            _post(unit, "A", 100)
            unit.accounts.reserve(new_uetr(), "A", Money(1, CNY))

    with pytest.raises(IntegrityError):
        reserve()
    with book.view() as view:
        assert view.accounts.list() == []


def test_booking_in_a_wrong_currency_or_on_no_account_is_an_error(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A", AED))
        with pytest.raises(CurrencyMismatch):
            _post(unit, "A", 1)
        with pytest.raises(UnknownAccount):
            _post(unit, "another", 1)
        with pytest.raises(UnknownAccount):
            unit.accounts.entries("another")


def test_a_transfer_inside_the_book_moves_both_sides_once(book: Book) -> None:
    with book.unit() as unit:
        own = unit.accounts.own(CNY).number
        unit.accounts.open(account_record("A"))
        _post(unit, own, 100)

        def transfer(minor: int, reference: str) -> bool:
            return unit.accounts.transfer(
                own, "A", Money(minor, CNY), reference=reference, text="opening balance", at=NOON
            )

        assert transfer(70, "opening-A")
        assert transfer(70, "opening-A")
        assert not transfer(31, "more")
        assert (_known(unit, own).balance.minor, _known(unit, "A").balance.minor) == (30, 70)
        assert unit.accounts.entries("A") == [
            EntryRecord("A", Money(70, CNY), None, None, None, None, "opening balance", NOON)
        ]
        assert len(unit.accounts.entries(own)) == 2
        with pytest.raises(EntryConflict):
            transfer(71, "opening-A")
        with pytest.raises(ValueError, match="cannot transfer"):
            transfer(0, "nothing")


def test_reserved_money_cannot_be_transferred(book: Book) -> None:
    with book.unit() as unit:
        for number in ("A", "B"):
            unit.accounts.open(account_record(number))
        _post(unit, "A", 100)
        assert unit.accounts.reserve(_payment(unit), "A", Money(60, CNY))
        assert not unit.accounts.transfer("A", "B", Money(41, CNY), reference="r", text="t", at=NOON)
        assert unit.accounts.transfer("A", "B", Money(40, CNY), reference="r", text="t", at=NOON)


def test_a_blocked_account_keeps_what_it_holds(book: Book) -> None:
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        _post(unit, "A", 100)
        assert unit.accounts.reserve(_payment(unit), "A", Money(60, CNY))
        before = _known(unit, "A")
        unit.accounts.set_status("A", AccountStatus.BLOCKED)
        assert _known(unit, "A") == replace(before, status=AccountStatus.BLOCKED)
        with pytest.raises(UnknownAccount):
            unit.accounts.set_status("another", AccountStatus.CLOSED)


def test_20_threads_cannot_reserve_more_than_there_is(book: Book) -> None:
    start = Barrier(20)
    with book.unit() as unit:
        unit.accounts.open(account_record("A"))
        _post(unit, "A", 100)
        uetrs = [_payment(unit) for _ in range(20)]

    def reserve(uetr: str) -> bool:
        start.wait()
        with book.unit() as unit:
            return unit.accounts.reserve(uetr, "A", Money(15, CNY))

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(reserve, uetrs)).count(True) == 6
    with book.view() as view:
        assert _known(view, "A").available == Money(10, CNY)
