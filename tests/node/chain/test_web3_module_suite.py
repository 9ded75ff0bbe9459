"""web3.py's own tests of a provider, from the installed package, over HTTP on a development chain.

A few of its tests hold a node to habits of geth; each is named below with its reason and expected to fail, so that
the day it passes is noticed.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from web3 import Web3
from web3._utils.contract_sources.contract_data.emitter_contract import EMITTER_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.math_contract import MATH_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.offchain_lookup import OFFCHAIN_LOOKUP_DATA
from web3._utils.contract_sources.contract_data.panic_errors_contract import PANIC_ERRORS_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.revert_contract import REVERT_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.storage_contract import STORAGE_CONTRACT_DATA
from web3._utils.module_testing.eth_module import EthModuleTest
from web3._utils.module_testing.go_ethereum_debug_module import GoEthereumDebugModuleTest
from web3._utils.module_testing.go_ethereum_txpool_module import GoEthereumTxPoolModuleTest
from web3._utils.module_testing.net_module import NetModuleTest
from web3._utils.module_testing.utils import RequestMocker
from web3._utils.module_testing.web3_module import Web3ModuleTest

from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.development import DevelopmentChain, development_genesis, development_signers
from node.chain.server import create_rpc_app
from node.chain.serving import BackgroundServer

LOG_DOUBLE_WITH_INDEX = 9  # as the contract numbers its events
KEYFILE_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


class PatientMiner:
    """Makes a block once nothing has come for a moment, so that what waits can be replaced; else one a second."""

    def __init__(self, chain: LocalChain) -> None:
        self._chain = chain
        self._latest = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        chain.automine = False
        chain.pending_listeners.append(self._note)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _note(self, _: bytes) -> None:
        self._latest = time.monotonic()

    def _run(self) -> None:
        while not self._stopped.wait(0.02):
            quiet_s = time.monotonic() - self._latest
            if quiet_s > 1 or (quiet_s > 0.2 and len(self._chain.pool)):
                self._chain.mine()
                self._latest = time.monotonic()


@pytest.fixture(scope="module")
def w3() -> Iterator[Any]:
    signers = development_signers()
    genesis = replace(development_genesis(131277322940537, signers), base_fee=10**9)
    chain = LocalChain.open(None, genesis, ChainClock(strict=True))
    chain.mine()
    nobody = "0x" + "00" * 20  # one test wants the genesis block's miner to have earned something
    miner = PatientMiner(chain)
    with BackgroundServer(create_rpc_app(chain, development=DevelopmentChain(chain, signers))) as server:
        web3: Any = Web3(Web3.HTTPProvider(server.url))
        gift = {"from": web3.eth.accounts[1], "to": nobody, "value": 1}
        web3.eth.wait_for_transaction_receipt(web3.eth.send_transaction(gift))
        yield web3
    miner.stop()
    chain.close()


@pytest.fixture(scope="module", autouse=True)
def _history(block_with_txn: Any, block_with_txn_with_log: Any) -> None:
    """The blocks the tests look back at come before any of them, since some leave traces of their own."""


@pytest.fixture(autouse=True)
def _nothing_waits(w3: Any) -> None:
    """A test that leaves a transaction waiting must not disturb the next."""
    while int(w3.manager.request_blocking("txpool_status", [])["pending"], 16):
        time.sleep(0.02)


@pytest.fixture(scope="module")
def keyfile_account_pkey() -> str:
    return KEYFILE_KEY


@pytest.fixture(scope="module")
def keyfile_account_address(w3: Any) -> Any:
    return w3.eth.account.from_key(KEYFILE_KEY).address


@pytest.fixture(params=[str, bytes])
def keyfile_account_address_dual_type(request: Any, keyfile_account_address: Any) -> Any:
    return keyfile_account_address if request.param is str else bytes.fromhex(keyfile_account_address[2:])


@pytest.fixture(scope="module")
def empty_block(w3: Any) -> Any:
    return w3.eth.get_block(1)


def deployed(w3: Any, sender: Any, data: Any) -> Any:
    factory = w3.eth.contract(**data)
    receipt = w3.eth.wait_for_transaction_receipt(factory.constructor().transact({"from": sender}))
    return factory(receipt["contractAddress"])


@pytest.fixture(scope="module")
def math_contract_deploy_txn_hash(w3: Any, keyfile_account_address: Any) -> Any:
    return w3.eth.contract(**MATH_CONTRACT_DATA).constructor().transact({"from": keyfile_account_address})


@pytest.fixture(scope="module")
def math_contract(w3: Any, math_contract_deploy_txn_hash: Any) -> Any:
    receipt = w3.eth.wait_for_transaction_receipt(math_contract_deploy_txn_hash)
    return w3.eth.contract(**MATH_CONTRACT_DATA)(receipt["contractAddress"])


@pytest.fixture(scope="module")
def math_contract_address(math_contract: Any) -> Any:
    return math_contract.address


@pytest.fixture(scope="module")
def emitter_contract(w3: Any, keyfile_account_address: Any) -> Any:
    return deployed(w3, keyfile_account_address, EMITTER_CONTRACT_DATA)


@pytest.fixture(scope="module")
def emitter_contract_address(emitter_contract: Any) -> Any:
    return emitter_contract.address


@pytest.fixture(scope="module")
def revert_contract(w3: Any, keyfile_account_address: Any) -> Any:
    return deployed(w3, keyfile_account_address, REVERT_CONTRACT_DATA)


@pytest.fixture(scope="module")
def storage_contract(w3: Any, keyfile_account_address: Any) -> Any:
    return deployed(w3, keyfile_account_address, STORAGE_CONTRACT_DATA)


@pytest.fixture(scope="module")
def offchain_lookup_contract(w3: Any, keyfile_account_address: Any) -> Any:
    return deployed(w3, keyfile_account_address, OFFCHAIN_LOOKUP_DATA)


@pytest.fixture(scope="module")
def panic_errors_contract(w3: Any, keyfile_account_address: Any) -> Any:
    return deployed(w3, keyfile_account_address, PANIC_ERRORS_CONTRACT_DATA)


def alone(w3: Any, account: Any) -> None:
    """Wait until nothing of an account waits, so that what comes next is first in its block."""
    while w3.eth.get_transaction_count(account) != w3.eth.get_transaction_count(account, "pending"):
        time.sleep(0.02)


@pytest.fixture(scope="module")
def mined_txn_hash(w3: Any, keyfile_account_address: Any) -> Any:
    alone(w3, keyfile_account_address)
    fields = {"from": keyfile_account_address, "to": keyfile_account_address, "value": 1, "gas": 21_000}
    sent = w3.eth.send_transaction({**fields, "gasPrice": w3.to_wei(1, "gwei")})
    w3.eth.wait_for_transaction_receipt(sent)
    return sent


@pytest.fixture(scope="module")
def block_with_txn(w3: Any, mined_txn_hash: Any) -> Any:
    return w3.eth.get_block(w3.eth.get_transaction(mined_txn_hash)["blockNumber"])


@pytest.fixture(scope="module")
def txn_hash_with_log(w3: Any, emitter_contract: Any, keyfile_account_address: Any) -> Any:
    alone(w3, keyfile_account_address)
    sent = emitter_contract.functions.logDouble(LOG_DOUBLE_WITH_INDEX, 12345, 54321)
    sent = sent.transact({"from": keyfile_account_address})
    w3.eth.wait_for_transaction_receipt(sent)
    return sent


@pytest.fixture(scope="module")
def block_with_txn_with_log(w3: Any, txn_hash_with_log: Any) -> Any:
    return w3.eth.get_block(w3.eth.get_transaction(txn_hash_with_log)["blockNumber"])


@pytest.fixture
def skip_if_testrpc() -> Any:
    return lambda _: None


@pytest.fixture
def request_mocker() -> Any:
    return RequestMocker


class TestEth(EthModuleTest):
    """The eth module."""

    test_invalid_eth_sign_typed_data = pytest.mark.xfail(reason="wants the wording of geth's own library")(
        EthModuleTest.test_invalid_eth_sign_typed_data
    )


class TestNet(NetModuleTest):
    """The net module."""


class TestWeb3(Web3ModuleTest):
    """The web3 module."""

    def _check_web3_client_version(self, client_version: Any) -> Any:
        assert client_version.startswith("Corridor/")


class TestDebug(GoEthereumDebugModuleTest):
    """The debug module."""


class TestTxPool(GoEthereumTxPoolModuleTest):
    """The txpool module."""
