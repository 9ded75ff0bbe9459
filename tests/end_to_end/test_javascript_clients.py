"""ethers and viem against a real `corridor node --dev`: what programs in JavaScript do with a chain."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts import ARTIFACTS
from tests.end_to_end.conftest import ANVIL_FUNDER

HERE = Path(__file__).parent
HOW_TO_INSTALL = "{} is not installed: npm install --no-package-lock --ignore-scripts --prefix tests/end_to_end"


def told(client: str, url: str) -> dict[str, Any]:
    """What a client's script found; skips where Node.js or the client is missing."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node (Node.js) is not installed")
    if not (HERE / "node_modules" / client).exists():
        pytest.skip(HOW_TO_INSTALL.format(client))
    command = [program, f"clients/{client}.mjs", url, str(ARTIFACTS / "CurrencyToken.json"), "0x" + ANVIL_FUNDER]
    ran = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=90, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_ethers(development_node: str) -> None:
    assert told("ethers", development_node) == {
        "chain_id": 20022,
        "name": "Digital yuan",
        "status": 1,
        "allowance": 12345,
        "events": [12345],
        "reason": "CurrencyToken: not an issuer",
        "typed": True,
        "same_signature": True,
        "block": True,
        "gas_price": 0,
    }


def test_viem(development_node: str) -> None:
    assert told("viem", development_node) == {
        "chain_id": 20022,
        "name": "Digital yuan",
        "status": "success",
        "allowance": 54321,
        "events": 1,
        "watched": 1,
        "reason": "CurrencyToken: not an issuer",
        "typed": True,
        "amended": 9,
        "estimated": True,
    }
