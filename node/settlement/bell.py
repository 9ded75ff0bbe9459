"""A bell between the processes of one institution: whoever has recorded something rings, and workers look at once.

A ring says nothing and may be lost: what is due is in the book, and workers look there by themselves too.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

_RING: Final = b"\x07"
_MOST_RINGS: Final = 4096
_PREFIX: Final = "worker-"


class WorkerNameTaken(Exception):
    """Another worker of this name is at work on this institution; workers need different names."""


class Bell:
    """Rings all workers that listen in a folder (named pipes, one for each); any thread may ring it."""

    def __init__(self, folder: Path) -> None:
        """The folder may be absent: then nobody listens."""
        self._folder = folder
        self._lock = threading.Lock()
        self._seen_ns = -1
        self._pipes: dict[Path, int] = {}

    def ring(self) -> None:
        """Wake every worker that listens; never waits and never fails, for a ring that is lost is only late."""
        with self._lock, suppress(OSError):
            self._look_round()
            for path in list(self._pipes):
                self._ring(path)

    def close(self) -> None:
        """Let go of the pipes."""
        with self._lock:
            for path in list(self._pipes):
                self._let_go(path)
            self._seen_ns = -1

    def _look_round(self) -> None:
        """Find the workers that have come since we last looked."""
        changed_ns = self._folder.stat().st_mtime_ns
        if changed_ns == self._seen_ns and self._pipes:
            return
        for path in self._folder.glob(_PREFIX + "*"):
            if path not in self._pipes:
                with suppress(OSError):  # nobody listens at the other end
                    self._pipes[path] = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._seen_ns = changed_ns

    def _ring(self, path: Path) -> None:
        try:
            os.write(self._pipes[path], _RING)
        except BlockingIOError:
            return  # so many rings wait there that it is going to look anyway
        except OSError:
            self._let_go(path)

    def _let_go(self, path: Path) -> None:
        os.close(self._pipes.pop(path))
        self._seen_ns = -1


class Listening:
    """One worker's end of the bell, and its hold of its name."""

    def __init__(self, folder: Path, worker: str, wake: Callable[[], None]) -> None:
        """Begin to listen, and `wake` at every ring; raises WorkerNameTaken."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / (_PREFIX + quote(worker, safe=""))
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # Open at both ends, or it would be at its end whenever nobody has it open to ring.
        self._pipe = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(self._pipe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._pipe)
            raise WorkerNameTaken(
                f"a worker called {worker!r} is at work in {folder.parent} already; give this one another name"
            ) from None
        self._wake = wake
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="bell", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, and let go of the name."""
        self._stopped.set()
        os.write(self._pipe, _RING)
        self._thread.join(timeout=10)
        os.close(self._pipe)

    def _listen(self) -> None:
        while os.read(self._pipe, _MOST_RINGS) and not self._stopped.is_set():
            self._wake()
