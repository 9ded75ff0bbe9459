"""What the ledger answers with: frozen values in plain Python types.

Hashes are lower-case 0x-strings, addresses checksummed 0x-strings, gas and fees integers (fees in wei).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, NamedTuple

from node.ledger.finality import Finality


@dataclass(frozen=True)
class BlockReference:
    """One block; `hash` tells it from another of the same number, `timestamp_s` is its unix time."""

    number: int
    hash: str
    timestamp_s: int


@dataclass(frozen=True)
class Capabilities:
    """What the engine can do, as it answered itself."""

    client_version: str
    chain_id: int
    free_gas: bool
    finality: Finality


@dataclass(frozen=True)
class Receipt:
    """A transaction in a block. One that did not `succeed` is in the block too and has used its nonce."""

    hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    gas_used: int
    contract_address: str | None = None


@dataclass(frozen=True)
class CallRefused:
    """The call would revert; `reason` is the contract's sentence ("CurrencyToken: balance too low")."""

    reason: str


class BroadcastStatus(Enum):
    """What became of a broadcast; see BroadcastOutcome."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already known"
    NONCE_TOO_LOW = "nonce too low"
    REFUSED = "refused"


@dataclass(frozen=True)
class BroadcastOutcome:
    """The outcome of a broadcast, with the engine's words in `text` (which does not count in comparisons).

    ACCEPTED and ALREADY_KNOWN: the chain has the transaction, pending or included. NONCE_TOO_LOW: another
    transaction has used this nonce and ours is not in the chain; never answer that by signing the same payment
    with a fresh nonce before knowing what the other one was. REFUSED: the engine will not take these bytes as
    things are; the same bytes may be taken later.
    """

    ACCEPTED: ClassVar[BroadcastOutcome]
    ALREADY_KNOWN: ClassVar[BroadcastOutcome]
    NONCE_TOO_LOW: ClassVar[BroadcastOutcome]
    REFUSED: ClassVar[BroadcastOutcome]

    status: BroadcastStatus
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        """For logs: `refused: insufficient funds`."""
        return f"{self.status.value}: {self.text}" if self.text else self.status.value

    @property
    def on_its_way(self) -> bool:
        """Whether the chain has the transaction."""
        return self.status in {BroadcastStatus.ACCEPTED, BroadcastStatus.ALREADY_KNOWN}

    def saying(self, text: str) -> BroadcastOutcome:
        """The same outcome with the engine's words."""
        return BroadcastOutcome(self.status, text)


BroadcastOutcome.ACCEPTED = BroadcastOutcome(BroadcastStatus.ACCEPTED)
BroadcastOutcome.ALREADY_KNOWN = BroadcastOutcome(BroadcastStatus.ALREADY_KNOWN)
BroadcastOutcome.NONCE_TOO_LOW = BroadcastOutcome(BroadcastStatus.NONCE_TOO_LOW)
BroadcastOutcome.REFUSED = BroadcastOutcome(BroadcastStatus.REFUSED)


class Fees(NamedTuple):
    """What to offer for gas, in wei per unit of gas; both 0 where gas is free."""

    max_fee_per_gas: int
    max_priority_fee_per_gas: int

    @property
    def base_fee_per_gas(self) -> int:
        """The base fee they were made for (see LedgerClient.fees): an offer below it is not taken now."""
        return (self.max_fee_per_gas - self.max_priority_fee_per_gas) // 2

    @property
    def free(self) -> bool:
        """Whether the engine takes transactions that pay nothing."""
        return self.max_fee_per_gas == 0


@dataclass(frozen=True)
class TokenFacts:
    """A currency token at one block: what it is, and what was issued and redeemed, in minor units."""

    address: str
    name: str
    currency_code: str
    minor_units: int
    issued_total: int
    redeemed_total: int
    total_supply: int
