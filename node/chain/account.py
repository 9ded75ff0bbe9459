"""An account as the state trie holds it: nonce, balance, storage root and code hash, as RLP."""

from typing import NamedTuple

from node.chain.trie_node import BLANK_ROOT, STRING_HEADS, rlp_list, split_list, string_of

EMPTY_CODE_HASH = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")


class Account(NamedTuple):
    """One account; balance in wei."""

    nonce: int = 0
    balance: int = 0
    storage_root: bytes = BLANK_ROOT
    code_hash: bytes = EMPTY_CODE_HASH


NO_ACCOUNT = Account()
BYTES = tuple(bytes((value,)) for value in range(0x80))


def encode_account(account: Account) -> bytes:
    """The RLP that the trie holds."""
    return rlp_list(
        encode_integer(account.nonce)
        + encode_integer(account.balance)
        + b"\xa0"
        + account.storage_root
        + b"\xa0"
        + account.code_hash
    )


def decode_account(encoded: bytes) -> Account:
    """An account from its RLP."""
    nonce, balance, storage_root, code_hash = (string_of(item) for item in split_list(encoded))
    return Account(int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"), storage_root, code_hash)


def encode_integer(value: int) -> bytes:
    """An integer below 256^1024 in RLP: big-endian without leading zeros."""
    if 0 < value < 0x80:
        return BYTES[value]
    size = (value.bit_length() + 7) >> 3
    return STRING_HEADS[size] + value.to_bytes(size, "big")
