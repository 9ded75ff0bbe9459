"""A block while it is being made: one live state, transactions applied one after another, then sealed.

What py-evm's own miner leaves out (the system calls at the start, the requests at the end) is done here, so a
sealed block passes py-evm's import.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from eth.abc import BlockHeaderAPI, ComputationAPI, SignedTransactionAPI
from eth.constants import BLANK_ROOT_HASH, ZERO_ADDRESS
from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.constants import (
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    DEPOSIT_CONTRACT_ADDRESS,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
)
from eth.vm.forks.prague.headers import calc_excess_blob_gas_prague
from eth_typing import Address, BlockNumber, Hash32

from node.chain.errors import TransactionRefused
from node.chain.execution import PlainTransactionExecutor
from node.chain.header import encode_block, prague_header
from node.chain.keccak import keccak
from node.chain.lazy_trie import list_root
from node.chain.receipt import Blooms, encode_receipt, view_of
from node.chain.records import Outcome, SealedBlock
from node.chain.rules import LocalState, LocalVM, apply_system_calls, context_of
from node.chain.state_view import StateView
from node.chain.transaction import transaction_type

EMPTY_LISTS = b"\xc0\xc0"  # no uncles, no withdrawals
NO_REQUESTS = Hash32(sha256().digest())


class OpenBlock:
    """A block on top of `parent`, open for transactions until `seal`."""

    def __init__(
        self,
        view: StateView,
        parent: BlockHeaderAPI,
        *,
        chain_id: int,
        timestamp_s: int,
        previous_hashes: Iterable[Hash32],
        usable_gas: int,
        coinbase: bytes = ZERO_ADDRESS,
        gas_limit: int | None = None,
        prev_randao: bytes | None = None,
        header_changes: Mapping[str, Any] | None = None,
        new_state: type[LocalState] = LocalState,
    ) -> None:
        self._view = view
        self._parent_root = view.root
        self._usable_gas = usable_gas
        self._chain_id = chain_id
        self.header: BlockHeaderAPI = prague_header(
            difficulty=0,
            block_number=BlockNumber(parent.block_number + 1),
            gas_limit=gas_limit if gas_limit is not None else parent.gas_limit,
            timestamp=timestamp_s,
            coinbase=Address(coinbase),
            parent_hash=parent.hash,
            nonce=bytes(8),
            mix_hash=Hash32(prev_randao if prev_randao is not None else keccak(parent.hash)),
            base_fee_per_gas=calculate_expected_base_fee_per_gas(parent),
            excess_blob_gas=calc_excess_blob_gas_prague(parent),
        )
        if header_changes:
            self.header = self.header.copy(**header_changes)
        self.state = new_state(view, context_of(self.header, chain_id, previous_hashes))
        self.transactions: list[SignedTransactionAPI] = []
        self.outcomes: list[Outcome] = []
        self._receipts: list[bytes] = []
        self._blooms = Blooms()
        self._bloom = 0
        self.gas_used = 0
        self._log_count = 0
        apply_system_calls(self.state, self.header)

    def follows(self, view: StateView, parent_hash: bytes, timestamp_s: int) -> bool:
        """Whether this is a block on top of that parent and state, at that time."""
        return bool(
            self._view is view
            and self._parent_root == view.root
            and self.header.parent_hash == parent_hash
            and self.header.timestamp == timestamp_s
        )

    @property
    def gas_left(self) -> int:
        """Gas that further transactions may ask for."""
        return self._usable_gas - self.gas_used

    def has_room_for(self, transaction: SignedTransactionAPI) -> bool:
        """Whether there is gas left for it, and it offers what gas costs here."""
        base_fee = self.header.base_fee_per_gas or 0
        return transaction.gas <= self.gas_left and transaction.max_fee_per_gas >= base_fee

    def takes(self, transaction: SignedTransactionAPI) -> bool:
        """Whether `apply` is certain to take this transaction; where it is not, only trying tells."""
        executor = self.state.get_transaction_executor()
        return (
            self.has_room_for(transaction)
            and isinstance(executor, PlainTransactionExecutor)
            and executor.will_take(transaction)
        )

    def apply(self, transaction: SignedTransactionAPI) -> ComputationAPI:
        """Run a transaction and take it into the block; it counts even when it reverts.

        Raises TransactionRefused when there is no room, and py-evm's ValidationError when it cannot be paid for or
        its nonce is not next; the block is then as it was.
        """
        if transaction.gas > self.gas_left:
            raise TransactionRefused(
                f"gas limit reached: {transaction.gas} asked, {self.gas_left} left in the block"
            )
        self.state.lock_changes()
        computation = self.state.apply_transaction(transaction)
        gas_used = PragueVM.finalize_gas_used(transaction, computation)
        self.gas_used += gas_used
        succeeded = not computation.is_error
        logs = tuple(
            [
                (bytes(address), tuple([topic.to_bytes(32, "big") for topic in topics]), bytes(data))
                for address, topics, data in _entries(computation)
            ]
        )
        self.transactions.append(transaction)
        outcome = Outcome(succeeded, gas_used, self.gas_used, self._log_count, logs)
        bloom = self._blooms.of(logs)
        self.outcomes.append(outcome)
        self._receipts.append(encode_receipt(transaction_type(transaction), outcome, bloom))
        self._bloom |= bloom
        self._log_count += len(logs)
        return computation

    def seal(self) -> SealedBlock:
        """Close the block: hash the state, fill the header. Its nodes become open writes of the database."""
        if self._view.root != self._parent_root:
            raise RuntimeError("the chain has moved on since this block was opened")
        requests_hash = self._requests_hash()
        self.state.persist()
        encoded = [transaction.encode() for transaction in self.transactions]
        header = self.header.copy(
            state_root=self.state.state_root,
            transaction_root=Hash32(list_root(encoded)),
            receipt_root=Hash32(list_root(self._receipts)),
            bloom=self._bloom,
            gas_used=self.gas_used,
            withdrawals_root=BLANK_ROOT_HASH,
            requests_hash=requests_hash,
        )
        size = len(encode_block(header, encoded, EMPTY_LISTS))
        return SealedBlock(header, tuple(self.transactions), tuple(self.outcomes), size, EMPTY_LISTS)

    def _requests_hash(self) -> Hash32:
        """EIP-7685: deposits from the logs, then the withdrawal and consolidation contracts where they exist."""
        if not self._may_request():
            return NO_REQUESTS
        machine = LocalVM(self.header, SimpleNamespace(), None, None)  # type: ignore[arg-type]
        machine._state = self.state
        block = SimpleNamespace(
            block_requests=[], get_receipts=lambda _: [view_of(outcome) for outcome in self.outcomes]
        )
        machine.process_deposit_request_data(block)  # type: ignore[arg-type]
        machine.process_withdrawal_request_data(block)  # type: ignore[arg-type]
        machine.process_consolidation_request_data(block)  # type: ignore[arg-type]
        digest = sha256()
        for request in block.block_requests:
            if len(request) > 1:
                digest.update(sha256(request).digest())
        return Hash32(digest.digest())

    def _may_request(self) -> bool:
        """Whether anything here could be a request; on most chains none of the three contracts exists."""
        get_code = self.state.get_code
        return (
            any(log[0] == DEPOSIT_CONTRACT_ADDRESS for outcome in self.outcomes for log in outcome.logs)
            or get_code(WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS) != b""
            or get_code(CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS) != b""
        )


def _entries(computation: Any) -> Iterable[tuple[bytes, Sequence[int], bytes]]:
    """The logs of a computation; of one that called nobody, they are in order already."""
    if computation.children or computation.is_error:
        entries: Iterable[tuple[bytes, Sequence[int], bytes]] = computation.get_log_entries()
        return entries
    return [entry[1:] for entry in computation._log_entries]
