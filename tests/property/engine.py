"""The contracts on the chain's own virtual machine, without blocks, signed transactions and receipts around them.

A state that calls are applied to, one after another: some hundreds a second, which makes ten thousand random steps
a matter of the default test run. What surrounds a transaction is tested elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts import artifact
from node.chain.chain import LocalChain
from node.chain.simulation import CallRequest, CallResult, simulate
from node.ledger.abi import call_data, decode_result, deploy_data, revert_sentence
from wallet.address import ZERO_ADDRESS, address_bytes, checksum_address
from wallet.keccak import keccak

GAS = 16_777_216
START_S = 1_800_000_000


@dataclass(frozen=True)
class Deployed:
    """A contract of a known kind at an address."""

    kind: str
    address: str


class Engine:
    """One state, and the time it is there. `keep` makes what was done the beginning that `begin` goes back to."""

    def __init__(self) -> None:
        self._chain = LocalChain.open(None)
        self.chain_id = self._chain.genesis.chain_id
        self.attempts = 0
        self.begin()

    def keep(self) -> None:
        self._chain.commit_block(self._block)
        self.begin()

    def begin(self) -> None:
        self.now = START_S
        self._block = self._chain.begin_block(timestamp_s=START_S)

    def close(self) -> None:
        self._chain.close()

    def deploy(self, sender: str, kind: str, *arguments: Any) -> Deployed:
        code = artifact(kind)
        result = self._apply(sender, b"", deploy_data(code.abi, code.bytecode, *arguments))
        assert result.error is None, result
        assert result.computation is not None
        return Deployed(kind, checksum_address(result.computation.msg.storage_address))

    def attempt(self, sender: str, contract: Deployed, function: str, *arguments: Any) -> str | None:
        """Apply a call; None where it succeeded, else the sentence it was refused with."""
        return self.attempt_data(sender, contract, call_data(artifact(contract.kind).abi, function, *arguments))

    def attempt_data(self, sender: str, contract: Deployed, data: bytes) -> str | None:
        """The same with the bytes of a call."""
        self.attempts += 1
        result = self._apply(sender, address_bytes(contract.address), data)
        if result.error is None:
            return None
        assert result.reverted, result.error  # a refusal, never an accident
        return revert_sentence(result.error, "0x" + result.output.hex())

    def must(self, sender: str, contract: Deployed, function: str, *arguments: Any) -> None:
        refusal = self.attempt(sender, contract, function, *arguments)
        assert refusal is None, f"{function}: {refusal}"

    def read(self, contract: Deployed, function: str, *arguments: Any) -> Any:
        abi = artifact(contract.kind).abi
        data = call_data(abi, function, *arguments)
        result = self._apply(ZERO_ADDRESS, address_bytes(contract.address), data)
        assert result.error is None, f"{function}: {result.error}"
        return decode_result(abi, function, len(arguments), result.output)

    def find_words(self, contract: Deployed, key: str, word: int) -> int:
        """The number of the storage variable, a mapping of addresses, that has this word at `key`."""
        return next(place for place in range(64) if self.word(contract, place, key) == word)

    def word(self, contract: Deployed, place: int, key: str) -> int:
        """One word of a mapping of addresses, straight from storage: a hundredth of the cost of a call."""
        slot = keccak(place.to_bytes(32, "big") + bytes(12) + address_bytes(key))
        return int(self._block.state.get_storage(address_bytes(contract.address), int.from_bytes(slot, "big")))  # type: ignore[arg-type]

    def travel(self, seconds: int) -> None:
        self.now += seconds
        # A block has one time and would have to be closed for another; contracts cannot tell the difference.
        self._block.state.execution_context._timestamp = self.now  # type: ignore[attr-defined]

    def _apply(self, sender: str, to: bytes, data: bytes) -> CallResult:
        request = CallRequest(sender=address_bytes(sender), to=to, data=data, gas=GAS)
        return simulate(self._block.state, request, GAS)
