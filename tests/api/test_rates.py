"""A caller's bucket fills at a steady pace; whoever comes too soon is told when to come again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from api.problems import Problem
from api.rates import MOST_BUCKETS, RateLimit, Rates


@dataclass
class Clock:
    time_s: float = 1000.0

    def now_s(self) -> float:
        return self.time_s


def test_a_burst_passes_and_then_the_steady_pace() -> None:
    clock = Clock()
    rates = Rates(RateLimit(per_s=2, burst=3), clock)
    assert [rates.draw("a").passes for _ in range(5)] == [True, True, True, False, False]
    clock.time_s += 0.5
    assert [rates.draw("a").passes for _ in range(2)] == [True, False]
    clock.time_s += 3600
    assert [rates.draw("a").passes for _ in range(4)] == [True, True, True, False]


def test_one_caller_does_not_use_up_anothers_rate() -> None:
    rates = Rates(RateLimit(per_s=1, burst=1), Clock())
    assert rates.draw("a").passes
    assert not rates.draw("a").passes
    assert rates.draw("b").passes


def test_the_refusal_says_when_to_come_again() -> None:
    rates = Rates(RateLimit(per_s=0.1, burst=1), Clock())
    assert rates.require("a") == {"RateLimit-Limit": "1", "RateLimit-Remaining": "0", "RateLimit-Reset": "10"}
    with pytest.raises(Problem) as refused:
        rates.require("a")
    assert refused.value.status_code == 429
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "10"


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    clock = Clock()
    rates = Rates(RateLimit(per_s=1, burst=2), clock)
    rates.draw("a")
    clock.time_s -= 3600
    assert rates.draw("a").passes
    clock.time_s += 1
    assert rates.draw("a").passes


def test_no_rate_is_no_limit() -> None:
    rates = Rates(RateLimit(per_s=0, burst=1), Clock())
    assert all(rates.draw("a").passes for _ in range(100))


def test_many_strangers_do_not_fill_the_memory() -> None:
    rates = Rates(RateLimit(per_s=1, burst=1), Clock())
    for number in range(MOST_BUCKETS + 100):
        rates.draw(str(number))
    assert len(rates._buckets) == MOST_BUCKETS
