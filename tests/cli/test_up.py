"""`corridor up` as a user runs it: killed while it sets itself up, refused a port, refused a folder in use."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from cli.exit_codes import ExitCode
from tests.network import BANK_CN, ENDS, PATIENCE_S, XML, Transfer
from tests.outsider import NO_TLS
from tests.undertaker import ends_with_us

ROOT = Path(__file__).resolve().parents[2]
READY_S = 240.0
COMMAND = (sys.executable, "-c", "from cli.main import main; main()", "up")


def start(data: Path, *options: str) -> subprocess.Popen[str]:
    arguments = (*COMMAND, "--data", str(data), "--port", "0", "--rpc-port", "0", *options)
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    ends_with_us(process.pid)
    return process


def ready(process: subprocess.Popen[str], data: Path) -> dict[str, Any]:
    """Wait for network.json of this very start; one that a kill left behind names APIs that do not answer."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        file = data / "network.json"
        if file.exists():
            document: dict[str, Any] = json.loads(file.read_text("utf-8"))
            if answers(document):
                return document
        time.sleep(0.05)
    raise AssertionError("not ready in time")


def answers(document: dict[str, Any]) -> bool:
    try:
        url = document["participants"][-1]["api_url"] + "/healthz"
        return httpx.get(url, trust_env=False, verify=NO_TLS, timeout=60).is_success
    except httpx.TransportError:
        return False


@contextmanager
def running(data: Path) -> Iterator[dict[str, Any]]:
    """The network, stopped in order afterwards."""
    process = start(data)
    try:
        document = ready(process, data)
        assert (data / "network.json").stat().st_mode & 0o077 == 0, "it holds credentials"
        yield document
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == ExitCode.DONE
    finally:
        process.kill()
        process.wait()


def call(document: dict[str, Any], bic: str) -> httpx.Client:
    entry = next(one for one in document["participants"] if one["bic"] == bic)
    headers = {"Authorization": f"Bearer {entry['credential']}"}
    return httpx.Client(base_url=entry["api_url"], headers=headers, trust_env=False, verify=NO_TLS, timeout=60)


def pay(document: dict[str, Any]) -> dict[str, Any]:
    transfer = Transfer()
    with call(document, BANK_CN) as http:
        assert http.post("/v1/iso20022/messages", content=transfer.body(), headers=XML).status_code == 202
        return ended(http, transfer.uetr)


def ended(http: httpx.Client, uetr: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while (payment := http.get(f"/v1/payments/{uetr}").json())["state"] not in ENDS:
        assert time.monotonic() < deadline, payment
        time.sleep(0.05)
    return dict(payment)


def accounts(document: dict[str, Any], bic: str) -> list[dict[str, Any]]:
    with call(document, bic) as http:
        found: list[dict[str, Any]] = http.get("/v1/accounts").json()["accounts"]
        return found


def killed_at(data: Path, doing: str, for_s: float) -> None:
    """Start it, and end it as a power cut would, so long after it said that it does this."""
    process = start(data)
    assert process.stdout is not None
    assert any(doing in line for line in process.stdout), "it says what it is doing"
    time.sleep(for_s)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_killed_again_and_again_while_being_set_up_it_is_completed(tmp_path: Path) -> None:
    """One folder, cut off at each of its steps in turn."""
    data = tmp_path / "network"
    for doing, for_s in (
        ("opening keys", 0.1),
        ("setting the network up", 0.3),
        ("opening the institutions' books", 0.4),
    ):
        killed_at(data, doing, for_s)
    with running(data) as document:
        assert pay(document)["state"] == "SETTLED"
        own, *customers = accounts(document, BANK_CN)
        assert (own["account"], own["balance"]) == ("OWN-CNY", 8_000_000_00)
        assert [one["balance"] for one in customers] == [2_500_000_00 - 10_000_00, 86_500_00]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(tmp_path / "network", "--rpc-port", str(port))
        output, _ = process.communicate(timeout=READY_S)
    assert process.returncode == ExitCode.PORT_TAKEN
    assert f"port {port} is taken" in output
    assert "--rpc-port" in output


def test_one_folder_runs_once(tmp_path: Path) -> None:
    data = tmp_path / "network"
    first = start(data)
    try:
        deadline = time.monotonic() + READY_S
        while not (data / "institutions").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        second = start(data)
        output, _ = second.communicate(timeout=READY_S)
        assert second.returncode == ExitCode.FOLDER_IN_USE
        assert "another process" in output
    finally:
        first.kill()
        first.wait()
