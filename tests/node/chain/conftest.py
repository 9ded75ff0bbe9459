"""A chain in memory, the same chain behind a real HTTP server, and two keys."""

from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from node.chain.chain import LocalChain
from node.chain.genesis import Genesis, GenesisAccount
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer


def pytest_configure(config: pytest.Config) -> None:
    """web3.py's own tests, which one file here runs, carry this mark on the asynchronous ones."""
    config.addinivalue_line("markers", "asyncio: an asynchronous test of web3.py's")


@pytest.fixture
def debtor() -> LocalAccount:
    signer: LocalAccount = Account.from_key(b"\x01" * 32)
    return signer


@pytest.fixture
def creditor() -> LocalAccount:
    signer: LocalAccount = Account.from_key(b"\x02" * 32)
    return signer


@pytest.fixture
def genesis(debtor: LocalAccount) -> Genesis:
    return Genesis(accounts={bytes.fromhex(debtor.address[2:]): GenesisAccount(balance=10**18)})


@pytest.fixture
def chain(genesis: Genesis) -> Iterator[LocalChain]:
    opened = LocalChain.open(None, genesis)
    yield opened
    opened.close()


@pytest.fixture
def rpc_url(chain: LocalChain) -> Iterator[str]:
    with BackgroundServer(create_rpc_app(chain, ["https://wallet.example"])) as server:
        yield server.url


@pytest.fixture
def web3(rpc_url: str) -> Web3:
    return Web3(Web3.HTTPProvider(rpc_url))
