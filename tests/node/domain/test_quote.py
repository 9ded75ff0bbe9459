"""A quote fixes both amounts; what is rounded when it is made is rounded once, for the provider."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from node.domain.money import Currency, Money
from node.domain.quote import Quote, QuoteProblem, bought_for, cost_of, problem_with, rate

CNY, AED, JPY, BHD = Currency("CNY", 2), Currency("AED", 2), Currency("JPY", 0), Currency("BHD", 3)
NOW_S = 1_800_000_000

currencies = st.sampled_from([CNY, AED, JPY, BHD])
prices = st.fractions(Fraction(1, 10**6), 10**6, max_denominator=10**9)
spreads = st.integers(0, 500)
positive = st.integers(1, 2**128)


def _quote(sell: int = 10_000, buy: int = 5_050) -> Quote:
    return Quote(
        "id", provider="0xprovider", taker="0xtaker", sell=Money(sell, CNY), buy=Money(buy, AED), expiry_s=NOW_S
    )


def _problem(quote: Quote, now_s: int = NOW_S) -> QuoteProblem | None:
    return problem_with(quote, taker="0xtaker", sell=Money(10_000, CNY), buy=Money(5_050, AED), now_s=now_s)


def test_a_fitting_quote_serves_until_its_last_second() -> None:
    assert _problem(_quote(), NOW_S) is None
    assert _problem(_quote(), NOW_S + 1) is QuoteProblem.QUOTE_EXPIRED


def test_a_quote_for_other_amounts_does_not_serve() -> None:
    assert _problem(_quote(sell=10_001)) is QuoteProblem.QUOTE_AMOUNTS_DIFFER
    assert _problem(_quote(buy=5_049)) is QuoteProblem.QUOTE_AMOUNTS_DIFFER
    other_currency = replace(_quote(), buy=Money(5_050, BHD))
    assert _problem(other_currency) is QuoteProblem.QUOTE_AMOUNTS_DIFFER


def test_a_strangers_quote_is_named_as_such_before_anything_else() -> None:
    stranger = replace(_quote(sell=1), taker="0xoutsider")
    assert _problem(stranger, NOW_S + 1) is QuoteProblem.QUOTE_BELONGS_TO_ANOTHER_TAKER


def test_the_rate_is_in_major_units_whatever_the_minor_units_are() -> None:
    assert rate(_quote()) == Fraction(505, 1000)
    yen = replace(_quote(), sell=Money(100, JPY), buy=Money(2_500, BHD))
    assert rate(yen) == Fraction(25, 1000)


@given(positive, currencies, currencies, prices, spreads)
def test_what_is_bought_is_rounded_down_by_less_than_one_unit(
    minor: int, sold: Currency, bought: Currency, price: Fraction, spread_bps: int
) -> None:
    sell = Money(minor, sold)
    exact = Fraction(sell.decimal()) * price * Fraction(10_000 - spread_bps, 10_000)
    got = Fraction(bought_for(sell, price, spread_bps, bought).decimal())
    assert exact - Fraction(1, 10**bought.minor_units) < got <= exact


@given(positive, currencies, currencies, prices, spreads)
def test_what_it_costs_is_rounded_up_by_less_than_one_unit(
    minor: int, sold: Currency, bought: Currency, price: Fraction, spread_bps: int
) -> None:
    buy = Money(minor, bought)
    exact = Fraction(buy.decimal()) / (price * Fraction(10_000 - spread_bps, 10_000))
    cost = Fraction(cost_of(buy, price, spread_bps, sold).decimal())
    assert exact <= cost < exact + Fraction(1, 10**sold.minor_units)


@given(positive, currencies, currencies, prices, spreads)
def test_the_cost_of_an_amount_buys_at_least_that_amount(
    minor: int, sold: Currency, bought: Currency, price: Fraction, spread_bps: int
) -> None:
    buy = Money(minor, bought)
    cost = cost_of(buy, price, spread_bps, sold)
    assert buy <= bought_for(cost, price, spread_bps, bought)
    one_less = Money(cost.minor - 1, sold)
    assert bought_for(one_less, price, spread_bps, bought) < buy


@given(positive, prices, spreads)
def test_a_round_trip_never_earns_the_taker_anything(minor: int, price: Fraction, spread_bps: int) -> None:
    there = bought_for(Money(minor, CNY), price, spread_bps, AED)
    back = bought_for(there, 1 / price, spread_bps, CNY)
    assert back.minor <= minor


@given(positive, prices, st.integers(0, 499))
def test_a_wider_spread_never_buys_more(minor: int, price: Fraction, spread_bps: int) -> None:
    narrow = bought_for(Money(minor, CNY), price, spread_bps, AED)
    assert bought_for(Money(minor, CNY), price, spread_bps + 1, AED) <= narrow
