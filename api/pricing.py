"""The price book of an FX provider, from its settings: rates, their source, spreads by amount, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import httpx

from api.iso20022.reference_data import currencies
from api.rate_sources import FreshRates, file_source, http_source
from node.domain.money import money
from node.settlement.ports import Clock
from node.settlement.terms import PriceBook, SpreadTier

_KNOWN: Final = frozenset({"rates_file", "rates_url", "oldest_rates_s", "tiers", "kept_back", "most_open_quotes"})
_OLDEST_S: Final = 60.0


class BadPricing(ValueError):
    """Settings from which no price book can be made; the text says which and why."""


def price_book(
    prices: Mapping[str, str],
    spread_bps: int,
    said: Mapping[str, Any],
    folder: Path,
    http: httpx.Client,
    clock: Clock,
) -> PriceBook | None:
    """The price book, None for an institution that quotes nothing.

    `said` is `pricing` in the description: `rates_file` (beside the description) or `rates_url`, with
    `oldest_rates_s`; `tiers`, such as `{"CNY": {"1000000.00": 10}}`, basis points from so much sold on;
    `kept_back`, such as `{"AED": "50000.00"}`; `most_open_quotes` per taker. Raises BadPricing.
    """
    strangers = said.keys() - _KNOWN
    if strangers:
        raise BadPricing(f"there is no {', '.join(sorted(strangers))}; there are {', '.join(sorted(_KNOWN))}")
    source = _source(said, folder, http, clock)
    if not prices and source is None:
        return None
    try:
        book = PriceBook(
            {_pair(pair): Fraction(price) for pair, price in prices.items()}, spread_bps, source=source
        )
        return replace(
            book,
            tiers={code: _tiers(code, tiers) for code, tiers in said.get("tiers", {}).items()},
            kept_back={code: _minor(code, text) for code, text in said.get("kept_back", {}).items()},
            most_open_quotes=_count(said.get("most_open_quotes", book.most_open_quotes)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise BadPricing(f"{type(fault).__name__}: {fault}") from None


def _source(said: Mapping[str, Any], folder: Path, http: httpx.Client, clock: Clock) -> FreshRates | None:
    oldest_s = float(said.get("oldest_rates_s", _OLDEST_S))
    if "rates_file" in said and "rates_url" in said:
        raise BadPricing("rates come from rates_file or from rates_url, not from both")
    if "rates_file" in said:
        return file_source(folder / str(said["rates_file"]), clock, oldest_s)
    if "rates_url" in said:
        return http_source(str(said["rates_url"]), http, clock, oldest_s)
    return None


def _pair(text: str) -> tuple[str, str]:
    sell, _, buy = text.partition("/")
    return sell, buy


def _tiers(code: str, tiers: Mapping[str, int]) -> tuple[SpreadTier, ...]:
    return tuple(SpreadTier(_minor(code, text), _spread(bps)) for text, bps in tiers.items())


def _spread(bps: object) -> int:
    if type(bps) is not int or not 0 <= bps < 10_000:
        raise ValueError(f"a spread is a whole number of basis points below 10000, not {bps!r}")
    return bps


def _minor(code: str, text: str) -> int:
    return money(text, currencies()[code]).minor


def _count(number: object) -> int:
    if type(number) is not int or number < 1:
        raise ValueError(f"most_open_quotes must be a whole number above 0, not {number!r}")
    return number
