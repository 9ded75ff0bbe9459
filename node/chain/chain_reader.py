"""Reading the chain: blocks, transactions, logs, and the state after any block, from any thread.

`LocalChain` adds to it what makes blocks.
"""

import threading
from collections.abc import Callable, Iterator

from eth.vm.execution_context import ExecutionContext
from eth_typing import Hash32

from node.chain.account import EMPTY_CODE_HASH, NO_ACCOUNT, Account
from node.chain.clock import ChainClock
from node.chain.errors import CallFailed, UnknownBlock
from node.chain.genesis import Genesis
from node.chain.log_query import LogQuery
from node.chain.nodes import NodeDatabase
from node.chain.records import BlockRecord, LogRecord, TransactionRecord
from node.chain.rules import LocalState, context_of
from node.chain.simulation import CallRequest, CallResult, estimate, simulate
from node.chain.state_view import StateView
from node.chain.store import ChainStore
from node.chain.translation.computation import new_translated_state

Prepare = Callable[[LocalState], None]


class ChainReader:
    """A chain as its readers see it. Everything happens under one lock."""

    def __init__(
        self, store: ChainStore, genesis: Genesis, clock: ChainClock, head: BlockRecord, *, translate: bool = False
    ) -> None:
        self.genesis = genesis
        self.clock = clock
        self.lock = threading.RLock()
        self._store = store
        self._nodes = NodeDatabase(store)
        self._head = head
        self._amended = store.amended_roots()
        self._view = StateView(self._nodes, self._root_after(head))
        self.new_state: type[LocalState] = new_translated_state() if translate else LocalState

    @property
    def location(self) -> str:
        """Where the chain is kept: a directory, or "memory"."""
        return self._store.name

    # -- blocks

    @property
    def head(self) -> BlockRecord:
        """The newest block, which is also final."""
        return self._head

    def block(self, number: int) -> BlockRecord:
        """The block at a height. Raises UnknownBlock."""
        with self.lock:
            found = self._head if number == self._head.number else self._store.block_by_number(number)
        if found is None:
            raise UnknownBlock(f"no block {number}")
        return found

    def block_by_hash(self, block_hash: bytes) -> BlockRecord | None:
        """The block with a hash, or None."""
        with self.lock:
            return self._store.block_by_hash(block_hash)

    def transaction(self, transaction_hash: bytes) -> TransactionRecord | None:
        """A transaction in a block, or None."""
        with self.lock:
            return self._store.transaction(transaction_hash)

    def transaction_at(self, number: int, index: int) -> TransactionRecord | None:
        """The transaction at a position of a block, or None."""
        with self.lock:
            return self._store.transaction_at(number, index)

    def transactions_in(self, number: int) -> list[TransactionRecord]:
        """A block's transactions, in order."""
        with self.lock:
            return self._store.transactions_in(number)

    def failed_in(self, number: int) -> list[bytes]:
        """The hashes of a block's transactions that failed, in order."""
        with self.lock:
            return self._store.failed_in(number)

    def transaction_hashes_in(self, number: int) -> list[bytes]:
        """Only the hashes of a block's transactions, in order."""
        with self.lock:
            return self._store.transaction_hashes_in(number)

    def logs_of(self, transaction: TransactionRecord) -> list[LogRecord]:
        """A transaction's logs, in order."""
        with self.lock:
            return self._store.logs_of(transaction)

    def logs(self, query: LogQuery, limit: int = 1_000_000) -> list[LogRecord]:
        """Logs that match, oldest first, at most `limit`."""
        with self.lock:
            return self._store.logs(query, limit)

    # -- state

    def balance(self, address: bytes, number: int | None = None) -> int:
        """An account's balance in wei after a block (None: the newest). Raises UnknownBlock."""
        with self.lock:
            return self._account_after(address, number).balance

    def nonce(self, address: bytes, number: int | None = None) -> int:
        """How many transactions an account has sent, after a block."""
        with self.lock:
            return self._account_after(address, number).nonce

    def code(self, address: bytes, number: int | None = None) -> bytes:
        """An account's code after a block."""
        with self.lock:
            view = self._view_after(number)
            account = view.account(address)
            return b"" if account is None or account.code_hash == EMPTY_CODE_HASH else view.code(account.code_hash)

    def storage(self, address: bytes, slot: int, number: int | None = None) -> int:
        """One storage slot after a block."""
        with self.lock:
            return self._view_after(number).slot(address, slot)

    def call(self, request: CallRequest, number: int | None = None, prepare: Prepare | None = None) -> CallResult:
        """Run a call on the state after block `number`, in that block's context.

        None means the newest state and the newest block's context but for the time, which is that of a block made
        now: what a contract checks against the time gives the answer a transaction sent now would get.
        `prepare` may change the state first, which is then thrown away. Raises CallFailed, UnknownBlock.
        """
        with self.lock:
            gas = min(request.gas or self.genesis.usable_gas, self.genesis.usable_gas)
            return simulate(self._call_state(number, request, prepare), request, gas)

    def estimate_gas(
        self, request: CallRequest, number: int | None = None, prepare: Prepare | None = None
    ) -> CallResult | int:
        """The gas a transaction needs, to half a per cent, or the result when it fails. Raises CallFailed."""
        with self.lock:
            cap = min(request.gas or self.genesis.usable_gas, self.genesis.usable_gas)
            if request.gas_price:
                have = self.balance(request.sender, number)
                if have < request.value:
                    sender = f"address 0x{request.sender.hex()}"
                    raise CallFailed(f"insufficient funds for transfer: {sender} have {have} want {request.value}")
                cap = min(cap, (have - request.value) // request.gas_price)
            return estimate(lambda gas: simulate(self._call_state(number, request, prepare), request, gas), cap)

    # -- inside

    def _previous_hashes(self, number: int) -> Iterator[Hash32]:
        while number >= 0 and (found := self._store.block_hash(number)) is not None:
            yield Hash32(found)
            number -= 1

    def scratch_view(self, number: int | None) -> StateView:
        """The state after a block, to be changed and thrown away; hold `lock` while using it."""
        block = self._head if number is None else self.block(number)
        return StateView(NodeDatabase(self._store), self._root_after(block))

    def previous_hashes(self, number: int) -> Iterator[Hash32]:
        """Block hashes from a height downwards."""
        return self._previous_hashes(number)

    def context_of_block(self, block: BlockRecord) -> ExecutionContext:
        """The scene in which a block's transactions ran."""
        hashes = self._previous_hashes(block.number - 1)
        return context_of(block.header, self.genesis.chain_id, hashes)

    def call_context(self, number: int | None, request: CallRequest) -> ExecutionContext:
        """The scene of a call: the block's, at the time of now for the newest, free unless it offers a price."""
        header = (self._head if number is None else self.block(number)).header
        if number is None:
            header = header.copy(timestamp=self.clock.next_timestamp(header.timestamp))
        if request.gas_price is None:
            header = header.copy(base_fee_per_gas=0)
        return context_of(header, self.genesis.chain_id, self._previous_hashes(header.block_number - 1))

    def state_view(self, number: int | None = None) -> StateView:
        """The state after a block, for those who need more than single values; hold `lock` while using it."""
        return self._view_after(number)

    def state_node(self, key: bytes) -> bytes:
        """What the state keeps under a hash: a node, code, or a preimage. Raises KeyError; hold `lock`."""
        return self._nodes[key]

    def call_state(self, number: int | None, request: CallRequest) -> LocalState:
        """A throw-away state in which a call runs; hold `lock` while using it."""
        return self._call_state(number, request)

    def _view_after(self, number: int | None) -> StateView:
        if number is None or number == self._head.number:
            return self._view
        return StateView(self._nodes, self._root_after(self.block(number)))

    def _root_after(self, block: BlockRecord) -> bytes:
        """The state after a block: its header's, unless a developer has amended it since."""
        return self._amended.get(block.number, block.header.state_root)

    def _account_after(self, address: bytes, number: int | None) -> Account:
        return self._view_after(number).account(address) or NO_ACCOUNT

    def _call_state(self, number: int | None, request: CallRequest, prepare: Prepare | None = None) -> LocalState:
        state = self.new_state(self._view_after(number), self.call_context(number, request))
        if prepare is not None:
            prepare(state)
        return state
