"""The line to one chain engine: blocks, balances, calls, transactions, in plain values.

It works on the local chain, on Anvil and on any Ethereum JSON-RPC engine; what the engine can do is asked of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from contracts import artifact
from node.ledger import abi as codec
from node.ledger import broadcast as broadcasting
from node.ledger.abi import Abi
from node.ledger.errors import EngineRefused, LedgerBehind, LedgerUnreachable
from node.ledger.finality import Finality, FinalityKind, finality_from, finality_of
from node.ledger.transport import Call, Connection, result_of
from node.ledger.values import (
    BlockReference,
    BroadcastOutcome,
    CallRefused,
    Capabilities,
    Fees,
    Receipt,
    TokenFacts,
)
from wallet.address import to_checksum

__all__ = [
    "BlockReference",
    "BroadcastOutcome",
    "CallRefused",
    "Capabilities",
    "EngineRefused",
    "Fees",
    "LedgerBehind",
    "LedgerClient",
    "LedgerUnreachable",
    "ReadRefused",
    "Receipt",
    "TokenFacts",
]

# TIMESTAMP PUSH1 0 MSTORE PUSH1 32 PUSH1 0 RETURN: run as creation code, it returns the block's time.
_TELL_TIME: Final = "0x4260005260206000f3"
# JSON-RPC codes that speak of the request and not of what the call did (JSON-RPC 2.0, section 5.1).
_REQUEST_FAULTS: Final = frozenset({-32700, -32600, -32601, -32602, -32603})


class ReadRefused(Exception):
    """A view function reverted; the text is the contract's sentence."""


