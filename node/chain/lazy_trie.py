"""A Merkle Patricia trie that stays in memory and is hashed only when asked, once for each changed node.

py-evm's trie hashes every node on the path at every write; this one writes first and hashes at the end of a block.
Keys must be free of prefixes (keccak hashes, or RLP indexes), which is true of every trie in a block.
"""

from collections.abc import Callable, Sequence

from node.chain.account import encode_integer
from node.chain.keccak import keccak
from node.chain.trie_node import (
    BLANK_ROOT,
    DIGITS,
    EMPTY,
    HEX,
    Branch,
    Extension,
    Leaf,
    Node,
    decode_node,
    pack_extension,
    pack_leaf,
    reference_of,
    rlp_list,
    rlp_string,
)

Load = Callable[[bytes], bytes]
Write = Callable[[bytes, bytes], None]
Loaded = Leaf | Extension | Branch


class LazyTrie:
    """A trie under a root hash. Nodes are read when they are needed, and kept.

    A missing node shows as the KeyError of `load`.
    """

    def __init__(self, load: Load, root_hash: bytes = BLANK_ROOT) -> None:
        self._load = load
        self._root: Node | None = None if root_hash == BLANK_ROOT else root_hash
        self._hash: bytes | None = root_hash  # None when something has changed
        self.nodes_held = 0

    def get(self, path: str) -> bytes:
        """The value at a key given in hexadecimal, or nothing."""
        if isinstance(self._root, bytes):
            self._root = self._read(self._root)
        node: Loaded | None = self._root
        at = 0
        while node is not None:
            if isinstance(node, Branch):
                digit = DIGITS[path[at]]
                child = node.children[digit]
                if isinstance(child, bytes):
                    child = node.children[digit] = self._read(child)
                node, at = child, at + 1
            elif isinstance(node, Leaf):
                return node.value if node.path == path[at:] else b""
            else:
                if not path.startswith(node.path, at):
                    return b""
                if isinstance(node.child, bytes):
                    node.child = self._read(node.child)
                at += len(node.path)
                node = node.child
        return b""

    def set(self, path: str, value: bytes) -> None:
        """Put a value, which must not be empty."""
        self._hash = None
        self._root = self._insert(self._root, path, value)

    def delete(self, path: str) -> None:
        """Take a key out, if it is there."""
        if self.get(path):
            self._hash = None
            self._root = self._remove(self._root, path)

    def commit(self, write: Write) -> bytes:
        """Hash what has changed, hand every new node to `write`, and return the root hash."""
        if self._hash is None:
            self._hash = self._root_hash(write)
        return self._hash

    def _root_hash(self, write: Write) -> bytes:
        if self._root is None:
            return BLANK_ROOT
        if isinstance(self._root, bytes):
            return self._root
        encoded = self._encode(self._root, write)
        root_hash: bytes = keccak(encoded)  # a root is hashed however short it is
        write(root_hash, encoded)
        return root_hash

    def prove(self, path: str) -> list[bytes]:
        """The nodes from the root towards a key, as eth_getProof shows them; a node inside another is not listed.

        The trie must be committed.
        """
        self.get(path)
        proof: list[bytes] = []
        node = self._root
        while node is not None and not isinstance(node, bytes):
            encoded = self._encode(node, _ignore)
            if not proof or len(encoded) >= 32:
                proof.append(encoded)
            if isinstance(node, Leaf):
                break
            if isinstance(node, Branch):
                node, path = node.children[DIGITS[path[0]]], path[1:]
            elif path.startswith(node.path):
                rest = path[len(node.path) :]
                node, path = node.child, rest
            else:
                break
        return proof

    def _read(self, node_hash: bytes) -> Loaded:
        self.nodes_held += 1
        return decode_node(self._load(node_hash))

    def _insert(self, node: Node | None, path: str, value: bytes) -> Loaded:
        if node is None:
            self.nodes_held += 1
            return Leaf(path, value)
        if isinstance(node, bytes):
            node = self._read(node)
        if isinstance(node, Branch):
            self._insert_in(node, path, value)
            return node
        shared = _shared(path, node.path)
        if shared == len(node.path):
            return self._insert_below(node, path, value)
        return self._split(node, path, value, shared)

    def _insert_in(self, branch: Branch, path: str, value: bytes) -> None:
        """Insert below a branch, through the branches on the way."""
        at = 0
        while True:
            digit = DIGITS[path[at]]
            at += 1
            branch.reference = branch.references[digit] = None
            child = branch.children[digit]
            if not isinstance(child, Branch):
                branch.children[digit] = self._insert(child, path[at:], value)
                return
            branch = child

    def _insert_below(self, node: Leaf | Extension, path: str, value: bytes) -> Loaded:
        if isinstance(node, Leaf):
            node.value = value
        else:
            node.child = self._insert(node.child, path[len(node.path) :], value)
        node.reference = None
        return node

    def _split(self, node: Leaf | Extension, path: str, value: bytes, shared: int) -> Loaded:
        """Part two ways where they differ; the digits they share stay in front."""
        children: list[Node | None] = [None] * 16
        children[DIGITS[path[shared]]] = Leaf(path[shared + 1 :], value)
        old_digit, old_rest = DIGITS[node.path[shared]], node.path[shared + 1 :]
        if isinstance(node, Leaf):
            children[old_digit] = Leaf(old_rest, node.value)
        else:
            children[old_digit] = Extension(old_rest, node.child) if old_rest else node.child
        self.nodes_held += 3
        branch = Branch(children, [EMPTY if child is None else None for child in children])
        return Extension(path[:shared], branch) if shared else branch

    def _remove(self, node: Node | None, path: str) -> Node | None:
        """Remove a key that is known to be below `node`."""
        if isinstance(node, bytes):
            node = self._read(node)
        if isinstance(node, Branch):
            digit = DIGITS[path[0]]
            node.children[digit] = self._remove(node.children[digit], path[1:])
            node.reference = node.references[digit] = None
            return self._collapse(node)
        if isinstance(node, Extension):
            below = self._remove(node.child, path[len(node.path) :])
            return None if below is None else self._joined(node.path, below)
        return None

    def _collapse(self, branch: Branch) -> Node | None:
        """A branch with one child left is no branch."""
        left = [digit for digit, child in enumerate(branch.children) if child is not None]
        if len(left) > 1:
            return branch
        only = branch.children[left[0]] if left else None
        return None if only is None else self._joined(HEX[left[0]], only)

    def _joined(self, path: str, node: Node) -> Loaded:
        """`node` with digits in front of it."""
        if isinstance(node, bytes):
            node = self._read(node)
        if isinstance(node, Leaf):
            return Leaf(path + node.path, node.value)
        if isinstance(node, Extension):
            return Extension(path + node.path, node.child)
        return Extension(path, node)

    def _reference(self, node: Node | None, write: Write) -> bytes:
        """How the parent refers to `node`; hashes and writes it first when it has changed."""
        if node is None:
            return EMPTY
        if isinstance(node, bytes):
            return b"\xa0" + node
        if node.reference is None:
            encoded = self._encode(node, write)
            if len(encoded) < 32:
                node.reference = encoded
            else:
                node_hash = keccak(encoded)
                write(node_hash, encoded)
                node.reference = b"\xa0" + node_hash
        return node.reference

    def _encode(self, node: Loaded, write: Write) -> bytes:
        if isinstance(node, Branch):
            references = node.references
            while None in references:  # of sixteen, most are empty or have not changed
                digit = references.index(None)
                child = node.children[digit]
                known = None if child is None or isinstance(child, bytes) else child.reference
                references[digit] = known or self._reference(child, write)
            return rlp_list(b"".join(references) + EMPTY)  # type: ignore[arg-type]  # none is None any more
        if isinstance(node, Leaf):
            return rlp_list(rlp_string(pack_leaf(node.path)) + rlp_string(node.value))
        return rlp_list(rlp_string(pack_extension(node.path)) + self._reference(node.child, write))


