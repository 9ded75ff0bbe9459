"""A running network on each engine, for all tests of a module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.site import Site
from tests.node.ledger.engines import anvil_engine
from tests.processes import corridor

# The first account that Anvil prints when it starts: public, and worth nothing anywhere.
ANVIL_FUNDER = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


@pytest.fixture(scope="module", params=["local", pytest.param("anvil", marks=pytest.mark.anvil)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`corridor up` on the local chain, then on Anvil."""
    folder = tmp_path_factory.mktemp(f"site-{request.param}")
    if request.param == "local":
        yield from _running(Site(folder))
        return
    with anvil_engine(folder) as engine:
        yield from _running(Site(folder, ("--rpc-url", engine.url, "--funder-key-file", str(_funder(folder)))))


@pytest.fixture(scope="module")
def local_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`corridor up` on the local chain only; one for each module, as real messages spend all that a bank has."""
    yield from _running(Site(tmp_path_factory.mktemp("site")))


@pytest.fixture(scope="package")
def development_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real `corridor node --dev`."""
    folder = tmp_path_factory.mktemp("development-node")
    with corridor(folder / "diary", "node", "--dev", "--port", "0", "--data", str(folder / "chain")) as process:
        yield process.await_("an address", lambda: _address(process.told()))


def _address(told: str) -> str | None:
    found = re.search(r"JSON-RPC on (http://\S+)", told)
    return found[1] if found else None


def _running(site: Site) -> Iterator[Site]:
    try:
        site.start()
        yield site
    finally:
        if site.process is not None:
            site.process.kill()


def _funder(folder: Path) -> Path:
    file = folder / "funder"
    file.touch(mode=0o600)
    file.write_text(ANVIL_FUNDER)
    return file
