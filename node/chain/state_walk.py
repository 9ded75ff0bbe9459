"""Everything a state holds, account by account: a walk over every node of its tries.

A trie knows keys only by their hashes; which address or slot a hash stands for is looked up among the preimages.
Every node on the way is read from the store, which checks its hash, so a walk that ends is also a proof of health.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from eth_hash.auto import keccak

from node.chain.account import EMPTY_CODE_HASH, decode_account
from node.chain.errors import ChainError
from node.chain.trie_node import BLANK_ROOT, Branch, Leaf, Node, decode_node, string_of

Load = Callable[[bytes], bytes]


class UnknownPreimage(ChainError):
    """The state holds something under a hash, and nobody has kept what the hash stands for."""


@dataclass(frozen=True)
class WalkedAccount:
    """One account, whole; balance in wei."""

    nonce: int
    balance: int
    code: bytes
    storage: Mapping[int, int]


def leaves(load: Load, root: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every key and value of the trie under a root, in order of the keys. Raises KeyError for a missing node."""
    stack: list[tuple[str, Node]] = [] if root == BLANK_ROOT else [("", root)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, bytes):
            node = decode_node(load(node))
        if isinstance(node, Leaf):
            yield bytes.fromhex(path + node.path), node.value
        elif isinstance(node, Branch):
            below = [(f"{path}{digit:x}", child) for digit, child in enumerate(node.children) if child is not None]
            stack += reversed(below)
        else:
            stack.append((path + node.path, node.child))


def walk_accounts(load: Load, root: bytes, known: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, WalkedAccount]]:
    """Every account under a state root, by address.

    `known` holds preimages that the store need not have. Raises UnknownPreimage, or KeyError for a missing node.
    """
    for hashed, encoded in leaves(load, root):
        account = decode_account(encoded)
        code = b"" if account.code_hash == EMPTY_CODE_HASH else load(account.code_hash)
        storage = {
            int.from_bytes(_preimage(load, slot, known, "slot"), "big"): int.from_bytes(string_of(value), "big")
            for slot, value in leaves(load, account.storage_root)
        }
        address = _preimage(load, hashed, known, "account")
        yield address, WalkedAccount(account.nonce, account.balance, code, storage)


def preimages(*keys: bytes) -> dict[bytes, bytes]:
    """Keys by their hashes."""
    return {keccak(key): key for key in keys}


def _preimage(load: Load, hashed: bytes, known: Mapping[bytes, bytes], what: str) -> bytes:
    try:
        return known.get(hashed) or load(hashed)
    except KeyError as error:
        raise UnknownPreimage(
            f"nobody has kept which {what} 0x{hashed.hex()} is the hash of: "
            "this chain's state was written before it kept the names of its accounts and slots"
        ) from error
