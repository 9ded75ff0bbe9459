"""eth-tester over the local chain, so that existing fixtures and web3's EthereumTesterProvider work unchanged.

`EthereumTester(backend=CorridorBackend())` runs in process on the very builder and state the node serves. As
eth-tester wants it, transactions go into an open block, and `mine_blocks` closes it.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eth.abc import SignedTransactionAPI
from eth_keys.datatypes import PrivateKey
from eth_tester.backends.base import BaseChainBackend  # type: ignore[import-untyped]
from eth_tester.exceptions import (  # type: ignore[import-untyped]
    BlockNotFound,
    TransactionFailed,
    TransactionNotFound,
    ValidationError,
)

from node.chain.block_builder import OpenBlock
from node.chain.chain import LocalChain
from node.chain.clock import ChainClock
from node.chain.errors import CallFailed, UnknownBlock
from node.chain.genesis import Genesis, GenesisAccount
from node.chain.records import BlockRecord, LogRecord, Outcome, TransactionRecord
from node.chain.revert import revert_reason
from node.chain.simulation import CallRequest, CallResult
from node.chain.tester_presentation import Json, Place, block_fields, receipt_fields, transaction_fields
from node.chain.tester_transaction import decode_any, sign, signed_from_fields
from node.chain.transaction import decode_stored

TESTER_CHAIN_ID = (
    131277322940537  # what web3's EthereumTesterProvider answers to eth_chainId, whatever the backend
)
GWEI = 10**9
ETHER = 10**18
LATEST = ("latest", "safe", "finalized")


@dataclass(frozen=True)
class Snapshot:
    """A point to go back to: a height, the open block's transactions, and the clock's shift."""

    number: int
    pending: tuple[SignedTransactionAPI, ...]
    offset_s: int


def numbered_keys(count: int) -> tuple[PrivateKey, ...]:
    """Keys 1, 2, 3 ...: eth-tester's own accounts, known to everybody."""
    return tuple(PrivateKey(number.to_bytes(32, "big")) for number in range(1, count + 1))