def list_root(items: Sequence[bytes]) -> bytes:
    """The root of the trie of a block's transactions or receipts: values by their RLP index."""
    if not items:
        return BLANK_ROOT
    return keccak(_list_node(sorted((encode_integer(index).hex(), item) for index, item in enumerate(items)), 0))


def _list_node(entries: Sequence[tuple[str, bytes]], start: int) -> bytes:
    """The node over sorted entries whose paths begin alike up to `start`: made at once, with nothing to keep."""
    first, value = entries[0]
    if len(entries) == 1:
        return rlp_list(rlp_string(pack_leaf(first[start:])) + rlp_string(value))
    shared = start + _shared(first[start:], entries[-1][0][start:])
    if shared > start:
        branch = reference_of(_list_node(entries, shared))
        return rlp_list(rlp_string(pack_extension(first[start:shared])) + branch)
    below: list[list[tuple[str, bytes]]] = [[] for _ in HEX]
    for entry in entries:
        below[DIGITS[entry[0][start]]].append(entry)
    children = [reference_of(_list_node(one, start + 1)) if one else EMPTY for one in below]
    return rlp_list(b"".join(children) + EMPTY)


def _shared(one: str, other: str) -> int:
    """How many digits two paths begin with in common."""
    if one.startswith(other):
        return len(other)
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _ignore(node_hash: bytes, encoded: bytes) -> None:
    """The nodes of these tries are never looked up."""
