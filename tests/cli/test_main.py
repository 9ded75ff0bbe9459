"""The command itself: quick help, a version, exit codes that agree with each other, and one institution alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from cli.exit_codes import ExitCode
from cli.main import COMMANDS
from cli.network import INSTITUTIONS
from cli.running_network import NetworkOptions, RunningNetwork
from tests.network import BANK_CN, BANK_HK, Transfer, bank, settled
from tests.outsider import NO_TLS
from tests.processes import free_ports
from tests.undertaker import ends_with_us

ROOT = Path(__file__).resolve().parents[2]
CORRIDOR = (sys.executable, "-c", "from cli.main import main; main()")


def corridor(*arguments: str, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CORRIDOR, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
    )


def test_help_lists_every_command() -> None:
    found = corridor("--help")
    assert found.returncode == ExitCode.DONE
    for name in COMMANDS:
        assert name in found.stdout
    assert "Exit codes: 0 done" in found.stdout


def test_version() -> None:
    found = corridor("--version")
    assert found.returncode == ExitCode.DONE
    assert found.stdout.startswith("corridor ")


def test_an_unknown_command_is_bad_input() -> None:
    assert corridor("dmeo").returncode == ExitCode.BAD_INPUT


def test_a_folder_that_is_no_institution_is_bad_input(tmp_path: Path) -> None:
    found = corridor("api", "--data", str(tmp_path))
    assert found.returncode == ExitCode.BAD_INPUT
    assert "institution.json" in found.stderr


def test_an_institution_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    options = NetworkOptions(port=free_ports(len(INSTITUTIONS)), rpc_port=0, elsewhere=frozenset({BANK_HK}))
    with RunningNetwork(tmp_path / "network", options) as network:
        entry = next(one for one in network.document["participants"] if one["bic"] == BANK_HK)
        folder = tmp_path / "network" / "institutions" / BANK_HK
        process = subprocess.Popen([*CORRIDOR, "api", "--data", str(folder)], cwd=ROOT)
        ends_with_us(process.pid)
        try:
            await_health(entry["api_url"])
            transfer = Transfer()
            debtor_agent = bank(network, BANK_CN)
            settled(debtor_agent, transfer.body(), transfer.uetr)
            headers = {"Authorization": f"Bearer {entry['credential']}"}
            url = f"{entry['api_url']}/v1/payments/{transfer.uetr}"
            payment = httpx.get(url, headers=headers, trust_env=False, timeout=60).json()
            assert payment["state"] in ("ACCEPTED", "INCLUDED", "SETTLED")
            debtor_agent.http.close()
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == ExitCode.DONE
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_node_that_is_told_to_stop_ends_in_order(told: signal.Signals, tmp_path: Path) -> None:
    command = [*CORRIDOR, "node", "--port", "0", "--data", str(tmp_path / "chain")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    ends_with_us(process.pid)
    assert process.stdout is not None
    with process, process.stdout as lines:
        url = next(line.split()[-1] for line in lines if line.startswith("JSON-RPC on "))
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
        assert httpx.post(url, json=asked, trust_env=False, timeout=60).json()["result"] == "0x0"
        process.send_signal(told)
        assert process.wait(120) == ExitCode.DONE


def await_health(url: str) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            if httpx.get(url + "/healthz", trust_env=False, verify=NO_TLS, timeout=60).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")
