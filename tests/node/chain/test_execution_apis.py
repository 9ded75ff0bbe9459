"""The official request and answer files of execution-apis, over HTTP, on their own chain.

The suite is not part of this repository: it is looked for in CORRIDOR_EXECUTION_APIS or beside the checkout.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.errors import ImportRefused
from node.chain.foreign_chain import import_blocks, read_genesis, split_blocks
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer

SUITE = Path(
    os.environ.get("CORRIDOR_EXECUTION_APIS", Path(__file__).parents[4] / "shared" / "suites" / "execution-apis")
)
HEAD = "e27a3e81bd7cfe2aec2cc9e832c73a17c93e7efcf659cf4b39883b96c48708c2"
LEAST_PASSING = 136

pytestmark = pytest.mark.skipif(not SUITE.exists(), reason=f"the execution-apis suite is not in {SUITE}")


def imported() -> LocalChain:
    """The suite's chain: 45 blocks, Homestead to Prague."""
    foreign = read_genesis(SUITE / "tests" / "genesis.json")
    chain = LocalChain.open(None, foreign.genesis, ChainClock(lambda: 0.0, strict=True))
    assert import_blocks(chain, foreign, (SUITE / "tests" / "chain.rlp").read_bytes()) == 45
    return chain


def test_the_chain_imports_to_the_same_head() -> None:
    chain = imported()
    assert chain.head.hash.hex() == HEAD
    chain.close()


def test_a_block_that_was_tampered_with_stops_the_import() -> None:
    foreign = read_genesis(SUITE / "tests" / "genesis.json")
    chain = LocalChain.open(None, foreign.genesis)
    blocks = list(split_blocks((SUITE / "tests" / "chain.rlp").read_bytes()))
    tampered = bytearray(b"".join(blocks[:3]))
    tampered[len(blocks[0]) + len(blocks[1]) + 100] ^= 1  # a byte of the third block's state root
    with pytest.raises(ImportRefused, match="block 3 is not valid"):
        import_blocks(chain, foreign, bytes(tampered))
    assert chain.head.number == 2
    chain.close()


def test_requests_and_answers() -> None:
    chain = imported()
    with BackgroundServer(create_rpc_app(chain)) as server:
        runner = [sys.executable, str(SUITE / "run_io.py"), server.url, str(SUITE / "tests"), "-v"]
        printed = subprocess.run(runner, capture_output=True, text=True, check=True, timeout=120).stdout
    chain.close()
    found = re.search(r"TOTAL pass (\d+) fail", printed)
    assert found is not None, printed
    assert int(found[1]) >= LEAST_PASSING, printed
