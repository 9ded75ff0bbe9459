"""An account as the state trie holds it: nonce, balance, storage root and code hash, as RLP."""

from typing import NamedTuple

from node.chain.trie_node import BLANK_ROOT, rlp_list, rlp_string, split_list, string_of

EMPTY_CODE_HASH = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")


class Account(NamedTuple):
    """One account; balance in wei."""

    nonce: int = 0
    balance: int = 0
    storage_root: bytes = BLANK_ROOT
    code_hash: bytes = EMPTY_CODE_HASH


NO_ACCOUNT = Account()


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
    """An integer in RLP: big-endian without leading zeros."""
    return rlp_string(value.to_bytes((value.bit_length() + 7) // 8, "big"))
