"""The local chain: the one live state, the waiting transactions and the store, behind one lock.

Every public method may be called from any thread. A transaction is acknowledged only when the block that holds it
(or the journal, if it must wait) is on disk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from eth.abc import SignedTransactionAPI
from eth_utils.exceptions import ValidationError

from node.chain.account import EMPTY_CODE_HASH
from node.chain.block_builder import OpenBlock
from node.chain.chain_reader import ChainReader
from node.chain.clock import ChainClock
from node.chain.errors import ImportRefused, TransactionRefused
from node.chain.genesis import Genesis
from node.chain.mempool import Mempool
from node.chain.native import assert_native_backends
from node.chain.opening import open_head
from node.chain.promise import promise_of
from node.chain.records import BlockRecord, SealedBlock
from node.chain.rules import LocalState
from node.chain.state_view import StateView
from node.chain.store import ChainStore
from node.chain.transaction import check_transaction, decode_transaction
from node.recursion import bound_recursion

BlockListener = Callable[[BlockRecord], None]
PendingListener = Callable[[bytes], None]


def check_expected(sealed: SealedBlock, expected_hash: bytes | None) -> None:
    """Raise ImportRefused unless a block came out as was expected, if anything was."""
    if expected_hash is not None and sealed.header.hash != expected_hash:
        raise ImportRefused(f"block {sealed.header.block_number} does not execute to what its header claims")


class LocalChain(ChainReader):
    """A chain of blocks over py-evm's virtual machine, on disk or in memory."""

    def __init__(
        self,
        store: ChainStore,
        genesis: Genesis,
        clock: ChainClock,
        *,
        unprotected: bool = False,
        keeps_preimages: bool = False,
        translate: bool = True,
    ) -> None:
        assert_native_backends()
        bound_recursion()
        super().__init__(store, genesis, clock, open_head(store, genesis), translate=translate)
        self.pool = Mempool()
        self.automine = True
        self.block_listeners: list[BlockListener] = []
        self.pending_listeners: list[PendingListener] = []
        self._unprotected = unprotected
        self._nodes.keeps_preimages = keeps_preimages
        self._ahead: OpenBlock | None = None
        self._mines_later = False
        self._promised: tuple[OpenBlock | None, SignedTransactionAPI] | None = None
        self._restore_queue()

    @classmethod
    def open(
        cls,
        path: Path | None,
        genesis: Genesis | None = None,
        clock: ChainClock | None = None,
        *,
        unprotected: bool = False,
        keeps_preimages: bool = False,
        translate: bool = True,
    ) -> "LocalChain":
        """Open the chain kept in the directory `path`, or begin it there; None keeps it in memory.

        `keeps_preimages` also keeps the addresses and slots that state is kept under, which a dump of it needs.
        `translate` runs contracts as compiled Python where they are used often; without it py-evm interprets them,
        and everything comes out the same. Raises StoreInUse, ForeignStore, StoreDamaged, or NativeBackendMissing.
        """
        store = ChainStore.open(path)
        try:
            return cls(
                store,
                genesis or Genesis(),
                clock or ChainClock(),
                unprotected=unprotected,
                keeps_preimages=keeps_preimages,
                translate=translate,
            )
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Close the store; the chain cannot be used afterwards."""
        with self.lock:
            self._store.close()

    @contextmanager
    def mining_afterwards(self) -> Iterator[None]:
        """Acknowledge what is sent meanwhile once its block is promised on disk, where that is certain to take it.

        Hold `lock` until `catch_up` has made the block: so nobody sees the chain without it.
        """
        self._mines_later = self._store.takes_promises
        try:
            yield
        finally:
            self._mines_later = False

    def catch_up(self) -> None:
        """Do what was left for later, unless somebody is at work; whoever reads does it otherwise."""
        if self.lock.acquire(blocking=False):
            try:
                if self._promised is not None:
                    self._keep_promise()
                    self._store.catch_up(is_hurried=True)
                else:
                    self._store.catch_up()
                    self._open_ahead()
            finally:
                self.lock.release()

    # -- transactions

    def send_raw_transaction(self, raw: bytes) -> bytes:
        """Accept a signed transaction and return its hash; when this returns, it is on disk.

        With automine (the default) it is in a block, unless its nonce leaves a gap: then it is journaled and
        waits. Raises TransactionRefused.
        """
        transaction = decode_transaction(raw)
        check_transaction(transaction, self.genesis, unprotected=self._unprotected)
        with self.lock:
            return self._accept(transaction)

    @contextmanager
    def acknowledging_together(self) -> Iterator[None]:
        """Send several transactions that wait for a block, and wait for the disk once: at the end.

        Nothing sent meanwhile is acknowledged before that, so nothing acknowledged is lost.
        """
        with self.lock, self._store.journaling_together():
            yield

    def mine(self, blocks: int = 1) -> list[BlockRecord]:
        """Make blocks now, filled with what waits, best price first; a block may be empty."""
        with self.lock:
            return [self._produce() for _ in range(blocks)]

    def pending_nonce(self, address: bytes) -> int:
        """The nonce the account's next transaction should carry, counting what waits."""
        with self.lock:
            return self.pool.next_nonce(address, self.nonce(address))

    # -- building (for adapters that fill blocks themselves)

    def begin_block(
        self, *, coinbase: bytes = bytes(20), prev_randao: bytes | None = None, timestamp_s: int | None = None
    ) -> OpenBlock:
        """Open a block on the head. Nothing is kept until `commit_block`; hold `lock` in between."""
        parent_s = self._head.header.timestamp
        return OpenBlock(
            self._view,
            self._head.header,
            chain_id=self.genesis.chain_id,
            timestamp_s=self.clock.next_timestamp(parent_s) if timestamp_s is None else timestamp_s,
            previous_hashes=self._previous_hashes(self._head.number),
            usable_gas=self.genesis.usable_gas,
            new_state=self.new_state,
            coinbase=coinbase,
            prev_randao=prev_randao,
        )

    def commit_block(self, opened: OpenBlock, *, expected_hash: bytes | None = None) -> BlockRecord:
        """Seal a block, wait until it is on disk, make it the head and tell the listeners.

        Raises ImportRefused, and keeps nothing, when the block is not the one that was expected.
        """
        with self.lock:
            try:
                sealed = opened.seal()
                check_expected(sealed, expected_hash)
                gone = self.pool.overtaken_by(sealed.transactions)
                self._store.commit_block(sealed, self._nodes.open_writes, gone)
            except BaseException:
                self._nodes.drop()
                self._view = StateView(self._nodes, self._root_after(self._head))
                raise
            self._nodes.keep()
            for transaction_hash in gone:
                self.pool.remove(transaction_hash)
            self._become_head(sealed)
            return self._head

    def adopt(self, sealed: SealedBlock, nodes: Mapping[bytes, bytes]) -> None:
        """Take a block that was executed and checked elsewhere, with the state nodes it made."""
        with self.lock:
            self._store.commit_block(sealed, nodes, ())
            self._view = StateView(self._nodes, sealed.header.state_root)
            self._become_head(sealed)

    def amend_state(self, change: Callable[[LocalState], None]) -> None:
        """Change the newest state outside any block, as only a development chain may; durable when it returns.

        The newest header keeps its state root, so a chain amended like this no longer follows from its blocks.
        """
        with self.lock:
            state = LocalState(self._view, self.context_of_block(self._head))
            change(state)
            state.persist()
            self._store.amend(self._head.number, self._view.root, self._nodes.open_writes)
            self._nodes.keep()
            self._amended[self._head.number] = self._view.root

    def send_unsigned(self, transaction: SignedTransactionAPI) -> bytes:
        """Accept a transaction whose sender is taken on trust, as only a development chain may."""
        with self.lock:
            return self._accept(transaction)

    def clear_pool(self) -> None:
        """Forget everything that waits."""
        with self.lock:
            waiting = [pooled.hash for pooled in self.pool.all()]
            self.drop(waiting)

    def drop(self, hashes: Iterable[bytes]) -> None:
        """Forget some of what waits."""
        with self.lock:
            gone = list(hashes)
            for transaction_hash in gone:
                self.pool.remove(transaction_hash)
            self._store.unqueue(gone)

    def revert_to(self, number: int, root: bytes | None = None) -> None:
        """Make an earlier block the head again and forget the later ones; the state is not recomputed.

        `root` is the state to go back to where it had been amended.
        """
        with self.lock:
            head = self.block(number)
            self._store.cut_after(number)
            if root is not None and (root != head.header.state_root or number in self._amended):
                self._store.amend(number, root, {})
            self._nodes.drop()
            self._amended = self._store.amended_roots()
            self._head = head
            self._view = StateView(self._nodes, self._root_after(head))

    # -- inside

    def _accept(self, transaction: SignedTransactionAPI) -> bytes:
        self._keep_promise()  # of before, after a fault only
        self._admit(transaction)
        for listener in self.pending_listeners:
            listener(transaction.hash)
        if self._promised is None and self.automine and transaction.nonce == self.nonce(transaction.sender):
            self._mine_ready(transaction)
        return transaction.hash

    def _restore_queue(self) -> None:
        for raw in self._store.queued():
            transaction = decode_transaction(raw)
            if transaction.nonce >= self.nonce(transaction.sender):
                self.pool.add(transaction)
        self._restore_promise()
        if self.automine:
            for address in self.pool.accounts():
                self._mine_account(address)

    def _restore_promise(self) -> None:
        """Make the block of a promise that was not kept: the same that may have been seen."""
        promise = self._store.promised()
        waiting = None if promise is None else self.pool.get(promise.transaction_hash)
        if promise is not None and waiting is not None and promise.parent_hash == self._head.hash:
            self._mine_one(waiting.transaction, self.begin_block(timestamp_s=promise.timestamp_s))

    def _admit(self, transaction: SignedTransactionAPI) -> None:
        sender = transaction.sender
        account = self._account_after(sender, None)
        nonce, have = account.nonce, account.balance
        if transaction.hash in self.pool or self._is_in_a_block(transaction, nonce):
            raise TransactionRefused("already known")
        if transaction.nonce < nonce:
            raise TransactionRefused(f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")
        want = transaction.value + transaction.gas * transaction.max_fee_per_gas
        if have < want:
            text = f"address 0x{sender.hex()} have {have} want {want}"
            raise TransactionRefused(f"insufficient funds for gas * price + value: {text}")
        if account.code_hash != EMPTY_CODE_HASH and not self.code(sender).startswith(b"\xef\x01\x00"):
            raise TransactionRefused(f"sender not an eoa: address 0x{sender.hex()}")
        self._enqueue(transaction, ready=transaction.nonce == nonce)

    def _is_in_a_block(self, transaction: SignedTransactionAPI, nonce: int) -> bool:
        """Whether it was mined: then its nonce is used, unless a developer has set nonces back."""
        could_be = transaction.nonce < nonce or bool(self._amended)
        return could_be and self._store.transaction(transaction.hash) is not None

    def _enqueue(self, transaction: SignedTransactionAPI, *, ready: bool) -> None:
        base_fee = getattr(self._head.header, "base_fee_per_gas", 0)
        if ready and self.automine and transaction.max_fee_per_gas < base_fee:
            raise TransactionRefused(
                f"max fee per gas less than block base fee: {transaction.max_fee_per_gas} < {base_fee}"
            )
        replaced = self.pool.add(transaction)
        if not (ready and self.automine):
            self._store.queue(transaction.hash, transaction.encode(), replaced.hash if replaced else None)
        elif self._mines_later and replaced is None and self._at_hand().takes(transaction):
            self._promise(transaction)

    def _promise(self, transaction: SignedTransactionAPI) -> None:
        opened = self._next_block()
        try:
            self._store.promise(promise_of(opened.header, transaction), transaction.encode())
        except BaseException:
            self.pool.remove(transaction.hash)  # it was never acknowledged
            raise
        self._promised = opened, transaction

    def _mine_ready(self, transaction: SignedTransactionAPI) -> None:
        """Mine a transaction just admitted, then whatever it was holding up; each in a block of its own."""
        try:
            refusal = self._mine_one(transaction)
        except BaseException:
            self.pool.remove(transaction.hash)  # it was never acknowledged, and is in no journal
            raise
        if refusal is not None:
            raise refusal
        self._mine_account(transaction.sender)

    def _keep_promise(self) -> None:
        """Make the block that was promised, if any, then what its transaction was holding up."""
        if self._promised is not None:
            opened, transaction = self._promised
            self._promised = None, transaction  # after a fault it is in the journal, and in a block made anew
            self._mine_one(transaction, opened)
            self._promised = None
            self._mine_account(transaction.sender)

    def _mine_account(self, address: bytes) -> None:
        while (waiting := self.pool.at(address, self.nonce(address))) is not None:
            if self._mine_one(waiting.transaction) is not None:
                return

    def _mine_one(
        self, transaction: SignedTransactionAPI, opened: OpenBlock | None = None
    ) -> TransactionRefused | None:
        """Put one transaction into a block of its own; returns why it cannot be."""
        opened = opened or self._next_block()
        try:
            opened.apply(transaction)
        except (TransactionRefused, ValidationError) as error:
            self.pool.remove(transaction.hash)
            self._store.unqueue([transaction.hash])
            return TransactionRefused(str(error))
        self.commit_block(opened)
        return None

    def _open_ahead(self) -> None:
        """Open the block that the next transaction will be in, and hash what its system calls write."""
        if self.automine and self._ahead is None:
            self._ahead = self.begin_block()
            for address, changes in self._ahead.state.account_database.storage_changes.items():
                self._view.hash_ahead(address, changes.slots)

    def _at_hand(self) -> OpenBlock:
        """A block on the head: the one opened ahead, unless the head, its state or the second is another now."""
        ahead, timestamp_s = self._ahead, self.clock.next_timestamp(self._head.header.timestamp)
        if ahead is None or not ahead.follows(self._view, self._head.hash, timestamp_s):
            ahead = self._ahead = self.begin_block(timestamp_s=timestamp_s)
        return ahead

    def _next_block(self) -> OpenBlock:
        """The block at hand, which is then somebody's."""
        opened, self._ahead = self._at_hand(), None
        return opened

    def _produce(self) -> BlockRecord:
        opened, refused = self.begin_block(), []
        for waiting in self.pool.best_first(self.nonce, opened.has_room_for):
            try:
                opened.apply(waiting.transaction)
            except (TransactionRefused, ValidationError):
                refused.append(waiting.hash)
        for transaction_hash in refused:
            self.pool.remove(transaction_hash)
        self._store.unqueue(refused)
        return self.commit_block(opened)

    def _become_head(self, sealed: SealedBlock) -> None:
        self._head = BlockRecord(sealed.header, sealed.header.hash, sealed.size, sealed.body)
        self.clock.block_made(sealed.header.timestamp)
        for listener in self.block_listeners:
            listener(self._head)
