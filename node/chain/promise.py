"""A promise: one journaled transaction, and the block that will be made of it and of nothing else.

Parent, time and transaction are all that a block on this chain follows from, to its hash. So it is enough that
they are on disk: whoever opens the store makes the same block again if it is not there.
"""

from typing import NamedTuple

from eth.abc import BlockHeaderAPI, SignedTransactionAPI

HASH_BYTES = 32


class Promise(NamedTuple):
    """What is kept of it; the transaction itself is in the journal."""

    transaction_hash: bytes
    parent_hash: bytes
    timestamp_s: int

    def encode(self) -> bytes:
        """The bytes that the store keeps."""
        return self.transaction_hash + self.parent_hash + self.timestamp_s.to_bytes(8, "big")


def promise_of(header: BlockHeaderAPI, transaction: SignedTransactionAPI) -> Promise:
    """The promise of a block that is open."""
    return Promise(bytes(transaction.hash), bytes(header.parent_hash), header.timestamp)


def decode_promise(encoded: bytes) -> Promise | None:
    """The promise from its bytes; None from no bytes."""
    if not encoded:
        return None
    two = 2 * HASH_BYTES
    return Promise(encoded[:HASH_BYTES], encoded[HASH_BYTES:two], int.from_bytes(encoded[two:], "big"))
