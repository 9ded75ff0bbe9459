"""Institutions as `corridor api` runs them, but each dies by SIGKILL at the n-th crossing of a boundary.

`python -m tests.simulation.mortal` loads the product once, then forks a process for every line of its input
(folder, boundary, n and diary, tab-separated): it answers `born PID`, and `dead PID STATUS` when that has ended.
What a child knows comes from disk alone, as after any restart; only the seconds of importing are saved.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import traceback
from pathlib import Path
from urllib.parse import urlsplit

from api.app import create_app
from api.institution import open_institution
from node.chain.serving import BackgroundServer

_GLANCE_S = 0.02


class Fate:
    """Counts the crossings of one boundary and ends the process at the last one it may make."""

    def __init__(self, boundary: str, crossings: int) -> None:
        """Live for this many crossings."""
        self._boundary, self._left = boundary, crossings
        self._lock = threading.Lock()

    def __call__(self, boundary: str, _uetr: str) -> None:
        """A boundary is crossed."""
        if boundary != self._boundary:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()


def live(folder: Path, boundary: str, crossings: int) -> None:
    """Open the institution and serve it until the end."""
    institution = open_institution(folder, boundary=Fate(boundary, crossings))
    port = urlsplit(institution.api_address).port or 80
    with BackgroundServer(create_app(institution), "127.0.0.1", port):
        threading.Event().wait()


def bear(order: str) -> int:
    """Fork a process for one line of input; its number."""
    folder, boundary, crossings, diary = order.rstrip("\n").split("\t")
    born = os.fork()
    if born:
        return born
    written = os.open(diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for kept, stream in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(kept, stream)
    try:
        live(Path(folder), boundary, int(crossings))
    finally:
        traceback.print_exc()
        os._exit(1)


def watch() -> None:
    """Bear and bury until the input ends."""
    living: set[int] = set()
    while True:
        if select.select([sys.stdin], [], [], _GLANCE_S)[0]:
            order = sys.stdin.readline()
            if not order:
                break
            born = bear(order)
            living.add(born)
            print("born", born, flush=True)
        for child in list(living):
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                living.remove(child)
                print("dead", child, status, flush=True)
    for child in living:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    watch()
