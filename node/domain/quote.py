"""A firm quote fixes both integer amounts of an exchange, so that nothing is rounded afterwards.

It is single use, made for one taker, and dead at its expiry by the chain's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from node.domain.money import Currency, Money


@dataclass(frozen=True)
class Quote:
    """What an FX provider promises: it takes `sell` from the taker and gives `buy`, until `expiry_s`.

    `sell` and `buy` are seen from the taker. Addresses are the settlement accounts of the two participants;
    `expiry_s` is unix time in seconds.
    """

    quote_id: str
    provider: str
    taker: str
    sell: Money
    buy: Money
    expiry_s: int


@dataclass(frozen=True)
class SignedQuote:
    """A quote with the provider's 65-byte EIP-712 signature."""

    quote: Quote
    signature: bytes


class QuoteProblem(Enum):
    """Why a quote does not serve a payment, in the order in which it is checked."""

    QUOTE_BELONGS_TO_ANOTHER_TAKER = "quote belongs to another taker"
    QUOTE_EXPIRED = "quote expired"
    QUOTE_AMOUNTS_DIFFER = "quote was made for other amounts"


def problem_with(quote: Quote, *, taker: str, sell: Money, buy: Money, now_s: int) -> QuoteProblem | None:
    """The first thing wrong with using this quote for these legs now, or None."""
    if quote.taker != taker:
        return QuoteProblem.QUOTE_BELONGS_TO_ANOTHER_TAKER
    if quote.expiry_s < now_s:
        return QuoteProblem.QUOTE_EXPIRED
    if quote.sell != sell or quote.buy != buy:
        return QuoteProblem.QUOTE_AMOUNTS_DIFFER
    return None


def rate(quote: Quote) -> Fraction:
    """Units of the bought currency for one unit of the sold, in major units, exact."""
    return Fraction(quote.buy.decimal()) / Fraction(quote.sell.decimal())


def bought_for(sell: Money, price: Fraction, spread_bps: int, currency: Currency) -> Money:
    """What `sell` buys at `price` (major units of `currency` per major unit sold) less the spread, rounded down.

    Rounding is in the provider's favour, by less than one minor unit.
    """
    exact = Fraction(sell.decimal()) * price * Fraction(10_000 - spread_bps, 10_000)
    return Money(int(exact * 10**currency.minor_units), currency)


def cost_of(buy: Money, price: Fraction, spread_bps: int, currency: Currency) -> Money:
    """What must be sold (in `currency`) to receive `buy` at `price` less the spread, rounded up."""
    exact = Fraction(buy.decimal()) / (price * Fraction(10_000 - spread_bps, 10_000))
    scaled = exact * 10**currency.minor_units
    return Money(-(-scaled.numerator // scaled.denominator), currency)
