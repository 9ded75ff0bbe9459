"""Published lists as data of our own: currencies, countries, IBAN lengths, the status reasons we write.

Each list is a text file in `data/`, read when first asked for and never changed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from node.domain.money import Currency


@cache
def currencies() -> Mapping[str, Currency]:
    """Every active currency by its ISO 4217 code."""
    return {code: Currency(code, int(first)) for first, *codes in _rows("currencies") for code in codes}


@cache
def iban_lengths() -> Mapping[str, int]:
    """The length of an IBAN by country code."""
    return {country: int(first) for first, *countries in _rows("iban_lengths") for country in countries}


@cache
def country_codes() -> frozenset[str]:
    """Every country code (ISO 3166-1 alpha-2) and XK."""
    return frozenset(code for row in _rows("countries") for code in row)


@cache
def clearing_systems() -> Mapping[str, str]:
    """What ISO 20022 calls a clearing system that FIN calls by two letters."""
    return {row[0]: row[1] for row in _rows("clearing_codes")}


@cache
def status_reasons() -> Mapping[str, str]:
    """What each status reason code means that we write, in our words."""
    return {code: " ".join(words) for code, *words in _rows("status_reasons")}


@cache
def external_codes() -> Mapping[str, frozenset[str]]:
    """The codes of each external code set that we look at, by the set's name (`StatusReason1`)."""
    sets: dict[str, set[str]] = {}
    for name, *codes in _rows("external_codes"):
        sets.setdefault(name, set()).update(codes)
    return {name: frozenset(codes) for name, codes in sets.items()}


def _rows(name: str) -> Iterator[list[str]]:
    source = (resources.files("api.iso20022") / "data" / f"{name}.txt").read_text("utf-8")
    return (line.split() for line in source.splitlines() if line and not line.startswith("#"))
