"""The engines that the contracts are tried on: the local chain in this process, eth-tester's own, and Anvil.

All speak plain JSON-RPC; only how to move the clock has a name of its own at eth-tester.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]
from web3 import EthereumTesterProvider, HTTPProvider, Web3
from web3.providers.base import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.development import DevelopmentChain, development_genesis, development_signers
from node.chain.genesis import CHAIN_ID
from node.chain.rpc import JsonRpc
from tests.chains import ANVIL, ETH_TESTER
from tests.contracts.chain import Chain
from tests.node.ledger.engines import anvil_engine


class InProcessProvider(BaseProvider):
    """web3.py on a local chain's JSON-RPC without a socket in between."""

    def __init__(self, rpc: JsonRpc) -> None:
        super().__init__()
        self._rpc = rpc

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return cast("RPCResponse", self._rpc.answer(asked))


@contextmanager
def open_chain(name: str, folder: Path) -> Iterator[Chain]:
    """A fresh chain of one of the engines."""
    if name == ETH_TESTER:
        yield Chain(Web3(EthereumTesterProvider(EthereumTester(PyEVMBackend()))), travels_by="testing_timeTravel")
    elif name == ANVIL:
        with anvil_engine(folder) as engine:
            yield Chain(Web3(HTTPProvider(engine.url)))
    else:
        with local_development_chain() as chain:
            yield chain


@contextmanager
def local_development_chain(chain_id: int = CHAIN_ID) -> Iterator[Chain]:
    """The local chain as a development chain, in memory."""
    signers = development_signers()
    chain = LocalChain.open(None, development_genesis(chain_id, signers), ChainClock(strict=True))
    try:
        yield Chain(Web3(InProcessProvider(JsonRpc(chain, DevelopmentChain(chain, signers)))))
    finally:
        chain.close()
