"""What the EVM itself asks for an operation, whatever code carries it out (Prague prices).

Intrinsic gas, calldata and logs are read from the transaction that was measured; the storage an operation cannot
do without, the signatures it must recover and the contracts it must call are stated with the operation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

INTRINSIC: Final = 21_000
ZERO_BYTE, OTHER_BYTE = 4, 16
LOG, LOG_TOPIC, LOG_BYTE = 375, 375, 8
# A word that is read; one that is read and written over; one that is written for the first time.
READ, UPDATE, FRESH = 2_100, 5_000, 22_100
RECOVERY: Final = 3_000
CONTRACT: Final = 2_600
# A contract that was called before in the same transaction.
CONTRACT_AGAIN: Final = 100


@dataclass(frozen=True)
class Least:
    """What the operation cannot do without: storage words, each once; signatures recovered; contracts called."""

    read: int = 0
    updated: int = 0
    fresh: int = 0
    recovered: int = 0
    contracts: int = 0
    contracts_again: int = 0

    def gas(self) -> int:
        """Its price."""
        return (
            self.read * READ
            + self.updated * UPDATE
            + self.fresh * FRESH
            + self.recovered * RECOVERY
            + self.contracts * CONTRACT
            + self.contracts_again * CONTRACT_AGAIN
        )


def floor_gas(data: bytes, logs: Sequence[Mapping[str, Any]], least: Least) -> int:
    """The least gas of a transaction with this calldata and these logs, as JSON-RPC gives them."""
    zeros = data.count(0)
    calldata = zeros * ZERO_BYTE + (len(data) - zeros) * OTHER_BYTE
    written = sum(LOG + LOG_TOPIC * len(log["topics"]) + LOG_BYTE * (len(log["data"]) // 2 - 1) for log in logs)
    return INTRINSIC + calldata + written + least.gas()
