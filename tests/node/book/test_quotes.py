"""A quote serves one payment, and what we have promised in open quotes is counted until it expires."""

from __future__ import annotations

from dataclasses import replace

from node.book.book import Book
from node.book.records import QuoteDirection, QuoteRecord, QuoteStatus
from tests.node.book.making import NOW_S, new_uetr, quote_record


def _expiring(record: QuoteRecord, expiry_s: int) -> QuoteRecord:
    return replace(record, quote=replace(record.quote, expiry_s=expiry_s))


def test_a_quote_comes_back_as_it_was_kept(book: Book) -> None:
    record = quote_record(2**256 - 1, direction=QuoteDirection.TAKEN)
    with book.unit() as unit:
        assert unit.quotes.add(record)
        assert unit.quotes.find(record.quote.quote_id) == record
        assert unit.quotes.find(new_uetr()) is None


def test_an_id_is_kept_once_and_the_first_stays(book: Book) -> None:
    first = quote_record()
    other = replace(first, quote=replace(first.quote, buy=first.quote.sell))
    with book.unit() as unit:
        assert unit.quotes.add(first)
        assert not unit.quotes.add(other)
        assert unit.quotes.find(first.quote.quote_id) == first


def test_a_quote_is_one_payments(book: Book) -> None:
    record, uetr = quote_record(), new_uetr()
    quote_id = record.quote.quote_id
    with book.unit() as unit:
        unit.quotes.add(record)
        assert unit.quotes.mark_used(quote_id, uetr)
        assert unit.quotes.mark_used(quote_id, uetr)
        assert not unit.quotes.mark_used(quote_id, new_uetr())
        assert not unit.quotes.mark_used(new_uetr(), uetr)
        assert unit.quotes.find(quote_id) == replace(record, status=QuoteStatus.USED, uetr=uetr)


def test_a_fraction_of_a_second_after_its_last_a_quote_is_over(book: Book) -> None:
    """On no database is the clock rounded to the whole seconds of the column."""
    expiry_s = int(NOW_S)
    record = _expiring(replace(quote_record(7), direction=QuoteDirection.GIVEN), expiry_s)
    with book.unit() as unit:
        unit.quotes.add(record)
        for now_s, good in ((expiry_s - 0.75, True), (expiry_s - 0.25, True), (expiry_s + 0.25, False)):
            assert bool(unit.quotes.open_given(record.quote.taker, now_s)) is good
            assert bool(unit.quotes.reserved_inventory(record.quote.buy.currency.code, now_s)) is good
        assert unit.quotes.expire(expiry_s - 0.25) == 0
        assert unit.quotes.expire(expiry_s + 0.25) == 1


def test_open_quotes_expire_after_their_last_second(book: Book) -> None:
    now_s = int(NOW_S)
    late, exact, used = (
        _expiring(quote_record(), now_s - 1),
        _expiring(quote_record(), now_s),
        _expiring(quote_record(), now_s - 1),
    )
    with book.unit() as unit:
        for record in (late, exact, used):
            unit.quotes.add(record)
        unit.quotes.mark_used(used.quote.quote_id, new_uetr())
        assert unit.quotes.expire(now_s) == 1
        assert unit.quotes.expire(now_s) == 0
        found = [unit.quotes.find(record.quote.quote_id) for record in (late, exact, used)]
        assert [record.status for record in found if record] == [
            QuoteStatus.EXPIRED,
            QuoteStatus.OPEN,
            QuoteStatus.USED,
        ]
        assert unit.quotes.mark_used(late.quote.quote_id, new_uetr())


def test_promised_money_is_what_open_given_quotes_buy(book: Book) -> None:
    now_s = int(NOW_S)
    used = quote_record(1_000)
    with book.unit() as unit:
        assert unit.quotes.reserved_inventory("AED", now_s) == 0
        unit.quotes.add(quote_record(2**255))
        unit.quotes.add(_expiring(quote_record(7), now_s))
        unit.quotes.add(_expiring(quote_record(100), now_s - 1))
        unit.quotes.add(quote_record(10_000, direction=QuoteDirection.TAKEN))
        unit.quotes.add(used)
        unit.quotes.mark_used(used.quote.quote_id, new_uetr())
        assert unit.quotes.reserved_inventory("AED", now_s) == 2**255 + 7
        assert unit.quotes.reserved_inventory("CNY", now_s) == 0
