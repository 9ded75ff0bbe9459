"""An institution whose API and worker are processes of their own, on one book."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from cli.exit_codes import ExitCode
from cli.network import INSTITUTIONS
from cli.running_network import NetworkOptions, RunningNetwork
from node.domain.lifecycle import State
from tests.cli.test_main import CORRIDOR, ROOT, await_health, corridor
from tests.network import BANK_CN, XML, Transfer
from tests.processes import free_ports
from tests.undertaker import ends_with_us

PATIENCE_S = 90.0  # a process starts in a few seconds where nothing else does


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs until it is told to stop, and then ends well."""
    started = subprocess.Popen([*CORRIDOR, *arguments], cwd=ROOT)
    ends_with_us(started.pid)
    try:
        yield started
        started.send_signal(signal.SIGTERM)
        assert started.wait(PATIENCE_S) == ExitCode.DONE
    finally:
        started.kill()
        started.wait()


def test_an_api_takes_payments_that_a_worker_of_its_own_settles(tmp_path: Path) -> None:
    options = NetworkOptions(port=free_ports(len(INSTITUTIONS)), rpc_port=0, elsewhere=frozenset({BANK_CN}))
    with RunningNetwork(tmp_path / "network", options) as network:
        entry = next(one for one in network.document["participants"] if one["bic"] == BANK_CN)
        folder = str(tmp_path / "network" / "institutions" / BANK_CN)
        headers = {"Authorization": f"Bearer {entry['credential']}"}
        with (
            process("api", "--data", folder, "--no-worker"),
            httpx.Client(base_url=entry["api_url"], headers=headers, trust_env=False, timeout=60) as http,
        ):
            await_health(entry["api_url"])
            transfer = Transfer()
            assert http.post("/v1/iso20022/messages", content=transfer.body(), headers=XML).status_code == 202
            checks = {one["name"]: one["ok"] for one in http.get("/readyz").json()["checks"]}
            assert not checks["worker"]
            assert http.get(f"/v1/payments/{transfer.uetr}").json()["state"] == State.RECEIVED.value
            with process("worker", "--data", folder, "--name", "first"):
                _await_settled(http, transfer.uetr)
                assert http.get("/readyz").is_success
                twin = corridor("worker", "--data", folder, "--name", "first")
                assert twin.returncode == ExitCode.FOLDER_IN_USE
                assert "'first'" in twin.stderr


def _await_settled(http: httpx.Client, uetr: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (state := http.get(f"/v1/payments/{uetr}").json()["state"]) != State.SETTLED.value:
        assert time.monotonic() < deadline, state
        time.sleep(0.05)
