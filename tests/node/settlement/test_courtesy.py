"""Passes give way to messages that come in, and not for ever."""

from __future__ import annotations

import threading

from typing_extensions import override

from node.settlement.courtesy import Courtesy


class Waits(threading.Event):
    """Notes how often somebody waits, and waits no time at all."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self.times += 1
        return self.is_set()


def test_nobody_waits_where_no_message_comes() -> None:
    stop = Waits()
    Courtesy(quiet_s=60, most_s=60).give_way(stop)
    assert stop.times == 0


def test_a_pass_waits_while_messages_come_but_not_for_ever() -> None:
    courtesy, stop = Courtesy(quiet_s=60, most_s=0.01), Waits()
    courtesy.note()
    courtesy.note()
    courtesy.give_way(stop)
    assert stop.times > 0


def test_a_pass_waits_until_it_has_been_quiet_for_a_moment() -> None:
    courtesy, stop = Courtesy(quiet_s=0.2, most_s=60), Waits()
    courtesy.note()
    courtesy.note()
    courtesy.give_way(stop)
    assert stop.times > 0


def test_whoever_stops_does_not_wait() -> None:
    courtesy, stop = Courtesy(quiet_s=60, most_s=60), threading.Event()
    stop.set()
    courtesy.note()
    courtesy.note()
    courtesy.give_way(stop)


def test_messages_that_come_one_by_one_hold_nothing_up() -> None:
    alone, apart, stop = Courtesy(quiet_s=60, most_s=60), Courtesy(quiet_s=0, most_s=60), Waits()
    alone.note()
    for _ in range(2):
        apart.note()
    for courtesy in (alone, apart):
        courtesy.give_way(stop)
    assert stop.times == 0
