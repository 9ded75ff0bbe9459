"""What the gateway does in a second, in turns with what it is compared with, on one chain in one run.

Chain, loader and each of the two institutions are processes of their own, as they are outside of the bench.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from cli.bench_bank import EMPTY
from cli.network import BANK_CN, BANK_HK, INSTITUTIONS
from cli.payment_history import lengthen
from cli.payment_load import Load, Loaded, post
from cli.running_network import RunningNetwork
from node.book.book import Book
from node.chain.bench.engines import Engine
from node.chain.bench.figure import Spread, spread
from node.chain.bench.workload import transfers
from node.domain.lifecycle import TERMINAL, State

BANKS = (BANK_CN, BANK_HK)
ELSEWHERE = frozenset(plan.bic for plan in INSTITUTIONS)
MESSAGES = "/v1/iso20022/messages"
PATIENCE_S = 900.0


class Measure(Enum):
    """What can be measured by itself."""

    ACCEPTING = "accepting"
    SETTLING = "settling"
    WAITING = "waiting"
    HISTORY = "history"


ALL_ROWS = frozenset(Measure)
SETTLING_ONLY = frozenset({Measure.SETTLING})


@dataclass(frozen=True)
class Extent:
    """How long to measure: turns, requests a turn, payments at half load, and the two lengths of history.

    `rows` says which of the measures are wanted.
    """

    turns: int
    empty: int
    payments: int
    at_half_load: int
    short: int
    long: int
    rows: frozenset[Measure] = ALL_ROWS


FULL = Extent(turns=5, empty=2_000, payments=300, at_half_load=300, short=1_000, long=100_000)
QUICK = Extent(turns=3, empty=500, payments=60, at_half_load=40, short=1_000, long=10_000)


@dataclass(frozen=True)
class Figure:
    """One row: a median, what it is held against, their ratio, and whether the ratio is within its limit."""

    measure: str
    value: float
    compared_with: float
    ratio: float
    limit: float
    holds: bool
    spread: Spread | None


@dataclass
class Samples:
    """What the turns gave, side by side."""

    empty: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Site:
    """Where to measure: a network whose two banks run in processes of their own, their books, and its chain."""

    network: RunningNetwork
    books: Mapping[str, Book]
    engine: Engine


def measure(site: Site, limit: float, extent: Extent, told: Callable[[str], None]) -> Iterator[Figure]:
    """Every row, in the order of the issue; `limit` is what settling must reach of single raw transfers."""
    bench = _Bench(site)
    told("warming up")
    pattern = bench.settle(10)[1][0]
    if extent.rows != {Measure.HISTORY}:
        yield from _paces(bench, limit, extent, told)
    if Measure.HISTORY in extent.rows:
        costs = [bench.costs(pattern, length, extent, told) for length in (extent.short, extent.long)]
        yield _history(costs, extent)


def _paces(bench: _Bench, limit: float, extent: Extent, told: Callable[[str], None]) -> Iterator[Figure]:
    """The rows that come of the same turns: accepting and settling, and waiting at half the pace of settling."""
    samples = Samples()
    for turn in range(extent.turns):
        told(f"turn {turn + 1} of {extent.turns}")
        samples.empty.append(extent.empty / bench.load(EMPTY, extent.empty).seconds)
        settled_s, uetrs, accepted_s = bench.settle(extent.payments)
        samples.accepted.append(len(uetrs) / accepted_s)
        samples.settled.append(len(uetrs) / settled_s)
        samples.raw.append(bench.raw_transfers())
    if Measure.ACCEPTING in extent.rows:
        yield _row("messages accepted a second / empty POSTs a second", samples.accepted, samples.empty, 0.5)
    if Measure.SETTLING in extent.rows:
        what = f"payments settled a second / raw transfers a second, {bench.site.engine.name}"
        yield _row(what, samples.settled, samples.raw, limit)
    if Measure.WAITING in extent.rows:
        told("half load")
        yield from _waits(bench.waits(extent.at_half_load, statistics.median(samples.settled) / 2))


def _waits(waits: list[float]) -> Iterator[Figure]:
    for name, share, most in (("p50", 0.5, 1.0), ("p99", 0.99, 2.0)):
        value = waits[min(len(waits) - 1, int(len(waits) * share))]
        what = f"{name} from POST to final at half load, in blocks of one second"
        yield Figure(what, round(value, 3), 1.0, round(value, 3), most, value <= most, spread(waits))


@dataclass
class _Bench:
    site: Site

    def load(self, path: str, many: int, rate: float = 0.0) -> Loaded:
        entry = next(one for one in self.site.network.document["participants"] if one["bic"] == BANK_CN)
        return post(Load(entry["api_url"], path, entry["credential"], path == EMPTY, many, rate=rate))

    def settle(self, many: int) -> tuple[float, list[str], float]:
        """Post payments and await their end: seconds until all are final, their UETRs, seconds until accepted."""
        started = time.perf_counter()
        loaded = self.load(MESSAGES, many)
        before = time.perf_counter() - started - loaded.seconds  # the loader's own start and end
        self.await_end(loaded.uetrs)
        return time.perf_counter() - started - before, loaded.uetrs, loaded.seconds

    def await_end(self, uetrs: list[str], bic: str = BANK_CN) -> None:
        ends_at = time.monotonic() + PATIENCE_S
        for uetr in uetrs:  # one at a time: looking must not cost what is being measured
            while (state := self.state_of(uetr, bic)) is not State.SETTLED:
                if state in TERMINAL:
                    raise RuntimeError("a payment of the bench did not settle")
                if time.monotonic() > ends_at:
                    raise RuntimeError(f"payments are not final after {PATIENCE_S:.0f} s")
                time.sleep(0.02)

    def state_of(self, uetr: str, bic: str) -> State | None:
        """Where a payment stands at one of its agents."""
        with self.site.books[bic].view() as unit:
            record = unit.payments.find(uetr)
        return None if record is None else record.state

    def raw_transfers(self) -> float:
        """Single token transfers, one request each, signed before: how many are in blocks in a second."""
        engine = self.site.engine
        senders = engine.senders[:-1]  # the last one pays for the network's gas, and has counted on
        raws = list(transfers(senders, engine.token))
        started = time.perf_counter()
        hashes = [engine.send(raw) for raw in raws]
        while not all(engine.call_many([("eth_getTransactionReceipt", [one]) for one in hashes])):
            time.sleep(0.005)
        return len(raws) / (time.perf_counter() - started)

    def waits(self, many: int, rate: float) -> list[float]:
        """How long each payment took from its arrival to its final state, in seconds, the quickest first."""
        uetrs = self.load(MESSAGES, many, rate).uetrs
        self.await_end(uetrs)
        with self.site.books[BANK_CN].view() as unit:
            records = unit.payments.find_many(uetrs)
        return sorted((record.history[-1].at - record.received_at).total_seconds() for record in records)

    def costs(self, pattern: str, length: int, extent: Extent, told: Callable[[str], None]) -> list[float]:
        """Seconds a payment with so long a history in both books, turn by turn."""
        told(f"{length} payments of history")
        for bic in self.site.books:
            self.await_end([pattern], bic)
        lengthen(list(self.site.books.values()), pattern, length)
        return [self.settle(extent.payments)[0] / extent.payments for _ in range(extent.turns)]


def _row(measure: str, ours: list[float], theirs: list[float], limit: float) -> Figure:
    """A row in which more is better: the median of the turns' ratios, for a machine's drift slows both sides."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ratios)
    value, beside = round(statistics.median(ours), 2), round(statistics.median(theirs), 2)
    return Figure(measure, value, beside, round(ratio, 4), limit, ratio >= limit, spread(ratios))


def _history(costs: list[list[float]], extent: Extent) -> Figure:
    short, long = (statistics.median(samples) for samples in costs)
    what = f"seconds a payment at {extent.long} payments of history / at {extent.short}"
    ratio = long / short
    return Figure(what, round(long, 5), round(short, 5), round(ratio, 4), 1.2, ratio <= 1.2, spread(costs[1]))
