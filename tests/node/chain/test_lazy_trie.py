"""The lazy trie against py-evm's HexaryTrie: the same writes give the same root, nodes and values."""

from typing import Any

import rlp  # type: ignore[import-untyped]
from eth.db.trie import _make_trie_root_and_nodes
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from node.chain.lazy_trie import LazyTrie, list_root
from node.chain.trie_node import BLANK_ROOT

# Few distinct digits, so that keys share long prefixes, split and join again.
KEYS = st.text(alphabet="0123", min_size=6, max_size=6).map(lambda digits: digits.rjust(8, "a"))
VALUES = st.binary(min_size=1, max_size=40)
WRITES = st.lists(st.tuples(KEYS, st.one_of(st.none(), VALUES)), max_size=60)
ROUNDS = st.lists(WRITES, min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(ROUNDS, st.booleans())
def test_the_same_writes_give_the_same_trie(rounds: list[list[tuple[str, bytes | None]]], reopen: bool) -> None:
    """Several blocks of writes, with the trie kept in memory or reopened from its nodes after each."""
    nodes: dict[bytes, bytes] = {}
    reference: Any = HexaryTrie({})
    trie = LazyTrie(nodes.__getitem__)
    values: dict[str, bytes] = {}
    for writes in rounds:
        for key, value in writes:
            if value is None:
                reference.delete(bytes.fromhex(key))
                trie.delete(key)
                values.pop(key, None)
            else:
                reference.set(bytes.fromhex(key), value)
                trie.set(key, value)
                values[key] = value
        root = trie.commit(nodes.__setitem__)
        assert root == reference.root_hash
        if reopen:
            trie = LazyTrie(nodes.__getitem__, root)
        for key in [*values, "a" * 8, "ab012301"]:
            assert trie.get(key) == values.get(key, b"")
    assert_complete(nodes, root, values)


def assert_complete(nodes: dict[bytes, bytes], root: bytes, values: dict[str, bytes]) -> None:
    """py-evm's trie, given only our nodes, reads every value back."""
    assert all(keccak(encoded) == key for key, encoded in nodes.items())
    reader = HexaryTrie(nodes, root)
    assert all(reader.get(bytes.fromhex(key)) == value for key, value in values.items())


def test_a_trie_of_hashed_keys() -> None:
    """As the state trie is used: keys are hashes, a thousand of them, half removed again."""
    nodes: dict[bytes, bytes] = {}
    reference: Any = HexaryTrie({})
    trie = LazyTrie(nodes.__getitem__)
    keys = [keccak(number.to_bytes(4, "big")) for number in range(1_000)]
    for key in keys:
        trie.set(key.hex(), key[:5] * 9)
        reference.set(key, key[:5] * 9)
    assert trie.commit(nodes.__setitem__) == reference.root_hash
    again = LazyTrie(nodes.__getitem__, reference.root_hash)
    for key in keys[::2]:
        again.delete(key.hex())
        reference.delete(key)
    assert again.commit(nodes.__setitem__) == reference.root_hash


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=300))
def test_roots_of_lists(items: list[bytes]) -> None:
    assert list_root(items) == _make_trie_root_and_nodes(tuple(items))[0]


def test_a_list_index_is_rlp() -> None:
    """Index 0 is the byte 0x80, which is why the order of keys is not the order of items."""
    assert rlp.encode(0) == b"\x80"
    assert list_root([]) == BLANK_ROOT
