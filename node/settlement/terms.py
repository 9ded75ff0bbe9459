"""How long things may take and what a provider charges: the settings of one institution's settlement.

Frozen values, handed in where an institution is constructed; nothing reads them from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True)
class Terms:
    """Deadlines and paces, in seconds.

    An instruction must not outlive the quote under it, and a payment's deadline leaves room for both. A
    transaction that waits for `stuck_s` offers more, up to `most_fee_per_gas_wei`; so many as `lane_window` of
    a lane wait for a block at once. Answers to idempotency keys are kept for `keys_kept_s`. A covered
    payment waits `cover_s` for its cover, a cover `underlying_s` for its payment.
    Where more than `batch_above` payments are under way at once, they settle in batches.
    A recall is decided within `recall_s`.
    A worker's claim on a payment lasts `claim_s`, its duty to follow the chain `duty_s`, each time it takes it.
    """

    quote_s: int = 600
    instruction_s: int = 300
    payment_s: int = 900
    retry_first_s: float = 0.2
    retry_most_s: float = 10.0
    rebroadcast_s: float = 3.0
    stuck_s: float = 30.0
    most_fee_per_gas_wei: int = 500 * 10**9
    lane_window: int = 256
    tidy_s: float = 60.0
    recall_s: int = 10 * 86400
    keys_kept_s: float = 400 * 86400.0
    poll_s: float = 0.1
    idle_poll_s: float = 1.0
    chain_clock_margin_s: int = 15
    parallel_payments: int = 4
    cover_s: int = 3600
    underlying_s: int = 10
    batch_above: int = 4
    claim_s: float = 30.0
    duty_s: float = 5.0


@dataclass(frozen=True)
class SpreadTier:
    """From so many minor units sold on, this spread."""

    from_minor: int
    spread_bps: int


class RateSource(Protocol):
    """Where middle rates come from: a file, a feed. Never raises; what is too old is left out."""

    def rates(self) -> Mapping[tuple[str, str], Fraction]:
        """Major units bought per major unit sold, by pair, as of now."""
        ...


@dataclass(frozen=True)
class PriceBook:
    """An FX provider's prices: major units bought per major unit sold, before its spread in basis points.

    `tiers` give larger amounts another spread, by the currency sold; of each currency `kept_back` minor units are
    never promised. A taker holds at most `most_open_quotes` firm quotes at a time, because each is an option that
    costs it nothing. `source` gives the rates where they come from outside.
    """

    rates: Mapping[tuple[str, str], Fraction] = field(default_factory=dict)
    spread_bps: int = 20
    tiers: Mapping[str, tuple[SpreadTier, ...]] = field(default_factory=dict)
    kept_back: Mapping[str, int] = field(default_factory=dict)
    most_open_quotes: int = 100
    source: RateSource | None = None

    def rate(self, sell_currency: str, buy_currency: str) -> Fraction | None:
        """The price of a pair now: the source's where there is one, else the book's; None where there is none."""
        rates = self.rates if self.source is None else self.source.rates()
        return rates.get((sell_currency, buy_currency))

    def spread_for(self, sell_currency: str, sell_minor: int) -> int:
        """The spread on so much sold, in basis points: that of the highest tier it reaches."""
        reached = [tier for tier in self.tiers.get(sell_currency, ()) if sell_minor >= tier.from_minor]
        return max(reached, key=lambda tier: tier.from_minor).spread_bps if reached else self.spread_bps


class BadTerms(ValueError):
    """A term that does not exist, or whose value is not a positive number of the right kind; the text names it."""


def terms_from(said: Mapping[str, object]) -> Terms:
    """Terms with some values stated, strictly: whole seconds are whole numbers, or signing would refuse them late.

    Raises BadTerms.
    """
    known = {term.name: type(term.default) for term in fields(Terms)}
    for name, value in said.items():
        if name not in known:
            raise BadTerms(f"{name}: there is no such term; there are {', '.join(known)}")
        kinds = (int,) if known[name] is int else (int, float)
        if type(value) not in kinds or not value > 0:  # type: ignore[operator]
            wanted = "a whole number" if known[name] is int else "a number"
            raise BadTerms(f"{name}: {wanted} above 0 is needed, not {value!r}")
    return replace(Terms(), **said)  # type: ignore[arg-type]


def retry_delay_s(terms: Terms, attempts: int) -> float:
    """How long to wait after the given number of failed attempts: doubling, up to a ceiling."""
    return float(min(terms.retry_most_s, terms.retry_first_s * 2 ** min(attempts, 16)))
