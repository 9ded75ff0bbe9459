"""A chain in this process to try contracts on, and actors named by their role.

Everything goes through signed raw transactions and plain JSON-RPC, so any engine that web3 reaches will do.
"""

from ast import literal_eval
from dataclasses import dataclass
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak
from eth_tester.exceptions import TransactionFailed  # type: ignore[import-untyped]
from eth_typing import ChecksumAddress, HexAddress, HexStr
from hexbytes import HexBytes
from web3 import Web3
from web3.contract.contract import Contract, ContractFunction
from web3.exceptions import ContractLogicError
from web3.logs import DISCARD
from web3.types import RPCEndpoint, TxReceipt

from contracts import artifact

# EIP-7825, in force after Prague: no transaction may use more, so no contract call here may either.
MAX_TRANSACTION_GAS = 16_777_216
ZERO_ADDRESS = "0x" + "0" * 40


@dataclass(frozen=True)
class Actor:
    """Somebody with a key. The key is the hash of the role, so every run has the same addresses."""

    role: str
    account: LocalAccount

    @property
    def address(self) -> ChecksumAddress:
        return ChecksumAddress(HexAddress(HexStr(self.account.address)))


def actor(role: str) -> Actor:
    return Actor(role, Account.from_key(keccak(role.encode())))


def logged(receipt: TxReceipt, event: Any) -> list[dict[str, Any]]:
    """The arguments of every log of one event in a receipt, in order."""
    return [dict(log["args"]) for log in event().process_receipt(receipt, errors=DISCARD)]


@dataclass
class Point:
    """Somewhere to go back to, by the name the engine has for it now."""

    key: Any


class Chain:
    """A web3 connection with the two questions contract tests ask: does it happen, or why is it refused?"""

    def __init__(self, web3: Web3, travels_by: str = "evm_setNextBlockTimestamp") -> None:
        self.web3 = web3
        self._travels_by = travels_by
        self._funders = list(web3.eth.accounts)

    def fund(self, who: Actor) -> None:
        """Gives an actor money for gas, on an engine that asks for it."""
        if self._funders:
            wei = {"from": self._funders[0], "to": who.address, "value": 10**20}
            self.web3.eth.send_transaction(wei)  # type: ignore[arg-type]

    def deploy(self, who: Actor, name: str, *arguments: Any) -> Contract:
        code = artifact(name)
        factory = self.web3.eth.contract(abi=code.abi, bytecode=code.bytecode)
        receipt = self._broadcast(who, factory.constructor(*arguments), MAX_TRANSACTION_GAS)
        assert receipt["status"] == 1, f"{name} was not deployed"
        address = receipt["contractAddress"]
        assert address is not None
        return self.web3.eth.contract(address=address, abi=code.abi)

    def deploy_code(self, who: Actor, code: str) -> ChecksumAddress:
        """Deploys raw creation code."""
        transaction: Any = {
            "data": code,
            "gas": 100_000,
            "nonce": self.web3.eth.get_transaction_count(who.address),
            "chainId": self.web3.eth.chain_id,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 0,
            "value": 0,
        }
        raw = who.account.sign_transaction(transaction).raw_transaction
        receipt = self._included(self.web3.eth.send_raw_transaction(raw))
        address = receipt["contractAddress"]
        assert address is not None
        return address

    def send(self, who: Actor, call: ContractFunction, gas: int = 4_000_000) -> TxReceipt:
        """Sends a call and insists that it succeeds."""
        receipt = self._broadcast(who, call, gas)
        if receipt["status"] != 1:
            call.call({"from": who.address, "gas": gas})  # raises with the reason
            raise AssertionError(f"{call.fn_name} failed in a block and not in a call")
        return receipt

    def attempt(self, who: Actor, call: ContractFunction, gas: int = 4_000_000) -> TxReceipt:
        """Sends a call whatever becomes of it."""
        return self._broadcast(who, call, gas)

    def refuses(self, who: Actor, call: ContractFunction, reason: str, gas: int = MAX_TRANSACTION_GAS) -> None:
        """Insists that a call reverts with exactly this reason."""
        with pytest.raises((ContractLogicError, TransactionFailed)) as refused:
            call.call({"from": who.address, "gas": gas})
        assert str(refused.value.args[0]) == f"execution reverted: {reason}"

    def revert_data(self, who: Actor, call: ContractFunction) -> bytes:
        """The data a call reverts with: a custom error, which has no reason in words."""
        with pytest.raises((ContractLogicError, TransactionFailed)) as refused:
            call.call({"from": who.address, "gas": MAX_TRANSACTION_GAS})
        data = getattr(refused.value, "data", None)
        if isinstance(data, str):
            return bytes.fromhex(data.removeprefix("0x"))
        return bytes(literal_eval(str(refused.value.args[0]).removeprefix("execution reverted: ")))

    def refuses_to_deploy(self, who: Actor, reason: str, name: str, *arguments: Any) -> None:
        """Insists that a constructor reverts with exactly this reason."""
        code = artifact(name)
        factory = self.web3.eth.contract(abi=code.abi, bytecode=code.bytecode)
        data = factory.constructor(*arguments).data_in_transaction
        with pytest.raises((ContractLogicError, TransactionFailed)) as refused:
            self.web3.eth.call({"from": who.address, "data": data})
        assert str(refused.value.args[0]) == f"execution reverted: {reason}"

    def now(self) -> int:
        """The time the next block will have at least, in unix seconds."""
        return int(self.web3.eth.get_block("latest")["timestamp"]) + 1

    def travel_to(self, timestamp: int) -> None:
        """The next block gets this time."""
        self.web3.provider.make_request(RPCEndpoint(self._travels_by), [timestamp])

    def mine(self) -> None:
        self.web3.provider.make_request("evm_mine", [])  # type: ignore[arg-type]

    def snapshot(self) -> "Point":
        return Point(self._taken())

    def revert(self, point: "Point") -> None:
        """Goes back, as often as one likes: most engines let a snapshot be used once, so a new one is taken."""
        answer = self.web3.provider.make_request(RPCEndpoint("evm_revert"), [point.key])
        assert answer.get("result") is not False, "the engine no longer has this snapshot"
        point.key = self._taken()

    def _taken(self) -> Any:
        return self.web3.provider.make_request(RPCEndpoint("evm_snapshot"), [])["result"]

    def _broadcast(self, who: Actor, call: Any, gas: int) -> TxReceipt:
        transaction = call.build_transaction(
            {
                "from": who.address,
                "nonce": self.web3.eth.get_transaction_count(who.address),
                "gas": gas,
                "maxFeePerGas": 10**10,
                "maxPriorityFeePerGas": 0,
                "chainId": self.web3.eth.chain_id,
            }
        )
        raw = who.account.sign_transaction(transaction).raw_transaction
        return self._included(self.web3.eth.send_raw_transaction(raw))

    def _included(self, transaction_hash: HexBytes) -> TxReceipt:
        """The receipt; Anvil accepts before it includes."""
        return self.web3.eth.wait_for_transaction_receipt(transaction_hash, timeout=60, poll_latency=0.005)
