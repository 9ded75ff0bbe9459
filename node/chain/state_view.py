"""The state under one root: accounts, storage and code, read from lazy tries and remembered.

The newest block has one view that lives on: blocks apply their changes to it, so what was read or written once is
not read again. Views of older blocks are made when asked for, and thrown away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from node.chain.account import Account, decode_account, encode_account, encode_integer
from node.chain.keccak import keccak
from node.chain.lazy_trie import LazyTrie
from node.chain.nodes import NodeDatabase
from node.chain.trie_node import BLANK_ROOT, string_of

MAX_NODES_HELD = 50_000
MAX_VALUES_HELD = 60_000
NOT_READ = object()


@dataclass(frozen=True)
class StorageAhead:
    """Slots of one account written and hashed before their block is: the trie, its root, and its new nodes."""

    slots: Mapping[int, int]
    trie: LazyTrie
    root: bytes
    nodes: Mapping[bytes, bytes]


@dataclass
class StorageChanges:
    """Written slots of one account; `cleared` when everything it held before is gone."""

    cleared: bool = False
    slots: dict[int, int] = field(default_factory=dict)


class StateView:
    """Accounts, storage and code under `root`."""

    def __init__(self, nodes: NodeDatabase, root: bytes) -> None:
        self._nodes = nodes
        self.root = root
        self._accounts: dict[bytes, Account | None] = {}
        self._slots: dict[bytes, dict[int, int]] = {}
        self._values_held = 0
        self._trie = LazyTrie(nodes.__getitem__, root)
        self._storage: dict[bytes, LazyTrie] = {}
        self._ahead: dict[bytes, StorageAhead] = {}
        self._paths: dict[bytes | int, str] = {}
        self._named: set[bytes | int] = set()

    def account(self, address: bytes) -> Account | None:
        """An account, or None when it does not exist."""
        try:
            return self._accounts[address]
        except KeyError:
            encoded = self._trie.get(self._path(address))
            found = decode_account(encoded) if encoded else None
            self._accounts[address] = found
            self._values_held += 1
            return found

    def slot(self, address: bytes, slot: int) -> int:
        """A storage slot; zero when it was never written."""
        slots = self._slots.get(address)
        if slots is None:
            slots = self._slots[address] = {}
        found = slots.get(slot)
        if found is None:
            encoded = self._storage_trie(address).get(self._slot_path(slot))
            found = slots[slot] = int.from_bytes(string_of(encoded), "big") if encoded else 0
            self._values_held += 1
        return found

    def code(self, code_hash: bytes) -> bytes:
        """Contract code. Raises KeyError when the store lacks it."""
        return self._nodes[code_hash]

    def prove_account(self, address: bytes) -> list[bytes]:
        """The trie nodes that prove an account, or that there is none."""
        return self._trie.prove(self._path(address))

    def prove_slot(self, address: bytes, slot: int) -> list[bytes]:
        """The trie nodes that prove a storage slot."""
        return self._storage_trie(address).prove(self._slot_path(slot))

    def apply(
        self,
        accounts: Mapping[bytes, Account | None],
        storage: Mapping[bytes, StorageChanges],
        codes: Mapping[bytes, bytes],
    ) -> bytes:
        """Make changes part of the state; new nodes become open writes of the database. Returns the new root."""
        for code_hash, code in codes.items():
            self._nodes[code_hash] = code
        changed = dict(accounts)
        for address, changes in storage.items():
            account = changed.get(address, self.account(address))
            root = self._apply_storage(address, changes)
            if account is not None or root != BLANK_ROOT:
                changed[address] = (account or Account())._replace(storage_root=root)
        for address, account in changed.items():
            if account == self._accounts.get(address, NOT_READ):
                continue
            if account is None:
                self._trie.delete(self._path(address))
            else:
                self._trie.set(self._path(address), encode_account(account))
        if self._nodes.keeps_preimages:
            self._keep_preimages(changed, storage)
        self._accounts.update(changed)
        self.root = self._trie.commit(self._nodes.write)
        self._ahead = {}
        self._shed()
        return self.root

    def hash_ahead(self, address: bytes, slots: Mapping[int, int]) -> None:
        """Hash slots that the next changes are known to write; used if those are all they write of this account.

        Nothing of it can be read before. The account's trie is used up; whoever reads meanwhile loads another.
        """
        trie, nodes = self._storage_trie(address), dict[bytes, bytes]()
        del self._storage[address]
        self._write_slots(trie, address, slots)
        self._ahead[address] = StorageAhead(dict(slots), trie, trie.commit(nodes.__setitem__), nodes)

    def _apply_storage(self, address: bytes, changes: StorageChanges) -> bytes:
        if changes.cleared:
            self._storage[address] = LazyTrie(self._nodes.__getitem__)
            self._slots[address] = {}
        ahead = self._ahead.get(address)
        if ahead is not None and ahead.slots == changes.slots and not changes.cleared:
            self._storage[address], root = ahead.trie, ahead.root
            for node_hash, node in ahead.nodes.items():
                self._nodes[node_hash] = node
        else:
            trie = self._storage_trie(address)
            self._write_slots(trie, address, changes.slots)
            root = trie.commit(self._nodes.write)
        self._slots.setdefault(address, {}).update(changes.slots)
        self._values_held += len(changes.slots)
        return root

    def _write_slots(self, trie: LazyTrie, address: bytes, slots: Mapping[int, int]) -> None:
        known = self._slots.get(address, {})
        for slot, value in slots.items():
            if value == known.get(slot):
                continue
            if value:
                trie.set(self._slot_path(slot), encode_integer(value))
            else:
                trie.delete(self._slot_path(slot))

    def _keep_preimages(self, accounts: Iterable[bytes], storage: Mapping[bytes, StorageChanges]) -> None:
        """Once each: what is named once stays named, and most of what a block changes was changed before."""
        for address in accounts:
            if address not in self._named:
                self._named.add(address)
                self._nodes[bytes.fromhex(self._path(address))] = address
        for changes in storage.values():
            for slot in changes.slots:
                if slot not in self._named:
                    self._named.add(slot)
                    self._nodes[bytes.fromhex(self._slot_path(slot))] = slot.to_bytes(32, "big")

    def _storage_trie(self, address: bytes) -> LazyTrie:
        trie = self._storage.get(address)
        if trie is None:
            account = self.account(address)
            trie = LazyTrie(self._nodes.__getitem__, account.storage_root if account else BLANK_ROOT)
            self._storage[address] = trie
        return trie

    def _path(self, address: bytes) -> str:
        path = self._paths.get(address)
        if path is None:
            path = self._paths[address] = keccak(address).hex()
        return path

    def _slot_path(self, slot: int) -> str:
        path = self._paths.get(slot)
        if path is None:
            path = self._paths[slot] = keccak(slot.to_bytes(32, "big")).hex()
        return path

    def _shed(self) -> None:
        """Keep memory bounded: forget what has been read, and read it again when it is needed."""
        held = self._trie.nodes_held + sum(trie.nodes_held for trie in self._storage.values())
        if held > MAX_NODES_HELD:
            self._trie = LazyTrie(self._nodes.__getitem__, self.root)
            self._storage = {}
        if self._values_held > MAX_VALUES_HELD or len(self._paths) > MAX_VALUES_HELD:
            self._accounts, self._slots, self._paths, self._values_held = {}, {}, {}, 0
            self._named = set()
