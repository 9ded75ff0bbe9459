"""Quotes of several providers compared, prices by amount and from outside, and how many a taker may hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.pricing import BadPricing, price_book
from api.rate_sources import BadRates, FreshRates, file_source, http_source, read_rates
from cli.network import BANK_TH
from cli.running_network import RunningNetwork
from node.domain.money import Currency, Money
from node.settlement.ports import QuoteRequest, Refused
from node.settlement.quote_desk import give, price_of
from node.settlement.terms import PriceBook, SpreadTier
from tests.api.expectations import problem
from tests.network import BANK_CN, BANK_HK, PROVIDER, Bank, bank

CNY, AED = Currency("CNY", 2), Currency("AED", 2)
WISH = {"sell_currency": "CNY", "buy_currency": "AED", "sell_amount": 1_000_000}


@dataclass
class StillClock:
    at_s: float = 1_800_000_000.0

    def now_s(self) -> float:
        return self.at_s


def rates(at_s: float, rate: str = "0.5") -> bytes:
    at = datetime.fromtimestamp(at_s, UTC).isoformat()
    return json.dumps({"at": at, "rates": {"CNY/AED": rate}}).encode()


@pytest.fixture
def taker(network: RunningNetwork) -> Iterator[Bank]:
    """The bank in Thailand: no other test takes quotes for it, which would run out meanwhile."""
    opened = bank(network, BANK_TH)
    with opened.http:
        yield opened


def test_an_indication_promises_nothing_and_is_what_a_quote_gives(taker: Bank, network: RunningNetwork) -> None:
    office = network.institutions[PROVIDER].office
    with office.book.view() as unit:
        before = unit.quotes.open_given(taker.office.account, office.clock.now_s())
    found = taker.http.post("/v1/rates", json=WISH).json()
    assert [one["provider"] for one in found["offers"]] == [PROVIDER]
    with office.book.view() as unit:
        assert unit.quotes.open_given(taker.office.account, office.clock.now_s()) == before
    assert taker.quote("CNY", "AED", 1_000_000)["buy"] == found["offers"][0]["buy"]
    none = taker.http.post("/v1/rates", json={**WISH, "sell_amount": 1}).json()
    assert none["offers"] == []
    (refused,) = none["refusals"]
    assert refused["text"].startswith("Meridian Exchange: "), "the provider's own words"
    assert (refused["reason"], refused["element"]) == ("rate_not_offered", "body.buy_amount")
    dear = {**WISH, "sell_amount": None, "buy_amount": 10**14}
    told = problem(taker.http.post("/v1/quotes", json=dear), 422, "provider_inventory_too_low")
    assert told["errors"][0]["element"] == "body.buy_amount"


def test_larger_amounts_have_another_spread(network: RunningNetwork) -> None:
    office = network.institutions[PROVIDER].office
    prices = PriceBook({("CNY", "AED"): Fraction(1, 2)}, 100, {"CNY": (SpreadTier(100_000, 0),)})
    tiered = replace(office, prices=prices)

    def bought(minor: int) -> int:
        priced = price_of(tiered, QuoteRequest(BANK_CN, "CNY", "AED", Money(minor, CNY), None))
        assert isinstance(priced, tuple), priced
        return priced[1].minor

    assert bought(99_998) == 49_499
    assert bought(100_000) == 50_000
    sold = price_of(tiered, QuoteRequest(BANK_CN, "CNY", "AED", None, Money(50_000, AED)))
    assert isinstance(sold, tuple)
    assert sold[0].minor == 100_000


def test_a_taker_holds_so_many_quotes_and_inventory_is_kept_back(network: RunningNetwork) -> None:
    office = network.institutions[PROVIDER].office
    taker = office.directory.by_bic(BANK_HK)  # for which no other test takes quotes
    assert taker is not None
    assert office.prices is not None
    request = QuoteRequest(BANK_HK, "CNY", "AED", Money(10_000, CNY), None)
    with office.book.view() as unit:
        held = unit.quotes.open_given(taker.settlement_account, office.clock.now_s())
    few = replace(office, prices=replace(office.prices, most_open_quotes=held + 1))
    assert not isinstance(give(few, taker, request), Refused)
    refused = give(few, taker, request)
    assert isinstance(refused, Refused)
    assert refused.findings[0].reason.sentence == "too_many_open_quotes"
    careful = replace(office, prices=replace(office.prices, kept_back={"AED": 10**15}))
    refused = give(careful, taker, request)
    assert isinstance(refused, Refused)
    assert refused.findings[0].reason.sentence == "provider_inventory_too_low"


def test_rates_from_a_file_are_renewed_and_never_stale(tmp_path: Path) -> None:
    clock, file = StillClock(), tmp_path / "rates.json"
    source = file_source(file, clock, oldest_s=60)
    assert source.rates() == {}
    file.write_bytes(rates(clock.at_s))
    clock.at_s += 2
    assert source.rates() == {("CNY", "AED"): Fraction(1, 2)}
    file.write_text("{")
    clock.at_s += 2
    assert source.rates() == {("CNY", "AED"): Fraction(1, 2)}
    clock.at_s += 60
    assert source.rates() == {}
    file.write_bytes(rates(clock.at_s, "0.51"))
    clock.at_s += 2
    assert source.rates() == {("CNY", "AED"): Fraction(51, 100)}


def test_rates_from_an_address_survive_its_silence_for_a_while() -> None:
    clock, up = StillClock(), [True]

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=rates(clock.at_s)) if up[0] else httpx.Response(503)

    source = http_source("http://rates.example/", httpx.Client(transport=httpx.MockTransport(answer)), clock, 30)
    assert source.rates() == {("CNY", "AED"): Fraction(1, 2)}
    up[0] = False
    clock.at_s += 20
    assert source.rates() == {("CNY", "AED"): Fraction(1, 2)}
    clock.at_s += 20
    assert source.rates() == {}


@dataclass
class Reading:
    content: bytes
    times: list[int] = field(default_factory=list)

    def __call__(self) -> bytes:
        self.times.append(1)
        return self.content


def test_older_rates_never_replace_newer_ones() -> None:
    clock = StillClock()
    reading = Reading(rates(clock.at_s))
    source = FreshRates(reading, clock, renew_s=1, oldest_s=60)
    source.rates()
    reading.content = rates(clock.at_s - 10, "9")
    clock.at_s += 1
    assert source.rates() == {("CNY", "AED"): Fraction(1, 2)}
    assert len(reading.times) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"at": "2026-01-01T00:00:00", "rates": {}}',
        b'{"at": "2026-01-01T00:00:00Z", "rates": {"CNYAED": "1"}}',
        b'{"at": "2026-01-01T00:00:00Z", "rates": {"CNY/AED": 0.5}}',
        b'{"at": "2026-01-01T00:00:00Z", "rates": {"CNY/AED": "-1"}}',
        b'{"at": "2026-01-01T00:00:00Z", "rates": {"CNY/AED": "1e9"}}',
    ],
)
def test_what_is_no_rates_is_refused(content: bytes) -> None:
    with pytest.raises(BadRates):
        read_rates(content)


def test_pricing_is_read_strictly(tmp_path: Path) -> None:
    clock, http = StillClock(), httpx.Client(timeout=60)
    said = {"tiers": {"CNY": {"1000000.00": 10}}, "kept_back": {"AED": "5.00"}, "most_open_quotes": 3}
    book = price_book({"CNY/AED": "0.5"}, 20, said, tmp_path, http, clock)
    assert book is not None
    assert (book.spread_for("CNY", 99_999_999), book.spread_for("CNY", 100_000_000)) == (20, 10)
    assert (book.kept_back, book.most_open_quotes) == ({"AED": 500}, 3)
    assert price_book({}, 20, {}, tmp_path, http, clock) is None
    fed = price_book({}, 20, {"rates_file": "rates.json"}, tmp_path, http, clock)
    assert fed is not None
    assert fed.rate("CNY", "AED") is None
    wrongs: tuple[dict[str, Any], ...] = (
        {"tears": {}},
        {"tiers": {"CNY": {"1.005": 10}}},
        {"tiers": {"CNY": {"1.00": "10"}}},
        {"kept_back": {"QQQ": "1"}},
        {"most_open_quotes": 0},
        {"rates_file": "a", "rates_url": "b"},
    )
    for wrong in wrongs:
        with pytest.raises(BadPricing):
            price_book({"CNY/AED": "0.5"}, 20, wrong, tmp_path, http, clock)
