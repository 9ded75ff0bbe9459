"""What the store keeps and hands back: blocks, transactions with their outcome, logs.

Frozen data with no behaviour beyond what follows from it; hashes and addresses are raw bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from eth.abc import BlockHeaderAPI, SignedTransactionAPI


@dataclass(frozen=True)
class LogRecord:
    """One event. `index` counts within the block."""

    block_number: int
    index: int
    transaction_index: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


class Outcome(NamedTuple):
    """What a transaction did: gas in units of gas, logs in order.

    `post_state` is the state root after it, which receipts carried instead of a status before Byzantium.
    """

    succeeded: bool
    gas_used: int
    cumulative_gas_used: int
    first_log_index: int
    logs: tuple[tuple[bytes, tuple[bytes, ...], bytes], ...]
    post_state: bytes | None = None


@dataclass(frozen=True)
class TransactionRecord:
    """A transaction in a block, with its outcome but without its logs, which are kept apart."""

    block_number: int
    index: int
    hash: bytes
    sender: bytes
    raw: bytes
    succeeded: bool
    gas_used: int
    cumulative_gas_used: int
    first_log_index: int
    log_count: int
    post_state: bytes | None = None
    decoded: SignedTransactionAPI | None = field(default=None, compare=False, repr=False)  # where it is at hand


@dataclass(frozen=True)
class BlockRecord:
    """A block's header, and its body but for the transactions: the RLP of its uncles and withdrawals, in a row."""

    header: BlockHeaderAPI
    hash: bytes
    size: int
    body: bytes

    @property
    def number(self) -> int:
        """The block's height."""
        return self.header.block_number


@dataclass(frozen=True)
class SealedBlock:
    """A block just built, ready to be committed: header, transactions and outcomes, in order."""

    header: BlockHeaderAPI
    transactions: Sequence[SignedTransactionAPI]
    outcomes: Sequence[Outcome]
    size: int
    body: bytes = b"\xc0\xc0"
