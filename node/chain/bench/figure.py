"""What was measured and what it is held to: medians with quartiles, and a ratio where more is better.

A ratio is ours to the yardstick's, turned so that a larger one is always the better one: the median of the turns'
ratios, so that a machine whose speed drifts slows both sides of each. A row holds when it is at least its limit.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The median of some samples and the quartiles around it."""

    lower: float
    median: float
    upper: float


@dataclass(frozen=True)
class Figure:
    """One row. `ratio` and `holds` are None when the yardstick is absent from this machine."""

    measure: str
    unit: str
    ours: Spread
    eth_tester: Spread | None
    anvil: Spread | None
    against: str
    ratio: float | None
    limit: float

    @property
    def holds(self) -> bool | None:
        """Whether it is as good as it has to be."""
        return None if self.ratio is None else self.ratio >= self.limit


@dataclass(frozen=True)
class Samples:
    """The samples of one measure: ours, and those of each engine that is here."""

    ours: Sequence[float]
    eth_tester: Sequence[float] = ()
    anvil: Sequence[float] = ()


def spread(samples: Sequence[float]) -> Spread | None:
    """Median and quartiles; None without samples."""
    if not samples:
        return None
    if len(samples) == 1:
        return Spread(samples[0], samples[0], samples[0])
    lower, median, upper = statistics.quantiles(samples, n=4, method="inclusive")
    return Spread(lower, median, upper)


def compared(measure: str, unit: str, samples: Samples, against: str, limit: float, *, faster: bool) -> Figure:
    """A row against another engine ("eth_tester" or "anvil"); `faster` when a larger figure is the better one."""
    theirs: Sequence[float] = getattr(samples, against)
    ratio = None
    if theirs:
        pairs = zip(samples.ours, theirs, strict=False)
        ratio = statistics.median(mine / other if faster else other / mine for mine, other in pairs)
    return _figure(measure, unit, samples, against, ratio, limit)


def capped(measure: str, unit: str, samples: Samples, cap: float) -> Figure:
    """A row against a fixed cap: its ratio says how many times below the cap it is."""
    held = spread(samples.ours)
    ratio = None if held is None else cap / held.median
    return _figure(measure, unit, samples, f"at most {cap:g} {unit}", ratio, 1.0)


def kept_up(measure: str, unit: str, now: Sequence[float], empty: Sequence[float], slack: float) -> Figure:
    """A row against our own figure on an empty chain, where less is better; `slack` 0.2 allows a fifth more."""
    ratio = statistics.median(before / after for before, after in zip(empty, now, strict=True))
    against = f"{statistics.median(empty):.3g} {unit} on an empty chain"
    return _figure(measure, unit, Samples(now), against, ratio, 1 / (1 + slack))


def _figure(measure: str, unit: str, samples: Samples, against: str, ratio: float | None, limit: float) -> Figure:
    ours = spread(samples.ours)
    if ours is None:
        raise ValueError(f"{measure}: nothing was measured")
    others = spread(samples.eth_tester), spread(samples.anvil)
    return Figure(measure, unit, ours, *others, against, ratio, limit)
