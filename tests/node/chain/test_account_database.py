"""Our account database against the one of py-evm it replaces: same operations, same answers and roots."""

from typing import Any

from eth.constants import BLANK_ROOT_HASH
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st

from node.chain.account_database import AccountDatabase
from node.chain.nodes import NodeDatabase
from node.chain.state_view import StateView

ADDRESSES = [Address(bytes([number]) * 20) for number in range(1, 5)]
ADDRESS = st.sampled_from(ADDRESSES)
SLOT = st.integers(0, 3)
VALUE = st.sampled_from([0, 1, 2, 255, 2**255])
OPERATION = st.one_of(
    st.tuples(st.just("set_storage"), ADDRESS, SLOT, VALUE),
    st.tuples(st.just("set_balance"), ADDRESS, VALUE),
    st.tuples(st.just("increment_nonce"), ADDRESS),
    st.tuples(st.just("set_code"), ADDRESS, st.sampled_from([b"\x01", b"\x02\x03", b""])),
    st.tuples(st.just("delete_code"), ADDRESS),
    st.tuples(st.just("touch_account"), ADDRESS),
    st.tuples(st.just("mark_address_warm"), ADDRESS),
    st.tuples(st.just("mark_storage_warm"), ADDRESS, SLOT),
    st.tuples(st.just("record")),
    st.tuples(st.just("discard")),
    st.tuples(st.just("commit")),
)
TRANSACTION = st.tuples(st.lists(OPERATION, max_size=25), st.lists(ADDRESS, max_size=1))
BLOCK = st.lists(TRANSACTION, max_size=4)


class NoStore:
    """A store without nodes: everything is in the writes of the open block, or in the cache."""

    def node(self, key: bytes) -> None:
        del key


class Pair:
    """Both databases, doing the same."""

    def __init__(self, *, keep_view: bool) -> None:
        self._nodes = NodeDatabase(NoStore())
        self._store = AtomicDB()
        self._keep_view = keep_view
        self._view = StateView(self._nodes, BLANK_ROOT_HASH)
        self.ours = AccountDatabase(self._view)
        self.theirs = AccountDB(self._store, BLANK_ROOT_HASH)
        self._checkpoints: list[tuple[Any, Any]] = []

    def run(self, name: str, *arguments: Any) -> None:
        if name == "record":
            self._checkpoints.append((self.ours.record(), self.theirs.record()))
        elif name in {"discard", "commit"}:
            if self._checkpoints:
                mine, other = self._checkpoints.pop()
                getattr(self.ours, name)(mine)
                getattr(self.theirs, name)(other)
        else:
            getattr(self.ours, name)(*arguments)
            getattr(self.theirs, name)(*arguments)

    def end_transaction(self, deleted: list[Address]) -> None:
        """Accounts are deleted at the end of a transaction only, as the virtual machine does it."""
        while self._checkpoints:
            self.run("commit")
        for address in deleted:
            self.run("delete_account", address)
        self.ours.lock_changes()
        self.theirs.lock_changes()

    def end_block(self) -> None:
        self.ours.persist()
        self.theirs.persist()
        assert self.ours.state_root == self.theirs.state_root
        self._nodes.keep()
        if not self._keep_view:
            self._view = StateView(self._nodes, self.ours.state_root)
        self.ours = AccountDatabase(self._view)
        self.theirs = AccountDB(self._store, self.theirs.state_root)

    def compare(self) -> None:
        for address in ADDRESSES:
            for read in ("get_balance", "get_nonce", "get_code", "get_code_hash", "account_exists"):
                assert getattr(self.ours, read)(address) == getattr(self.theirs, read)(address), read
            for read in ("account_is_empty", "account_has_code_or_nonce", "is_address_warm"):
                assert getattr(self.ours, read)(address) == getattr(self.theirs, read)(address), read
            for slot in range(4):
                assert self.ours.get_storage(address, slot) == self.theirs.get_storage(address, slot)
                assert self.ours.get_storage(address, slot, False) == self.theirs.get_storage(address, slot, False)
                assert self.ours.is_storage_warm(address, slot) == self.theirs.is_storage_warm(address, slot)


@settings(max_examples=250, deadline=None)
@given(st.lists(BLOCK, min_size=1, max_size=3), st.booleans())
def test_the_same_operations_give_the_same_state(blocks: list[list[Any]], keep_view: bool) -> None:
    pair = Pair(keep_view=keep_view)
    for block in blocks:
        for operations, deleted in block:
            for operation in operations:
                pair.run(*operation)
            pair.compare()
            pair.end_transaction(deleted)
        pair.end_block()
        pair.compare()
