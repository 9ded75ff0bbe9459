"""What README.md tells a newcomer to type works as it stands there; only ports and folders are the test's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cli.main import COMMANDS
from tests.end_to_end.site import Site
from tests.end_to_end.test_up import domestic
from tests.processes import CORRIDOR, ROOT

README = ROOT / "README.md"
NEXT = "-- next answer --"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str, containing: str = "") -> list[str]:
    """The fenced blocks of a language."""
    found = _BLOCK.findall(README.read_text())
    return [text for kind, text in found if kind == language and containing in text]


def test_every_make_target_exists() -> None:
    targets = {target for block in blocks("sh") for target in re.findall(r"^make (\w+)", block, re.MULTILINE)}
    assert {"demo", "test"} <= targets
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_every_corridor_command_exists() -> None:
    commands = {found for block in blocks("sh") for found in re.findall(r"corridor (\w+)", block)}
    assert "up" in commands
    assert commands <= set(COMMANDS), "and tests/cli/test_lazy_commands.py asks each for its help"


def test_the_options_of_up_are_its_own() -> None:
    (block,) = blocks("sh", "corridor up")
    told = subprocess.run([*CORRIDOR, "up", "--help"], cwd=ROOT, check=True, capture_output=True, text=True)
    for option in re.findall(r"--[\w-]+", block):
        assert option in told.stdout


def test_the_requests_are_answered_as_told(local_site: Site, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (block,) = blocks("sh", "curl")
    order = domestic(local_site)
    (tmp_path / "pacs008.xml").write_bytes(order.message())
    with closing(local_site.back_office(order.debtor.bic)) as office:
        own = {
            "API": office.entry["api_url"],
            "CREDENTIAL": office.entry["credential"],
            "UETR": order.uetr,
            "NO_PROXY": "*",
        }
        script = ["bash", "-euc", re.sub(r"^curl ", f"echo {NEXT!r}; curl ", block, flags=re.MULTILINE)]
        ran = subprocess.run(
            script, cwd=tmp_path, env=os.environ | own, check=True, capture_output=True, text=True
        )
        _, quote, report, payment = ran.stdout.split(NEXT)
        assert json.loads(quote)["sell"] == {"amount": 1000000, "currency": "CNY"}
        assert "<TxSts>RCVD</TxSts>" in report.replace("ns0:", "")
        assert json.loads(payment)["uetr"] == order.uetr
        assert office.ended(order.uetr)["state"] == "SETTLED"


def test_the_program_reads_the_chain(local_site: Site, tmp_path: Path) -> None:
    (program,) = blocks("python", "Web3")
    (tmp_path / "corridor-data").symlink_to(local_site.folder / "data")
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    for customer in local_site.network["customers"]:
        assert customer["name"] in ran.stdout
    assert re.search(r" \d{4,}$", ran.stdout, re.MULTILINE), "somebody has yuan in a wallet"
