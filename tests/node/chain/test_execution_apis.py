"""The official request and answer files of execution-apis, over HTTP, on their own chain.

The suite is not part of this repository: it is looked for in CORRIDOR_EXECUTION_APIS or beside the checkout.
Every file that does not pass is listed with its reason, and the list must stay exact.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState

from node.chain import fork_schedule
from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.errors import ImportRefused
from node.chain.foreign_chain import import_blocks, read_genesis, split_blocks
from node.chain.rules import LocalVM
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer
from node.chain.translation.computation import TranslatedComputation
from node.chain.translation.program import Translator

SUITE = Path(
    os.environ.get("CORRIDOR_EXECUTION_APIS", Path(__file__).parents[4] / "shared" / "suites" / "execution-apis")
)
HEAD = "e27a3e81bd7cfe2aec2cc9e832c73a17c93e7efcf659cf4b39883b96c48708c2"
FAILING = {
    "eth_config/get-config.io": "the suite's chain changes forks by time; ours is Prague from its first block",
    "eth_sendRawTransaction/send-blob-tx.io": "no blob transactions: no KZG library to verify them",
    "eth_simulateV1/ethSimulate-basefee-too-low-without-validation-38012.io": "too low a fee is always refused",
    "eth_simulateV1/ethSimulate-blobs.io": "blob transactions are not simulated",
    "eth_simulateV1/ethSimulate-empty-with-block-num-set-firstblock.io": "a simulated block always follows Prague",
    "eth_simulateV1/ethSimulate-overflow-nonce.io": "a nonce beyond 2^64-2 is refused, not wrapped",
    "testing_buildBlockV1/build-block-empty-transactions.io": "the testing_ namespace is not served",
    "testing_buildBlockV1/build-block-from-mempool.io": "the testing_ namespace is not served",
    "testing_buildBlockV1/build-block-invalid-transaction.io": "the testing_ namespace is not served",
    "testing_buildBlockV1/build-block-with-transactions.io": "the testing_ namespace is not served",
    **{
        f"eth_simulateV1/ethSimulate-{name}.io": "traceTransfers (logs for plain value transfers) is not supported"
        for name in (
            "eth-send-should-not-produce-logs-on-revert",
            "eth-send-should-produce-logs",
            "eth-send-should-produce-more-logs-on-forward",
            "override-address-twice-in-separate-BlockStateCalls",
            "overwrite-existing-contract",
            "self-destructive-contract-produces-logs",
            "send-eth-and-delegate-call",
            "send-eth-and-delegate-call-to-eoa",
            "send-eth-and-delegate-call-to-payble-contract",
            "simple-send-from-contract",
        )
    },
    **{
        f"eth_simulateV1/ethSimulate-{name}.io": "movePrecompileToAddress is not supported"
        for name in (
            "move-ecrecover-and-call",
            "move-ecrecover-and-call-old-and-new",
            "move-ecrecover-twice-and-call",
            "move-two-accounts-to-same-38023",
            "override-ecrecover",
            "override-identity",
            "override-sha256",
            "use-as-many-features-as-possible",
        )
    },
}

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


def test_the_chain_imports_to_the_same_head_with_its_contracts_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place at its first use, in py-evm's own import, over py-evm's own accounts."""
    translator = Translator(PragueComputation.opcodes, uses_before=1)
    computation = type("Computation", (TranslatedComputation,), {"translator": translator})
    state = type("State", (PragueState,), {"computation_class": computation})
    machine = type("Machine", (LocalVM,), {"_state_class": state})
    monkeypatch.setattr(fork_schedule, "BY_TIME", (*fork_schedule.BY_TIME[:-1], ("pragueTime", machine)))
    chain = imported()
    assert chain.head.hash.hex() == HEAD
    assert translator.stretches > 0
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
    chain.automine = False  # the answers expect sent transactions to wait
    with BackgroundServer(create_rpc_app(chain)) as server:
        runner = [sys.executable, str(SUITE / "run_io.py"), server.url, str(SUITE / "tests"), "-v"]
        printed = subprocess.run(runner, capture_output=True, text=True, check=True, timeout=120).stdout
    chain.close()
    failed = {f"{method}/{file}" for method, file in re.findall(r"^\('(\w+)', '([^']+)'", printed, re.MULTILINE)}
    assert failed == set(FAILING), printed
    assert "TOTAL pass 205 fail 28" in printed
