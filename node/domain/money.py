"""Money is an integer count of a currency's minor units, with the currency beside it.

There is no float and no bare amount anywhere: two moneys of different currencies cannot even be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, order=True)
class Currency:
    """A currency by its ISO 4217 code, with the number of decimals of its minor unit (CNY 2, JPY 0)."""

    code: str
    minor_units: int


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added, subtracted or compared."""


class TooManyDecimals(ValueError):
    """The amount has a finer fraction than the currency's minor unit can hold."""


@dataclass(frozen=True)
class Money:
    """An amount of `minor` minor units of `currency`; `Money(1050, CNY)` is ten yuan fifty.

    Negative amounts are values too (a posting can be one); it is for the caller to refuse them.
    """

    minor: int
    currency: Currency

    def __add__(self, other: Money) -> Money:
        """Sum of two amounts of one currency; raises CurrencyMismatch otherwise."""
        self._require_same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        """Difference of two amounts of one currency; raises CurrencyMismatch otherwise."""
        self._require_same(other)
        return Money(self.minor - other.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        """Order within one currency; raises CurrencyMismatch otherwise."""
        self._require_same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        """Order within one currency; raises CurrencyMismatch otherwise."""
        self._require_same(other)
        return self.minor <= other.minor

    def __str__(self) -> str:
        """For people: `CNY 10,000.50`, always with the currency's own number of decimals."""
        return f"{self.currency.code} {self.decimal():,.{self.currency.minor_units}f}"

    def decimal(self) -> Decimal:
        """The amount in major units, exact: `Money(1050, CNY)` gives `Decimal("10.50")`."""
        digits = tuple(int(digit) for digit in str(abs(self.minor)))
        return Decimal((int(self.minor < 0), digits, -self.currency.minor_units))

    def plain(self) -> str:
        """The amount as ISO 20022 writes it: `10000.50`, no grouping, the currency's decimals."""
        return f"{self.decimal():.{self.currency.minor_units}f}"

    def _require_same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency.code} and {other.currency.code} cannot be combined")


def money(amount: Decimal | str, currency: Currency) -> Money:
    """Money from an amount in major units, exactly.

    Raises TooManyDecimals when the amount is finer than the minor unit: nothing is ever rounded here.

    >>> money("10.50", Currency("CNY", 2)).minor
    1050
    """
    scaled = Fraction(amount) * 10**currency.minor_units
    if scaled.denominator != 1:
        raise TooManyDecimals(f"{amount} is finer than the {currency.minor_units} decimals of {currency.code}")
    return Money(int(scaled), currency)


def total(amounts: Iterable[Money], currency: Currency) -> Money:
    """Sum of amounts of one currency, zero for none; raises CurrencyMismatch for a stranger among them."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result
