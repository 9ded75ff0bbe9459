"""A network's folder is run by one process at a time, and its network.json is there only while the network is.

This file imports next to nothing: a document that a kill left behind is gone a moment after the command starts.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NETWORK_FILE: Final = "network.json"


class FolderInUse(Exception):
    """Another process runs a network on this folder."""


@contextmanager
def claimed(data: Path) -> Iterator[None]:
    """Hold the folder, made if absent, without a network.json at the beginning and at the end.

    Raises FolderInUse. A process that dies lets go of the folder, however it dies.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(f"another process runs a network on {data}") from None
        (data / NETWORK_FILE).unlink(missing_ok=True)
        try:
            yield
        finally:
            (data / NETWORK_FILE).unlink(missing_ok=True)
    finally:
        os.close(descriptor)
