"""Passes give way to messages that come in, and not for ever."""

from __future__ import annotations

import threading

from typing_extensions import override

from node.settlement.courtesy import Courtesy
from tests.node.settlement.clocks import TownClock


class Waits(threading.Event):
    """Waiting takes no time but the clock's; `waited_s` is all of it."""

    def __init__(self, clock: TownClock) -> None:
        super().__init__()
        self.clock = clock
        self.waited_s = 0.0

    @override
    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waited_s += timeout
        self.clock.forward(timeout)
        return self.is_set()


def waited_s(courtesy: Courtesy, clock: TownClock) -> float:
    """How long a pass gives way."""
    stop = Waits(clock)
    courtesy.give_way(stop)
    return stop.waited_s


def crowded(clock: TownClock, quiet_s: float, most_s: float) -> Courtesy:
    """Two messages have come at once."""
    courtesy = Courtesy(quiet_s, most_s, clock.now_s)
    courtesy.note()
    courtesy.note()
    return courtesy


def test_nobody_waits_where_no_message_comes() -> None:
    clock = TownClock()
    assert waited_s(Courtesy(60, 60, clock.now_s), clock) == 0


def test_a_pass_waits_while_messages_come_but_not_for_ever() -> None:
    clock = TownClock()
    assert waited_s(crowded(clock, quiet_s=60, most_s=10), clock) == 10


def test_a_pass_waits_until_it_has_been_quiet_for_a_moment() -> None:
    clock = TownClock()
    courtesy = crowded(clock, quiet_s=8, most_s=60)
    clock.forward(3)
    assert waited_s(courtesy, clock) == 5
    assert waited_s(courtesy, clock) == 0


def test_messages_that_come_one_by_one_hold_nothing_up() -> None:
    clock = TownClock()
    alone = Courtesy(60, 60, clock.now_s)
    alone.note()
    assert waited_s(alone, clock) == 0
    apart = Courtesy(1, 60, clock.now_s)
    for _ in range(2):
        apart.note()
        clock.forward(1)
    assert waited_s(apart, clock) == 0


def test_whoever_stops_does_not_wait() -> None:
    """By the machine's own clock, of which an hour is not waited."""
    courtesy, stop = Courtesy(quiet_s=3_600, most_s=3_600), threading.Event()
    courtesy.note()
    courtesy.note()
    stop.set()
    courtesy.give_way(stop)
