"""Nodes of the state trie and their RLP.

A path is a string of hexadecimal digits, because Python slices and packs those in C. A child that has not been
read yet is the 32 bytes of its hash.
"""

from typing import TypeAlias

from node.chain.keccak import keccak

BLANK_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
DIGITS = {digit: value for value, digit in enumerate("0123456789abcdef")}
HEX = "0123456789abcdef"
EMPTY = b"\x80"


class Leaf:
    """The rest of a key, and its value."""

    __slots__ = ("path", "reference", "value")

    def __init__(self, path: str, value: bytes) -> None:
        self.path = path
        self.value = value
        self.reference: bytes | None = None


class Extension:
    """Digits that all keys below share."""

    __slots__ = ("child", "path", "reference")

    def __init__(self, path: str, child: "Node") -> None:
        self.path = path
        self.child = child
        self.reference: bytes | None = None


class Branch:
    """One child for each next digit. It holds no value: no key here is the beginning of another.

    `references` are how it refers to its children; None for one that has changed since.
    """

    __slots__ = ("children", "reference", "references")

    def __init__(self, children: "list[Node | None]", references: list[bytes | None]) -> None:
        self.children = children
        self.references = references
        self.reference: bytes | None = None


Node: TypeAlias = Leaf | Extension | Branch | bytes


def pack_leaf(path: str) -> bytes:
    """The hex-prefix form of a leaf's path."""
    return bytes.fromhex("3" + path if len(path) & 1 else "20" + path)


def pack_extension(path: str) -> bytes:
    """The hex-prefix form of an extension's path."""
    return bytes.fromhex("1" + path if len(path) & 1 else "00" + path)


def _head(first: int, size: int) -> bytes:
    """The head of an RLP item whose kind begins at `first`."""
    if size < 56:
        return bytes((first + size,))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((first + 55 + len(length),)) + length


STRING_HEADS = tuple(_head(0x80, size) for size in range(1_024))
LIST_HEADS = tuple(_head(0xC0, size) for size in range(1_024))


def rlp_string(value: bytes) -> bytes:
    """A byte string in RLP."""
    size = len(value)
    if size == 1 and value[0] < 0x80:
        return value
    return (STRING_HEADS[size] if size < 1_024 else _head(0x80, size)) + value


def rlp_list(payload: bytes) -> bytes:
    """A list in RLP, from its encoded items."""
    size = len(payload)
    return (LIST_HEADS[size] if size < 1_024 else _head(0xC0, size)) + payload


def reference_of(encoded: bytes) -> bytes:
    """How a parent refers to a node: by hash, or by the node itself when that is shorter."""
    return encoded if len(encoded) < 32 else b"\xa0" + keccak(encoded)


def decode_node(encoded: bytes) -> Leaf | Extension | Branch:
    """A node from its RLP. Its reference is known, since it has just been found by it."""
    node = _decode(encoded)
    node.reference = reference_of(encoded)
    return node


def _decode(encoded: bytes) -> Leaf | Extension | Branch:
    items = split_list(encoded)
    if len(items) == 17:
        references: list[bytes | None] = [*items[:16]]
        return Branch([_child(item) for item in items[:16]], references)
    path = string_of(items[0]).hex()
    is_leaf, odd = path[0] in "23", path[0] in "13"
    rest = path[1:] if odd else path[2:]
    if is_leaf:
        return Leaf(rest, string_of(items[1]))
    child = _child(items[1])
    if child is None:
        raise ValueError("an extension without a child")
    return Extension(rest, child)


def _child(item: bytes) -> Node | None:
    if item == EMPTY:
        return None
    if len(item) == 33:
        return item[1:]
    return decode_node(item)


def split_list(encoded: bytes) -> list[bytes]:
    """The items of an RLP list, each still encoded."""
    position = 1 if encoded[0] < 0xF8 else 1 + encoded[0] - 0xF7
    items, size = [], len(encoded)
    while position < size:
        end = position + item_size(encoded, position)
        items.append(encoded[position:end])
        position = end
    return items


def item_size(encoded: bytes, position: int) -> int:
    """How long the RLP item at a position is, its head included. Raises IndexError behind the end."""
    first = encoded[position]
    if first < 0x80:
        return 1
    if first < 0xB8:
        return first - 0x7F
    if 0xC0 <= first < 0xF8:
        return first - 0xBF
    width = first - (0xB7 if first < 0xC0 else 0xF7)
    return 1 + width + int.from_bytes(encoded[position + 1 : position + 1 + width], "big")


def string_of(item: bytes) -> bytes:
    """The byte string an RLP item encodes."""
    first = item[0]
    if first < 0x80:
        return item
    if first < 0xB8:
        return item[1:]
    return item[1 + first - 0xB7 :]
