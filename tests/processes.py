"""Product commands as real processes, started as a user would, on free ports, and ended or killed by the test."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.undertaker import ends_with_us

ROOT = Path(__file__).parents[1]
CORRIDOR = (sys.executable, "-c", "from cli.main import main; main()")

_BLOCK = 10
T = TypeVar("T")


class Life(ABC):
    """A running process by its output, which is kept in `diary`; a context manager that leaves none behind."""

    def __init__(self, diary: Path) -> None:
        """It writes there."""
        self.diary = diary

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    @abstractmethod
    def is_alive(self) -> bool:
        """Whether it still runs."""

    @abstractmethod
    def was_killed(self) -> bool:
        """Whether it has ended by SIGKILL, its own or ours."""

    @abstractmethod
    def kill(self) -> None:
        """End it as a power cut would."""

    def told(self) -> str:
        """What it has written so far."""
        return self.diary.read_text(errors="replace")

    def await_(self, what: str, found: Callable[[], T | None], patience_s: float = 180) -> T:
        """Wait until `found` finds something; raises AssertionError with the process's last words."""
        give_up = time.monotonic() + patience_s
        while True:
            result = found()
            if result:
                return result
            if not self.is_alive:
                raise AssertionError(f"ended before {what}: {self.told()[-3000:]}")
            if time.monotonic() > give_up:
                raise AssertionError(f"no {what} after {patience_s:.0f} s: {self.told()[-3000:]}")
            time.sleep(0.05)


class Process(Life):
    """A process that we started ourselves, in a group of its own."""

    def __init__(self, command: Sequence[str], diary: Path) -> None:
        """Start it."""
        super().__init__(diary)
        self.command = tuple(command)
        with diary.open("ab") as written:
            self._process = subprocess.Popen(
                self.command, cwd=ROOT, stdout=written, stderr=written, env=_environment(), start_new_session=True
            )
        ends_with_us(self._process.pid)

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def was_killed(self) -> bool:
        """Whether it has ended by SIGKILL, its own or ours."""
        return self._process.poll() == -signal.SIGKILL

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.is_alive:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=60)

    def stop(self, patience_s: float = 120) -> int:
        """End it in order, with SIGTERM; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=patience_s)

    def wait(self, patience_s: float) -> int | None:
        """The exit code (minus the signal's number after a signal), or None where it still runs then."""
        try:
            return self._process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            return None


def corridor(diary: Path, *arguments: str) -> Process:
    """Start a `corridor` command."""
    return Process([*CORRIDOR, *arguments], diary)


def free_ports(count: int) -> int:
    """The first of so many consecutive free ports (ten at most), below those that the system hands out by itself.

    They are ours until this process ends, also while nothing listens there: another run of the tests, which looks
    for ports while one of our parts is dead, must not even touch them.
    """
    assert count <= _BLOCK
    for first in range(20_100, 32_000, _BLOCK):
        if _is_ours(first) and _are_free(first, count):
            return first
    raise RuntimeError(f"no {count} consecutive free ports")


def _is_ours(first: int) -> bool:
    """Claim a block of ports by a lock that ends with this process; its descriptor is never closed."""
    name = Path(tempfile.gettempdir()) / f"corridor-test-ports-{first}.lock"
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    return True


def _are_free(first: int, count: int) -> bool:
    with ExitStack() as taken:
        try:
            for port in range(first, first + count):
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            return False
    return True


def _environment() -> dict[str, str]:
    """The machine's environment without settings that would reach the product."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CORRIDOR_")}
    return kept | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
