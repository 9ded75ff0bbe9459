"""The test's side of `mortal`: a process that bears mortal institutions and tells when and how each has died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.processes import ROOT, Life

_PATIENCE_S = 120


class Mortal(Life):
    """One mortal institution; its ending comes from its mother, who waits for it."""

    def __init__(self, number: int, diary: Path) -> None:
        """A child of this process number."""
        super().__init__(diary)
        self.number = number
        self.ended = threading.Event()
        self.status = 0

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return not self.ended.is_set()

    def was_killed(self) -> bool:
        """Whether it has ended by SIGKILL, its own or ours."""
        return self.ended.is_set() and os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.is_alive:
            os.kill(self.number, signal.SIGKILL)
        assert self.ended.wait(_PATIENCE_S), f"process {self.number} does not end"


class Mother:
    """Bears one child at a time on request; several may live at once."""

    def __init__(self) -> None:
        """Start the process that forks them."""
        command = [sys.executable, "-m", "tests.simulation.mortal"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self._living: dict[int, Mortal] = {}
        self._diaries: list[Path] = []
        self._one_at_a_time = threading.Lock()
        self._born = threading.Condition()
        self._newest: Mortal | None = None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def bear(self, folder: Path, boundary: str, crossings: int, diary: Path) -> Mortal:
        """Start an institution that dies at the n-th crossing of a boundary."""
        assert self._process.stdin is not None
        with self._one_at_a_time, self._born:  # waiting for a birth lets go of the second, not of the first
            self._newest = None
            self._diaries.append(diary)
            self._process.stdin.write(f"{folder}\t{boundary}\t{crossings}\t{diary}\n")
            self._process.stdin.flush()
            assert self._born.wait_for(lambda: self._newest is not None, _PATIENCE_S), "nothing is born"
            born: Mortal | None = self._newest
            assert born is not None
            return born

    def close(self) -> None:
        """End the mother; her children are killed by her."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_S)
        self._listener.join(_PATIENCE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            what, number, *status = line.split()
            if what == "born":
                with self._born:
                    self._newest = self._living[int(number)] = Mortal(int(number), self._diaries.pop())
                    self._born.notify_all()
            else:
                dead = self._living.pop(int(number))
                dead.status = int(status[0])
                dead.ended.set()
