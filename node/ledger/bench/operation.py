"""One operation to be measured, and the row that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node.ledger.bench.floor import Least
from node.ledger.bench.network import BenchNetwork, Call


@dataclass(frozen=True)
class Operation:
    """`prepare` makes every account warm and returns the call that is measured, for so many `payments`.

    `limit` is the most gas it may cost per payment; `least` what the EVM asks for all of it.
    """

    name: str
    payments: int
    limit: int
    least: Least
    prepare: Callable[[BenchNetwork], Call]


@dataclass(frozen=True)
class Measured:
    """Gas per payment, rounded up, with the EVM's floor and the limit beside it."""

    operation: str
    payments: int
    gas_per_payment: int
    floor: int
    limit: int
