"""The node's telling of failures: what it tells, what it leaves out, and that it never holds up the node."""

from __future__ import annotations

import errno
import io

import pytest
from rich.console import Console

from cli.failure_teller import MOST_WAITING, FailureTeller
from node.chain.chain import LocalChain
from node.chain.development import DevelopmentChain, development_genesis, development_signers
from node.chain.rpc import JsonRpc

FIRST = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
REFUSES = "0x60006000fd"  # creation code that reverts


class FullDisk(io.StringIO):
    """A file that takes no more."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")


@pytest.fixture
def rpc() -> JsonRpc:
    signers = development_signers()
    chain = LocalChain.open(None, development_genesis(31337, signers))
    return JsonRpc(chain, DevelopmentChain(chain, signers))


def send(rpc: JsonRpc, **fields: str) -> str:
    return str(rpc.dispatch("eth_sendTransaction", [{"from": FIRST, "gas": hex(100_000), **fields}]))


def test_only_failures_are_told(rpc: JsonRpc) -> None:
    written = io.StringIO()
    teller = FailureTeller(rpc.node.chain, rpc, Console(file=written))
    teller.start()
    failed = send(rpc, data=REFUSES)
    fine = send(rpc, to=FIRST)
    teller.stop()
    assert f"transaction {failed} in block 1 failed: reverted without a reason" in written.getvalue()
    assert fine not in written.getvalue()
    assert rpc.node.chain.block_listeners == []


def test_what_it_cannot_keep_up_with_is_counted(rpc: JsonRpc) -> None:
    written = io.StringIO()
    teller = FailureTeller(rpc.node.chain, rpc, Console(file=written))
    chain = rpc.node.chain
    with chain.lock:  # it may listen, but not look
        teller.start()
        for _ in range(MOST_WAITING + 20):
            send(rpc, data=REFUSES)
    send(rpc, data=REFUSES)
    teller.stop()
    assert "blocks are left out" in written.getvalue()


def test_blocks_without_failures_do_not_wake_it(rpc: JsonRpc) -> None:
    teller = FailureTeller(rpc.node.chain, rpc, Console(file=io.StringIO()))
    rpc.node.chain.block_listeners.append(teller._note)
    send(rpc, to=FIRST)
    rpc.node.chain.mine()
    assert teller._failures.empty()
    send(rpc, data=REFUSES)
    assert not teller._failures.empty()


def test_output_that_cannot_be_written_does_not_stop_the_node(rpc: JsonRpc) -> None:
    teller = FailureTeller(rpc.node.chain, rpc, Console(file=FullDisk()))
    teller.start()
    for _ in range(3):
        send(rpc, data=REFUSES)
    teller.stop()
    assert rpc.node.chain.head.number == 3
