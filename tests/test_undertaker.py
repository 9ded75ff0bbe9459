"""What a run of the tests has started does not outlive it, whatever ends it and whichever thread started it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUN = """
import signal, sys, time
from pathlib import Path
from threading import Thread
from tests.processes import Process
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
def start():
    life = Process((sys.executable, "-c", "import time; time.sleep(600)"), Path(sys.argv[1]))
    print(life._process.pid, flush=True)
thread = Thread(target=start)
thread.start()
thread.join()
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs descriptors of processes, which Linux has")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_run(tmp_path: Path, how: signal.Signals) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path / "diary")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    started = os.pidfd_open(int(run.stdout.readline()))
    try:
        assert not select.select([started], [], [], 0.2)[0], "the end of the thread that started it is not its own"
        run.send_signal(how)
        run.wait(120)
        assert select.select([started], [], [], 30)[0], "it still runs"
    finally:
        run.kill()
        run.stdout.close()
        os.close(started)
