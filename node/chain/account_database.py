"""py-evm's account database, replaced: one overlay of changes with an undo log, over a StateView.

py-evm stacks nine databases that each copy what they are given; here a read is a dictionary look-up and a revert
undoes a list. It is fuzzed against the one it replaces.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from eth.abc import AccountDatabaseAPI, MetaWitnessAPI
from eth.db.witness import MetaWitness
from eth.typing import JournalDBCheckpoint
from eth.vm.interrupt import MissingBytecode
from eth_typing import Address, Hash32

from node.chain.account import EMPTY_CODE_HASH, NO_ACCOUNT, Account
from node.chain.keccak import keccak
from node.chain.state_view import StateView, StorageChanges
from node.chain.trie_node import BLANK_ROOT

Undo = Callable[[], None]


class AccountDatabase(AccountDatabaseAPI):
    """The accounts a block or a call works on. Nothing reaches the view before `persist`."""

    def __init__(self, view: StateView) -> None:
        self._view = view
        self._accounts: dict[bytes, Account | None] = {}
        self._storage: dict[bytes, StorageChanges] = {}
        self._codes: dict[bytes, bytes] = {}
        self.touched: set[bytes | tuple[bytes, int]] = set()  # what was ever warm, even if that was undone
        self._warm: set[bytes | tuple[bytes, int]] = set()
        self._transient: dict[tuple[bytes, int], bytes] = {}
        self._originals: dict[tuple[bytes, int], int] = {}
        self._cleared_from: dict[bytes, StorageChanges | None] = {}
        self._undo: list[Undo] = []
        self._marks: dict[JournalDBCheckpoint, int] = {}
        self._checkpoints = count()

    # -- roots

    @property
    def state_root(self) -> Hash32:
        """The root before the changes; `persist` moves it."""
        return Hash32(self._view.root)

    @state_root.setter
    def state_root(self, value: Hash32) -> None:
        """Checkpoints name the root they were taken under, which does not change while a block is open."""
        if value != self._view.root:
            raise ValueError("a state is opened at one root and stays there")

    def has_root(self, state_root: bytes) -> bool:
        """Whether the state under this root is the one open here."""
        return state_root == self._view.root

    # -- storage

    def get_storage(self, address: Address, slot: int, from_journal: bool = True) -> int:
        """A slot now, or (without `from_journal`) as it was when the transaction began."""
        if not from_journal:
            return self._original(address, slot)
        changes = self._storage.get(address)
        if changes is not None:
            value = changes.slots.get(slot)
            if value is not None:
                return value
            if changes.cleared:
                return 0
        return self._view.slot(address, slot)

    def set_storage(self, address: Address, slot: int, value: int) -> None:
        """Write a slot."""
        changes = self._storage.get(address)
        if changes is None:
            changes = self._storage[address] = StorageChanges()
            self._undo.append(lambda: self._forget_storage(address, None))
        slots = changes.slots
        before = slots.get(slot)
        key = (address, slot)
        if key not in self._originals:
            self._originals[key] = self._original(address, slot)
        slots[slot] = value

        def restore() -> None:
            if before is None:
                del slots[slot]
            else:
                slots[slot] = before

        self._undo.append(restore)

    def delete_storage(self, address: Address) -> None:
        """Forget everything an account stored."""
        self._set(address, self._get(address)._replace(storage_root=BLANK_ROOT))
        self._clear_storage(address)

    def _clear_storage(self, address: Address) -> None:
        before = self._storage.get(address)
        self._cleared_from.setdefault(address, before)
        self._storage[address] = StorageChanges(cleared=True)
        self._undo.append(lambda: self._forget_storage(address, before))

    def _forget_storage(self, address: bytes, before: StorageChanges | None) -> None:
        if before is None:
            del self._storage[address]
        else:
            self._storage[address] = before

    def _slot_in(self, changes: StorageChanges | None, address: bytes, slot: int) -> int:
        if changes is not None:
            value = changes.slots.get(slot)
            if value is not None:
                return value
            if changes.cleared:
                return 0
        return self._view.slot(address, slot)

    def _original(self, address: bytes, slot: int) -> int:
        known = self._originals.get((address, slot))
        if known is not None:
            return known
        if address in self._cleared_from:
            return self._slot_in(self._cleared_from[address], address, slot)
        return self._slot_in(self._storage.get(address), address, slot)

    def current_and_original(self, address: bytes, slot: int) -> tuple[int, int]:
        """A slot now, and as it was when the transaction began; which is the same where nothing was written."""
        current = self._slot_in(self._storage.get(address), address, slot)
        key = (address, slot)
        original = self._originals.get(key)
        if original is None:
            original = self._original(address, slot) if address in self._cleared_from else current
            self._originals[key] = original
        return current, original

    # -- accounts

    def _find(self, address: bytes) -> Account | None:
        try:
            return self._accounts[address]
        except KeyError:
            return self._view.account(address)

    def _get(self, address: bytes) -> Account:
        return self._find(address) or NO_ACCOUNT

    def _set(self, address: bytes, account: Account | None) -> None:
        accounts = self._accounts
        if address in accounts:
            before = accounts[address]
            self._undo.append(lambda: accounts.__setitem__(address, before))
        else:
            self._undo.append(lambda: accounts.__delitem__(address))
        accounts[address] = account

    def get_balance(self, address: Address) -> int:
        """Balance in wei."""
        return self._get(address).balance

    def set_balance(self, address: Address, balance: int) -> None:
        """Set a balance; the account exists from then on."""
        if not 0 <= balance < 1 << 256:
            raise ValueError(f"a balance of {balance} wei is out of range")
        self._set(address, self._get(address)._replace(balance=balance))

    def get_nonce(self, address: Address) -> int:
        """Transactions sent, or contracts created."""
        return self._get(address).nonce

    def set_nonce(self, address: Address, nonce: int) -> None:
        """Set a nonce."""
        self._set(address, self._get(address)._replace(nonce=nonce))

    def increment_nonce(self, address: Address) -> None:
        """Add one to a nonce."""
        self.set_nonce(address, self.get_nonce(address) + 1)

    def pay_and_count(self, address: bytes, amount: int) -> None:
        """Take an amount that is there from an account, and add one to its nonce: how a transaction begins."""
        nonce, balance, storage_root, code_hash = self._get(address)
        self._set(address, Account(nonce + 1, balance - amount, storage_root, code_hash))

    def get_code_hash(self, address: Address) -> Hash32:
        """The hash of an account's code."""
        return Hash32(self._get(address).code_hash)

    def get_code(self, address: Address) -> bytes:
        """An account's code. Raises MissingBytecode when the store lacks it."""
        code_hash = self._get(address).code_hash
        if code_hash == EMPTY_CODE_HASH:
            return b""
        try:
            return self._codes[code_hash] if code_hash in self._codes else self._view.code(code_hash)
        except KeyError as error:
            raise MissingBytecode(Hash32(code_hash)) from error

    def set_code(self, address: Address, code: bytes) -> None:
        """Give an account code. Code is kept by its hash, so a revert need not forget it."""
        code_hash = keccak(code)
        self._codes[code_hash] = code
        self._set(address, self._get(address)._replace(code_hash=code_hash))

    def delete_code(self, address: Address) -> None:
        """Take an account's code away."""
        self._set(address, self._get(address)._replace(code_hash=EMPTY_CODE_HASH))

    def account_has_code_or_nonce(self, address: Address) -> bool:
        """Whether a contract may not be created here."""
        account = self._get(address)
        return account.nonce != 0 or account.code_hash != EMPTY_CODE_HASH

    def delete_account(self, address: Address) -> None:
        """Remove an account with all it stored."""
        self._clear_storage(address)
        self._set(address, None)

    def account_exists(self, address: Address) -> bool:
        """Whether the account exists, even if empty."""
        return self._find(address) is not None

    def touch_account(self, address: Address) -> None:
        """Make the account exist."""
        self._set(address, self._get(address))

    def account_is_empty(self, address: Address) -> bool:
        """Empty by EIP-161: no nonce, no balance, no code."""
        account = self._get(address)
        return account.nonce == 0 and account.balance == 0 and account.code_hash == EMPTY_CODE_HASH

    # -- what is warm, by EIP-2929

    def is_address_warm(self, address: Address) -> bool:
        """Whether this transaction has touched the address before."""
        return address in self._warm

    def mark_address_warm(self, address: Address) -> None:
        """Note that it has."""
        self._warm_up(address)

    def is_storage_warm(self, address: Address, slot: int) -> bool:
        """Whether this transaction has touched the slot before."""
        return (address, slot) in self._warm

    def mark_storage_warm(self, address: Address, slot: int) -> None:
        """Note that it has."""
        self._warm_up((address, slot))

    def _warm_up(self, key: Any) -> None:
        if key not in self._warm:
            warm = self._warm
            warm.add(key)
            self.touched.add(key)
            self._undo.append(lambda: warm.discard(key))

    # -- transient storage, by EIP-1153

    def get_transient(self, address: bytes, slot: int) -> bytes:
        """A transient slot; empty when it was not written in this transaction."""
        return self._transient.get((address, slot), b"")

    def set_transient(self, address: bytes, slot: int, value: bytes) -> None:
        """Write a transient slot."""
        transient, key = self._transient, (address, slot)
        before = transient.get(key, b"")
        transient[key] = value
        self._undo.append(lambda: transient.__setitem__(key, before))

    def clear_transient(self) -> None:
        """Forget transient storage."""
        self._transient = {}

    # -- checkpoints

    def record(self) -> JournalDBCheckpoint:
        """Remember this point."""
        checkpoint = JournalDBCheckpoint(next(self._checkpoints))
        self._marks[checkpoint] = len(self._undo)
        return checkpoint

    def discard(self, checkpoint: JournalDBCheckpoint) -> None:
        """Undo everything since a checkpoint."""
        mark = self._marks.pop(checkpoint)
        while len(self._undo) > mark:
            self._undo.pop()()

    def commit(self, checkpoint: JournalDBCheckpoint) -> None:
        """Keep everything since a checkpoint; an earlier one can still undo it."""
        del self._marks[checkpoint]

    def lock_changes(self) -> None:
        """Begin a transaction: what happened before can no longer be undone, and nothing is warm."""
        self._undo, self._marks = [], {}
        self._warm, self._originals, self._cleared_from = set(), {}, {}

    def make_state_root(self) -> Hash32:
        """Not needed: the root is made once, by `persist`."""
        raise NotImplementedError("the state is hashed once, when its block is sealed")

    @property
    def storage_changes(self) -> Mapping[bytes, StorageChanges]:
        """What has been written to storage so far."""
        return self._storage

    def persist(self) -> MetaWitnessAPI:
        """Make the changes part of the view, and hash it."""
        self._view.apply(self._accounts, self._storage, self._codes)
        self._accounts, self._storage, self._codes = {}, {}, {}
        self.lock_changes()
        return MetaWitness(set(), {})
