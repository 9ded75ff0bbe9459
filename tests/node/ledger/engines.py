"""The engines the ledger's tests run on, over real HTTP: the local chain, and Anvil where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.chain.chain import LocalChain
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.ledger.client import LedgerClient
from tests.node.ledger.actors import actor
from tests.undertaker import ends_with_us
from wallet.signer import LocalSigner

ROOT = Path(__file__).parents[3]
HOW_TO_INSTALL = "anvil is not installed: npm install --no-package-lock --prefix tests/end_to_end"
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Engine:
    """A running engine; `funder` has its coin, and is None where gas is free."""

    name: str
    url: str
    funder: LocalSigner | None


@contextmanager
def local_engine(path: Path | None = None) -> Iterator[Engine]:
    """The local chain, in memory or kept in `path`."""
    chain = LocalChain.open(path)
    try:
        with BackgroundServer(create_rpc_app(chain)) as server:
            yield Engine("local", server.url, None)
    finally:
        chain.close()


@contextmanager
def anvil_engine(scratch: Path, *flags: str) -> Iterator[Engine]:
    """Anvil on a free port with a funded account; skips the test where it is not installed."""
    program = anvil_program()
    if program is None:
        pytest.skip(HOW_TO_INSTALL)
    diary = scratch / "anvil.log"  # a pipe nobody reads would fill up and stop it
    command = [program, "--port", "0", "--cache-path", str(scratch), *flags]
    with diary.open("w") as written:
        process = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT)
    ends_with_us(process.pid)
    try:
        url, funder = f"http://127.0.0.1:{_port(process, diary)}", actor("funder")
        LedgerClient(url).connection.call("anvil_setBalance", funder.address, hex(10**24))
        yield Engine("anvil", url, funder)
    finally:
        process.kill()
        process.wait(timeout=60)


def _port(process: subprocess.Popen[bytes], diary: Path) -> int:
    ends_at = time.monotonic() + 120
    while time.monotonic() < ends_at and process.poll() is None:
        found = _LISTENING.search(diary.read_text())
        if found:
            return int(found[1])
        time.sleep(0.02)
    raise RuntimeError(f"anvil did not start: {diary.read_text()[-500:]}")


def anvil_program() -> str | None:
    """Anvil, where it is installed."""
    return foundry_program("anvil")


def foundry_program(name: str) -> str | None:
    """The program itself rather than npm's launcher, which would outlive a killed parent."""
    for folder in (ROOT, ROOT / "tests" / "end_to_end"):
        for found in sorted(folder.glob(f"node_modules/@foundry-rs/{name}-*/bin/{name}")):
            return str(found)
    return shutil.which(name)
