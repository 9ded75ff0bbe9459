"""Who rings is heard by every worker that listens, by nobody where none does, and names are one worker's."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from node.settlement.bell import Bell, Listening, WorkerNameTaken

PATIENCE_S = 120.0


def test_a_ring_wakes_every_worker_also_those_that_came_later(tmp_path: Path) -> None:
    bell, folder = Bell(tmp_path / "bells"), tmp_path / "bells"
    bell.ring()  # nobody listens, and there is no such folder
    for names in (("first",), ("first", "second/..")):
        woken = {name: threading.Event() for name in names}
        listeners = [Listening(folder, name, event.set) for name, event in woken.items()]
        bell.ring()
        assert all(event.wait(PATIENCE_S) for event in woken.values())
        for listener in listeners:
            listener.stop()
        bell.ring()  # the pipes are there, and nobody reads them
    assert {path.parent for path in folder.rglob("*")} == {folder}
    bell.close()


def test_who_never_looks_holds_nobody_up(tmp_path: Path) -> None:
    asleep, bell = threading.Event(), Bell(tmp_path)
    listener = Listening(tmp_path, "sleeper", lambda: _sleep(asleep))
    for _ in range(70_000):  # more than a pipe holds
        bell.ring()
    asleep.set()
    listener.stop()
    bell.close()


def test_a_name_is_one_workers_until_it_ends(tmp_path: Path) -> None:
    first = Listening(tmp_path, "worker", lambda: None)
    with pytest.raises(WorkerNameTaken, match="'worker'"):
        Listening(tmp_path, "worker", lambda: None)
    first.stop()
    Listening(tmp_path, "worker", lambda: None).stop()


def _sleep(until: threading.Event) -> None:
    until.wait(PATIENCE_S)
