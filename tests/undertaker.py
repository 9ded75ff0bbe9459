"""Processes that tests started end with the test run, however that ends: interrupted, terminated or killed.

A child that is told to die with its parent dies with the thread that started it, and tests start some from
threads that end. So a small process holds on to each of them, and kills them when the run's end of a pipe closes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import cache
from threading import Lock

# Descriptors of processes, for a number may be another's by then. Those that have ended are let go of.
_PROGRAM = """
import os, select, signal, sys
held = {}
def ended():
    poll = select.poll()
    for one in held:
        poll.register(one, select.POLLIN)
    return [one for one, _ in poll.poll(0)]
for line in sys.stdin:
    for one in ended():
        held.pop(one)
        os.close(one)
    number, how = map(int, line.split())
    try:
        held[os.pidfd_open(number)] = how
    except OSError:
        pass
for one, how in held.items():
    try:
        signal.pidfd_send_signal(one, how)
    except OSError:
        pass
"""


class Undertaker:
    """Waits for the end of this process."""

    def __init__(self) -> None:
        """In a session of its own, so that what interrupts the run does not interrupt it."""
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", _PROGRAM], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        self._one_at_a_time = Lock()

    def note(self, number: int, how: signal.Signals) -> None:
        """Kill this process at the end, if it has not ended before."""
        assert self._process.stdin is not None
        with self._one_at_a_time:
            self._process.stdin.write(f"{number} {int(how)}\n")
            self._process.stdin.flush()


@cache
def _undertaker() -> Undertaker:
    return Undertaker()


def ends_with_us(number: int, how: signal.Signals = signal.SIGKILL) -> None:
    """See to it that a process does not outlive this one. Only Linux can; elsewhere it does nothing."""
    if sys.platform == "linux":
        _undertaker().note(number, how)
