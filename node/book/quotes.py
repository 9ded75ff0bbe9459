"""Firm quotes in the book: given by us as FX provider, or taken from one; each serves one payment."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from node.book.records import QuoteDirection, QuoteRecord, QuoteStatus
from node.book.tables import quotes
from node.domain.money import Currency, Money
from node.domain.quote import Quote


class Quotes:
    """The quotes of a unit."""

    def __init__(self, connection: Connection) -> None:
        """Made by Unit."""
        self._connection = connection

    def add(self, record: QuoteRecord) -> bool:
        """Keep a quote; False where its id is known already, and then what is kept stays as it is."""
        if self.find(record.quote.quote_id) is not None:
            return False
        self._connection.execute(insert(quotes), _row(record))
        return True

    def find(self, quote_id: str) -> QuoteRecord | None:
        """The quote of this id."""
        query = select(quotes).where(quotes.c.quote_id == quote_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def mark_used(self, quote_id: str, uetr: str) -> bool:
        """Note which payment uses a quote; False where the quote is unknown or another payment's.

        An expired quote can still be marked: the chain's clock decides, and it may have been a little behind.
        """
        kept = self.find(quote_id)
        if kept is None or kept.uetr not in (None, uetr):
            return False
        self._connection.execute(
            update(quotes).where(quotes.c.quote_id == quote_id).values(status=QuoteStatus.USED, uetr=uetr)
        )
        return True

    def expire(self, now_s: float) -> int:
        """Mark open quotes past their expiry (unix time) as expired; returns how many."""
        result = self._connection.execute(
            update(quotes)
            .where(quotes.c.status == QuoteStatus.OPEN, quotes.c.expiry_s < now_s)
            .values(status=QuoteStatus.EXPIRED)
        )
        return result.rowcount

    def open_given(self, taker: str, now_s: float) -> int:
        """How many quotes of ours this taker holds that are still good."""
        query = (
            select(func.count())
            .select_from(quotes)
            .where(
                quotes.c.status == QuoteStatus.OPEN,
                quotes.c.expiry_s >= now_s,
                quotes.c.direction == QuoteDirection.GIVEN,
                quotes.c.taker == taker,
            )
        )
        return int(self._connection.scalar(query) or 0)

    def reserved_inventory(self, currency_code: str, now_s: float) -> int:
        """What quotes we have given and that are still good may make us pay in this currency, in minor units."""
        query = select(quotes.c.buy_amount).where(
            quotes.c.status == QuoteStatus.OPEN,
            quotes.c.expiry_s >= now_s,
            quotes.c.direction == QuoteDirection.GIVEN,
            quotes.c.buy_currency == currency_code,
        )
        return sum(self._connection.scalars(query))


def _row(record: QuoteRecord) -> dict[str, Any]:
    quote = record.quote
    return {
        "quote_id": quote.quote_id,
        "provider": quote.provider,
        "taker": quote.taker,
        "sell_amount": quote.sell.minor,
        "sell_currency": quote.sell.currency.code,
        "sell_minor_units": quote.sell.currency.minor_units,
        "buy_amount": quote.buy.minor,
        "buy_currency": quote.buy.currency.code,
        "buy_minor_units": quote.buy.currency.minor_units,
        "expiry_s": quote.expiry_s,
        "signature": record.signature,
        "provider_bic": record.provider_bic,
        "direction": record.direction,
        "status": record.status,
        "uetr": record.uetr,
        "created_at": record.created_at,
    }


def _record(row: Row[Any]) -> QuoteRecord:
    return QuoteRecord(
        quote=Quote(
            quote_id=row.quote_id,
            provider=row.provider,
            taker=row.taker,
            sell=Money(row.sell_amount, Currency(row.sell_currency, row.sell_minor_units)),
            buy=Money(row.buy_amount, Currency(row.buy_currency, row.buy_minor_units)),
            expiry_s=row.expiry_s,
        ),
        signature=row.signature,
        provider_bic=row.provider_bic,
        direction=row.direction,
        status=row.status,
        uetr=row.uetr,
        created_at=row.created_at,
    )