class LedgerClient:
    """The engine at `rpc_url`. Raises LedgerUnreachable on transport trouble, and on nothing else.

    Threads may share it. `finality` (`instant`, `finalized`, `depth:N`) overrides the rule that the engine's
    answers would give it. Nothing is sent before the first question.
    """

    def __init__(self, rpc_url: str, *, timeout_s: float = 10, finality: str | None = None) -> None:
        """Raises ValueError for a finality that is none."""
        self.rpc_url = rpc_url
        self.connection = Connection(rpc_url, timeout_s=timeout_s)
        self._override = finality_from(finality) if finality else None
        self._chain_id: int | None = None
        self._finality: Finality | None = None

    def close(self) -> None:
        """Close the connections; the client may be used again."""
        self.connection.close()

    def chain_id(self) -> int:
        """The chain's id (EIP-155), asked once."""
        if self._chain_id is None:
            self._chain_id = int(self.connection.call("eth_chainId"), 16)
        return self._chain_id

    def finality(self) -> Finality:
        """The rule by which blocks become final here, found once."""
        if self._finality is None:
            version = str(self.connection.call("web3_clientVersion"))
            self._finality = self._override or finality_of(self.connection, version)
        return self._finality

    def capabilities(self) -> Capabilities:
        """What the engine says of itself, asked anew."""
        version = str(self.connection.call("web3_clientVersion"))
        return Capabilities(version, self.chain_id(), self.fees().free, self.finality())

    def head(self) -> BlockReference:
        """The newest block, which may still be replaced unless finality is instant."""
        return self._tagged("latest")

    def final(self) -> BlockReference:
        """The newest block that is final: what is in it or below is settled for good.

        Raises LedgerBehind while the chain has no final block yet.
        """
        finality = self.finality()
        if finality.kind is FinalityKind.INSTANT:
            return self.head()
        if finality.kind is FinalityKind.FINALIZED:
            return self._tagged("finalized")
        return self._tagged(hex(max(0, self.head().number - finality.depth)))

    def tips(self) -> tuple[BlockReference, BlockReference]:
        """The newest final block and the newest block, asked for together; raises as `final` does."""
        if self.finality().kind is FinalityKind.INSTANT:
            head = self.head()
            return head, head
        return self.final(), self.head()

    def block(self, number: int) -> BlockReference:
        """The block of this number on the present chain; raises LedgerBehind where there is none yet."""
        return self._tagged(hex(number))

    def blocks(self, numbers: Sequence[int]) -> list[BlockReference]:
        """Several blocks in one round trip, in the order asked for; raises as `block` does."""
        if not numbers:
            return []
        found = self.connection.batch([("eth_getBlockByNumber", (hex(number), False)) for number in numbers])
        for number, block in zip(numbers, found, strict=True):
            if block is None:
                raise LedgerBehind(f"the engine has no block {number}")
        return [block_reference(block) for block in found]

    def pending_time_s(self) -> int:
        """The chain's clock: the unix time that a block made now would carry, never before the newest block's.

        It goes on while no block is made: asked of the pending block, and of a call that reads the clock as a
        contract would. Where the engine shows neither it is the newest block's time.
        """
        latest, pending, clock = self.connection.answers(
            [
                ("eth_getBlockByNumber", ("latest", False)),
                ("eth_getBlockByNumber", ("pending", False)),
                ("eth_call", ({"data": _TELL_TIME}, "pending")),
            ]
        )
        newest = block_reference(result_of("eth_getBlockByNumber", latest)).timestamp_s
        shown = (pending.get("result") or {}).get("timestamp")
        return max(newest, *(int(time or "0x0", 16) for time in (shown, clock.get("result"))))

    def _tagged(self, tag: str) -> BlockReference:
        found = self.connection.call("eth_getBlockByNumber", tag, False)
        if found is None:
            raise LedgerBehind(f"the engine has no block {tag}")
        return block_reference(found)

    def balance_of(self, token: str, holder: str, block: int | None = None) -> int:
        """A holder's free balance of a currency token, in minor units, now or at a block."""
        return int(self.read(token, artifact("CurrencyToken").abi, "balanceOf", holder, block=block))

    def owned_by(self, token: str, holder: str, block: int | None = None) -> int:
        """All a holder has of a currency, free or on hold, in minor units, now or at a block."""
        free, held = self.balances(token, holder, block)
        return free + held

    def balances(self, token: str, holder: str, block: int | None = None) -> tuple[int, int]:
        """A holder's free balance, and beside it what is on hold, in minor units, now or at a block."""
        requests = [(token, "balanceOf", holder), (token, "held_of", holder)]
        free, held = self.read_many(artifact("CurrencyToken").abi, requests, block=block)
        return int(free), int(held)

    def gas_balance(self, address: str) -> int:
        """An account's balance of the chain's own coin, in wei; it matters only where gas is not free."""
        return int(self.connection.call("eth_getBalance", address, "latest"), 16)

    def token_facts(self, token: str, block: int | None = None) -> TokenFacts:
        """What a currency token is and how much of it was issued and redeemed, all at one block."""
        names = ("name", "symbol", "decimals", "issued_total", "redeemed_total", "totalSupply")
        requests = [(token, name) for name in names]
        answers = self.read_many(artifact("CurrencyToken").abi, requests, block=block)
        return TokenFacts(token, *answers)

    def next_nonce(self, address: str) -> int:
        """The nonce after those that are in blocks (pending transactions do not count)."""
        return int(self.connection.call("eth_getTransactionCount", address, "latest"), 16)

    def fees(self) -> Fees:
        """What to offer for gas now: nothing where gas is free, else twice the base fee and the usual tip."""
        latest, price = self.connection.batch([("eth_getBlockByNumber", ("latest", False)), ("eth_gasPrice", ())])
        base_fee = int(latest.get("baseFeePerGas") or "0x0", 16)
        if base_fee == 0 and int(price, 16) == 0:
            return Fees(0, 0)
        tip = max(1, int(price, 16) - base_fee)
        return Fees(2 * base_fee + tip, tip)

    def simulate(self, from_: str, to: str | None, data: bytes) -> int | CallRefused:
        """The gas that a transaction would take now, or the sentence with which it would be refused."""
        call = {"from": from_, "data": "0x" + data.hex()} | ({"to": to} if to else {})
        try:
            return int(self.connection.call("eth_estimateGas", call), 16)
        except EngineRefused as refusal:
            if refusal.code in _REQUEST_FAULTS:
                raise
            return CallRefused(codec.revert_sentence(refusal.message, refusal.data))

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """Send signed bytes, and look at the chain where the answer leaves it open; see `broadcast.broadcast`."""
        return broadcasting.broadcast(self.connection, raw)

    def broadcast_many(self, raws: Sequence[bytes]) -> list[BroadcastOutcome]:
        """Send many signed transactions in one round trip, in order; each has its own outcome."""
        return broadcasting.broadcast_many(self.connection, raws)

    def ask_for_block(self) -> None:
        """Ask a development chain for a block of what waits; any other refuses, and makes its blocks itself."""
        with suppress(EngineRefused):
            self.connection.call("evm_mine")

    def is_known(self, transaction_hash: str) -> bool:
        """Whether the engine has the transaction, pending or in a block."""
        return broadcasting.is_known(self.connection, transaction_hash)

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """The receipt of a transaction that is in a block, or None."""
        return self.receipts([transaction_hash])[0]

    def receipts(self, transaction_hashes: Sequence[str]) -> list[Receipt | None]:
        """Several receipts in one round trip, in the order asked for."""
        found = self.connection.batch([("eth_getTransactionReceipt", (item,)) for item in transaction_hashes])
        return [None if item is None else _receipt(item) for item in found]

    def revert_reason(self, transaction_hash: str) -> str:
        """Why an included transaction reverted, found by running it again before and in its block.

        What reverted only because of its neighbours in the block cannot be told: then the sentence says so. The
        block is the receipt's: Anvil shows a transaction as pending for a moment when its receipt is there.
        """
        sent, receipt = self.connection.batch(
            [(method, (transaction_hash,)) for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt")]
        )
        if sent is None or receipt is None:
            return "the transaction is in no block"
        call = {"from": sent["from"], "to": sent["to"], "data": sent["input"], "gas": sent["gas"]}
        number = int(receipt["blockNumber"], 16)
        for at in (number - 1, number):
            try:
                self.connection.call("eth_call", call, hex(at))
            except EngineRefused as refusal:
                return codec.revert_sentence(refusal.message, refusal.data)
        return "reverted in its block, for a reason that running it again does not show"

    def code(self, address: str) -> bytes:
        """The code of the contract at an address, empty where there is none."""
        return bytes.fromhex(self.connection.call("eth_getCode", address, "latest")[2:])

    def read(self, address: str, abi: Abi, function: str, *args: Any, block: int | None = None) -> Any:
        """What a view function returns, now or at a block; see `abi.decode_result`. Raises ReadRefused."""
        return self.read_many(abi, [(address, function, *args)], block=block)[0]

    def read_many(self, abi: Abi, requests: Sequence[tuple[Any, ...]], block: int | None = None) -> list[Any]:
        """Several view calls `(address, function, *args)` in one round trip, all at `block` if it is given."""
        at = "latest" if block is None else hex(block)
        calls: list[Call] = [
            ("eth_call", ({"to": address, "data": "0x" + codec.call_data(abi, function, *args).hex()}, at))
            for address, function, *args in requests
        ]
        try:
            answers = self.connection.batch(calls)
        except EngineRefused as refusal:
            if refusal.code in _REQUEST_FAULTS:
                raise
            raise ReadRefused(codec.revert_sentence(refusal.message, refusal.data)) from refusal
        return [
            codec.decode_result(abi, function, len(args), bytes.fromhex(answer[2:]))
            for (_, function, *args), answer in zip(requests, answers, strict=True)
        ]


def block_reference(found: dict[str, Any]) -> BlockReference:
    """A block as JSON-RPC gives it, as a reference."""
    return BlockReference(int(found["number"], 16), str(found["hash"]), int(found["timestamp"], 16))


def _receipt(found: dict[str, Any]) -> Receipt:
    created = found.get("contractAddress")
    return Receipt(
        hash=found["transactionHash"],
        block_number=int(found["blockNumber"], 16),
        block_hash=found["blockHash"],
        succeeded=int(found["status"], 16) == 1,
        gas_used=int(found["gasUsed"], 16),
        contract_address=to_checksum(created) if created else None,
    )
