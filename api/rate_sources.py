"""Where an FX provider's middle rates come from: a file that is written anew, or an address that is asked.

The form is the same: `{"at": "2026-11-23T09:00:00Z", "rates": {"CNY/AED": "0.5144"}}`. Rates that are older than
allowed are not quoted at all, whatever keeps them from being renewed.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import httpx

from node.settlement.ports import Clock

_log = logging.getLogger("corridor.rates")
_LARGEST_BYTES: Final = 1_000_000
_HIGHEST: Final = 10**12
Rates = Mapping[tuple[str, str], Fraction]


class BadRates(ValueError):
    """A text that holds no rates; what it says is wrong."""


@dataclass
class FreshRates:
    """Rates read by `read`, again after `renew_s`; none once they are older than `oldest_s` by their own time.

    Implements `node.settlement.terms.RateSource`. Threads may share it; one reads while the others use what
    there is.
    """

    read: Callable[[], bytes]
    clock: Clock
    renew_s: float = 5.0
    oldest_s: float = 60.0
    _rates: Rates = field(default_factory=dict)
    _at_s: float = float("-inf")
    _looked_s: float = float("-inf")
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def rates(self) -> Rates:
        """The rates as of now; see the protocol."""
        with self._turn:
            now_s = self.clock.now_s()
            if now_s - self._looked_s >= self.renew_s:
                self._looked_s = now_s
                self._renew()
            return self._rates if abs(now_s - self._at_s) <= self.oldest_s else {}

    def _renew(self) -> None:
        try:
            at_s, rates = read_rates(self.read())
        except (OSError, httpx.HTTPError, BadRates) as trouble:
            _log.warning("no new rates: %s", trouble)
            return
        if at_s >= self._at_s:
            self._at_s, self._rates = at_s, rates


def read_rates(content: bytes) -> tuple[float, Rates]:
    """The moment (unix time) and the rates in a file's or feed's content; raises BadRates."""
    try:
        told: dict[str, Any] = json.loads(content)
        at = datetime.fromisoformat(told["at"])
        if at.tzinfo is None:
            raise BadRates(f"{told['at']} does not say its time zone")
        return at.timestamp(), {_pair(pair): _rate(pair, rate) for pair, rate in told["rates"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise BadRates(f"these are no rates: {fault}") from None


def _pair(text: str) -> tuple[str, str]:
    sell, separator, buy = text.partition("/")
    if not separator or len(sell) != 3 or len(buy) != 3:
        raise BadRates(f"{text[:20]} is no pair such as CNY/AED")
    return sell, buy


def _rate(pair: str, text: object) -> Fraction:
    """A rate is written as text, so that no reader makes a float of it."""
    if not isinstance(text, str) or len(text) > 40 or "e" in text.lower():
        raise BadRates(f"the rate of {pair} must be a decimal number as text")
    rate = Fraction(text)
    if not 0 < rate < _HIGHEST:
        raise BadRates(f"the rate of {pair} is {text}")
    return rate


def file_source(path: Path, clock: Clock, oldest_s: float) -> FreshRates:
    """Rates from a file, which is read again when it may have changed."""
    return FreshRates(path.read_bytes, clock, renew_s=1.0, oldest_s=oldest_s)


def http_source(url: str, http: httpx.Client, clock: Clock, oldest_s: float) -> FreshRates:
    """Rates from an address, asked every few seconds and only while quotes are asked for."""

    def read() -> bytes:
        with http.stream("GET", url, timeout=3.0) as response:
            response.raise_for_status()
            parts, size = [], 0
            for part in response.iter_bytes():
                size += len(part)
                if size > _LARGEST_BYTES:
                    raise BadRates(f"{url} answered with more than {_LARGEST_BYTES} bytes")
                parts.append(part)
        return b"".join(parts)

    return FreshRates(read, clock, oldest_s=oldest_s)
