"""Money is exact at any size, and currencies never mix."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from node.domain.money import Currency, CurrencyMismatch, Money, TooManyDecimals, money, total

CNY, JPY, BHD, CLF = Currency("CNY", 2), Currency("JPY", 0), Currency("BHD", 3), Currency("CLF", 4)

currencies = st.sampled_from([CNY, JPY, BHD, CLF, Currency("XAU", 18)])
minors = st.integers(-(2**256), 2**256)
moneys = st.builds(Money, minors, currencies)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("10.50", CNY, 1050),
        ("10.5", CNY, 1050),
        ("10", JPY, 10),
        ("1.234", BHD, 1234),
        ("0.0001", CLF, 1),
        ("-0.01", CNY, -1),
        ("1E+3", CNY, 100_000),
        ("99999999999999999999999999999999999999.99", CNY, 10**40 - 1),
    ],
)
def test_amounts_in_major_units_become_minor_units(amount: str, currency: Currency, minor: int) -> None:
    assert money(amount, currency) == Money(minor, currency)
    assert money(Decimal(amount), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.001", CNY), ("0.1", JPY), ("1.2345", BHD), ("1." + "0" * 60 + "1", CNY)]
)
def test_a_fraction_finer_than_the_minor_unit_is_refused_not_rounded(amount: str, currency: Currency) -> None:
    with pytest.raises(TooManyDecimals):
        money(amount, currency)


@given(moneys)
def test_every_way_of_writing_an_amount_leads_back_to_it(amount: Money) -> None:
    assert money(amount.decimal(), amount.currency) == amount
    assert money(amount.plain(), amount.currency) == amount
    code, grouped = str(amount).split(" ")
    assert code == amount.currency.code
    assert money(grouped.replace(",", ""), amount.currency) == amount


@given(moneys)
def test_the_currency_decides_how_many_decimals_are_written(amount: Money) -> None:
    _, _, decimals = amount.plain().partition(".")
    assert len(decimals) == amount.currency.minor_units


@given(minors, minors, currencies)
def test_sums_and_differences_are_exact_at_any_size(first: int, second: int, currency: Currency) -> None:
    one, other = Money(first, currency), Money(second, currency)
    assert (one + other).minor == first + second
    assert (one + other) - other == one
    assert Fraction((one - other).decimal()) == Fraction(one.decimal()) - Fraction(other.decimal())


@given(minors, minors, currencies)
def test_amounts_of_one_currency_are_ordered_like_their_minor_units(
    first: int, second: int, currency: Currency
) -> None:
    one, other = Money(first, currency), Money(second, currency)
    assert (one < other, one <= other, one > other, one >= other) == (
        first < second,
        first <= second,
        first > second,
        first >= second,
    )


@given(moneys, moneys)
def test_two_currencies_never_mix(one: Money, other: Money) -> None:
    assume(one.currency != other.currency)
    assert one != other
    for combine in (
        lambda: one + other,
        lambda: one - other,
        lambda: one < other,
        lambda: one <= other,
        lambda: total([one, other], one.currency),
    ):
        with pytest.raises(CurrencyMismatch):
            combine()


def test_one_code_with_other_decimals_is_another_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, Currency("CNY", 2)) + Money(1, Currency("CNY", 3))


@given(st.lists(minors), currencies)
def test_a_total_is_the_sum_and_zero_for_none(amounts: list[int], currency: Currency) -> None:
    assert total((Money(minor, currency) for minor in amounts), currency) == Money(sum(amounts), currency)


def test_people_read_amounts_with_code_and_groups() -> None:
    assert str(Money(1_000_050, CNY)) == "CNY 10,000.50"
    assert str(Money(-5, JPY)) == "JPY -5"
    assert Money(1_000_050, CNY).plain() == "10000.50"