class CorridorBackend(BaseChainBackend):  # type: ignore[misc]  # eth-tester ships no types
    """An eth-tester backend over a LocalChain in memory.

    Gas is free, as on a Corridor network; `base_fee` gives genesis another fee in wei (eth-tester's is 1 gwei).
    """

    def __init__(
        self,
        keys: Sequence[PrivateKey] | None = None,
        *,
        balance: int = 1_000_000 * ETHER,
        base_fee: int = 0,
        chain_id: int = TESTER_CHAIN_ID,
        clock: ChainClock | None = None,
    ) -> None:
        self.account_keys = tuple(keys or numbered_keys(10))
        accounts = {key.public_key.to_canonical_address(): GenesisAccount(balance) for key in self.account_keys}
        clock = clock or ChainClock(strict=True)
        born_s = clock.next_timestamp(0)  # now, as eth-tester's own; fixtures travel from the newest block's time
        genesis = Genesis(chain_id=chain_id, base_fee=base_fee, accounts=accounts, timestamp_s=born_s)
        self.chain = LocalChain.open(None, genesis, clock, unprotected=True)
        self._keys = {key.public_key.to_canonical_address(): key for key in self.account_keys}
        self._open: OpenBlock | None = None

    # -- snapshots and time

    def take_snapshot(self) -> Snapshot:
        """Remember this point; costs nothing."""
        pending = tuple(self._open.transactions) if self._open else ()
        return Snapshot(self.chain.head.number, pending, self.chain.clock.offset_s)

    def revert_to_snapshot(self, snapshot: Snapshot) -> None:
        """Go back; only the transactions of the open block, if there were any, run again."""
        self.chain.revert_to(snapshot.number)
        self.chain.clock.offset_s = snapshot.offset_s
        self._reopen(snapshot.pending)

    def reset_to_genesis(self) -> None:
        """Go back to block 0."""
        self.revert_to_snapshot(Snapshot(0, (), 0))

    def time_travel(self, to_timestamp: int) -> None:
        """Close the open block just before this time, so that the next one opens at it, as in eth-tester."""
        pending = tuple(self._open.transactions) if self._open else ()
        self.chain.clock.pin_next(to_timestamp - 1)
        self._reopen(pending)
        self.mine_blocks()

    # -- mining

    def mine_blocks(self, num_blocks: int = 1, coinbase: bytes = bytes(20)) -> tuple[bytes, ...]:
        """Close the open block, then make empty ones up to the number asked for."""
        return tuple(self._mine(coinbase) for _ in range(num_blocks))

    # -- accounts

    def get_accounts(self) -> tuple[bytes, ...]:
        """The addresses this backend signs for."""
        return tuple(self._keys)

    def add_account(self, private_key: bytes) -> None:
        """Sign for one more account."""
        key = PrivateKey(private_key)
        self._keys[key.public_key.to_canonical_address()] = key

    # -- chain data

    def get_block_by_number(self, block_number: int | str, full_transaction: bool = True) -> Json:
        """A block; "pending" is the open one."""
        if block_number == "pending":
            return self._open_block_fields(full=full_transaction)
        return self._block_fields(self._find(block_number), full=full_transaction)

    def get_block_by_hash(self, block_hash: bytes, full_transaction: bool = True) -> Json:
        """A mined block."""
        block = self.chain.block_by_hash(block_hash)
        if block is None:
            raise BlockNotFound(f"No block found for block hash: 0x{block_hash.hex()}")
        return self._block_fields(block, full=full_transaction)

    def get_transaction_by_hash(self, transaction_hash: bytes) -> Json:
        """A transaction, mined or in the open block."""
        transaction, _, place = self._locate(transaction_hash)
        return transaction_fields(transaction, place)

    def get_transaction_receipt(self, transaction_hash: bytes) -> Json:
        """What became of it; for one in the open block, what will."""
        transaction, outcome, place = self._locate(transaction_hash)
        return receipt_fields(transaction, outcome, place)

    def get_fee_history(
        self, block_count: int = 1, newest_block: int | str = "latest", reward_percentiles: Sequence[float] = ()
    ) -> Json:
        """Base fees and fullness of recent blocks; no rewards, as in eth-tester."""
        del reward_percentiles
        if not 1 <= block_count <= 1024:
            raise ValidationError("block_count must be between 1 and 1024")
        newest = self._find("latest" if newest_block == "pending" else newest_block).number
        numbers = range(max(0, newest - block_count + 1), newest + 1)
        headers = [self.chain.block(number).header for number in numbers]
        return {
            "oldest_block": numbers[0],
            "base_fee_per_gas": [header.base_fee_per_gas for header in headers],
            "gas_used_ratio": [header.gas_used / header.gas_limit for header in headers],
            "reward": [],
        }

    # -- state

    def get_nonce(self, account: bytes, block_number: int | str = "latest") -> int:
        """Transactions sent."""
        if block_number == "pending" and self._open:
            return int(self._open.state.get_nonce(account))  # type: ignore[arg-type]
        return self.chain.nonce(account, self._height(block_number))

    def get_balance(self, account: bytes, block_number: int | str = "latest") -> int:
        """Balance in wei."""
        if block_number == "pending" and self._open:
            return int(self._open.state.get_balance(account))  # type: ignore[arg-type]
        return self.chain.balance(account, self._height(block_number))

    def get_code(self, account: bytes, block_number: int | str = "latest") -> bytes:
        """Contract code."""
        if block_number == "pending" and self._open:
            return bytes(self._open.state.get_code(account))  # type: ignore[arg-type]
        return self.chain.code(account, self._height(block_number))

    def get_storage(self, account: bytes, slot: int, block_number: int | str = "latest") -> int:
        """One storage slot."""
        return self.chain.storage(account, slot, self._height(block_number))

    def get_base_fee(self, block_number: int | str = "latest") -> int:
        """The base fee of a block."""
        header = self._opened().header if block_number == "pending" else self._find(block_number).header
        return int(header.base_fee_per_gas or 0)

    # -- transactions

    def send_raw_transaction(self, raw_transaction: bytes) -> bytes:
        """Put a signed transaction into the open block."""
        return self._apply(decode_any(raw_transaction))

    def send_signed_transaction(self, transaction: Json) -> bytes:
        """Put a transaction given as fields with its signature into the open block."""
        return self._apply(signed_from_fields(self._filled(transaction)))

    def send_transaction(self, transaction: Json) -> bytes:
        """Sign with a key of this backend, and put into the open block."""
        key = self._keys.get(transaction["from"])
        if key is None:
            raise ValidationError('No valid "from" key was provided in the transaction, which signing needs.')
        return self._apply(sign(self._filled(transaction), key))

    def estimate_gas(self, transaction: Json, block_number: int | str = "latest") -> int:
        """Gas needed, to half a per cent. Raises TransactionFailed."""
        request = _request(transaction, gas=None)
        try:
            gas = self.chain.estimate_gas(request, self._height(block_number))
        except CallFailed as failure:
            raise ValidationError(str(failure)) from failure
        if isinstance(gas, CallResult):
            raise _failure(gas)
        return gas

    def call(self, transaction: Json, block_number: int | str = "latest") -> bytes:
        """The output of a call. Raises TransactionFailed with the reason."""
        request = _request(transaction, gas=transaction.get("gas"))
        try:
            result = self.chain.call(request, self._height(block_number))
        except CallFailed as failure:
            raise ValidationError(str(failure)) from failure
        if result.error is not None:
            raise _failure(result)
        return result.output

    # -- inside

    def _opened(self) -> OpenBlock:
        if self._open is None:
            self._open = self.chain.begin_block(prev_randao=secrets.token_bytes(32))
        return self._open

    def _reopen(self, pending: Iterable[SignedTransactionAPI]) -> None:
        self._open = None
        for transaction in pending:
            self._opened().apply(transaction)

    def _mine(self, coinbase: bytes) -> bytes:
        opened = self._opened()
        if coinbase != opened.header.coinbase:
            opened = self.chain.begin_block(coinbase=coinbase, prev_randao=opened.header.mix_hash)
            for transaction in self._opened().transactions:
                opened.apply(transaction)
        self._open = None
        return self.chain.commit_block(opened).hash

    def _apply(self, transaction: SignedTransactionAPI) -> bytes:
        self._opened().apply(transaction)
        return transaction.hash

    def _find(self, block_number: int | str) -> BlockRecord:
        try:
            height = self._height(block_number)
            return self.chain.head if height is None else self.chain.block(height)
        except UnknownBlock as error:
            raise BlockNotFound(f"No block found for block number: {block_number}") from error

    def _height(self, block_number: int | str) -> int | None:
        if block_number in LATEST or block_number == "pending":
            return None
        if block_number == "earliest":
            return 0
        if isinstance(block_number, int):
            if block_number > self.chain.head.number:
                raise BlockNotFound(f"No block found for block number: {block_number}")
            return block_number
        raise BlockNotFound(f"No block found for block number: {block_number}")

    def _locate(self, transaction_hash: bytes) -> tuple[SignedTransactionAPI, Outcome, Place]:
        record = self.chain.transaction(transaction_hash)
        if record is not None:
            header = self.chain.block(record.block_number).header
            outcome = _outcome(record, self.chain.logs_of(record))
            return decode_stored(record.raw), outcome, Place(header, record.index, pending=False)
        opened = self._open
        for index, transaction in enumerate(opened.transactions if opened else ()):
            if opened and transaction.hash == transaction_hash:
                return transaction, opened.outcomes[index], Place(opened.header, index, pending=True)
        raise TransactionNotFound(f"No transaction found for transaction hash: 0x{transaction_hash.hex()}")

    def _block_fields(self, block: BlockRecord, *, full: bool) -> Json:
        records = self.chain.transactions_in(block.number)
        shown: list[Any] = [record.hash for record in records]
        if full:
            places = (Place(block.header, record.index, pending=False) for record in records)
            shown = [
                transaction_fields(decode_stored(record.raw), place)
                for record, place in zip(records, places, strict=True)
            ]
        return block_fields(block.header, shown, block.size)

    def _open_block_fields(self, *, full: bool) -> Json:
        opened = self._opened()
        header = opened.header.copy(gas_used=opened.gas_used)
        shown: list[Any] = [transaction.hash for transaction in opened.transactions]
        if full:
            shown = [
                transaction_fields(transaction, Place(header, index, pending=True))
                for index, transaction in enumerate(opened.transactions)
            ]
        return block_fields(header, shown, 0)

    def _filled(self, transaction: Json) -> Json:
        """A transaction's fields with what eth-tester lets a caller leave out."""
        filled = {"data": b"", "value": 0, "to": b"", **transaction}
        if "nonce" not in filled:
            filled["nonce"] = self.get_nonce(filled["from"], "pending")
        if "gas_price" not in filled:
            if "max_fee_per_gas" not in filled:
                tip = filled.get("max_priority_fee_per_gas")
                base_fee = self.get_base_fee("pending")
                filled["max_fee_per_gas"] = GWEI if tip is None else tip + 2 * base_fee
            filled.setdefault("max_priority_fee_per_gas", min(GWEI, filled["max_fee_per_gas"]))
        if "gas_price" not in filled or "access_list" in filled:
            filled.setdefault("access_list", ())
            filled.setdefault("chain_id", self.chain.genesis.chain_id)
        return filled


def _outcome(record: TransactionRecord, logs: Sequence[LogRecord]) -> Outcome:
    kept = tuple((log.address, log.topics, log.data) for log in logs)
    return Outcome(record.succeeded, record.gas_used, record.cumulative_gas_used, record.first_log_index, kept)


def _request(transaction: Json, *, gas: int | None) -> CallRequest:
    entries = tuple((address, tuple(slots)) for address, slots in transaction.get("access_list", ()))
    return CallRequest(
        sender=transaction["from"],
        to=transaction.get("to", b""),
        data=transaction.get("data", b""),
        value=transaction.get("value", 0),
        gas=gas,
        gas_price=None,
        access_list=entries,
    )


def _failure(result: CallResult) -> TransactionFailed:
    if not result.reverted:
        return TransactionFailed(result.error)
    reason = revert_reason(result.output)
    return TransactionFailed(reason if reason is not None else str(result.output))
