"""Which contract of a network is the deployer's n-th: its slot, which alone decides its address.

Registry and settlement are the first two, then the tokens in the plan's order. The contract for holds comes after
the tokens there were when it was added, so the chain is asked where it is, and later tokens come after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import rlp  # type: ignore[import-untyped]

from contracts import artifact
from node.ledger.client import LedgerClient, ReadRefused
from node.ledger.orders import DeploymentFailed
from node.ledger.plan import NetworkPlan
from wallet.address import address_bytes, checksum_address
from wallet.hold import HOLDS_NAME
from wallet.keccak import keccak

_REGISTRY: Final = 0
SETTLEMENT_SLOT: Final = 1
_FIRST_TOKEN: Final = 2


@dataclass(frozen=True)
class Slots:
    """The nonces with which the deployer created, or will create, each contract; tokens in the plan's order."""

    registry: int
    settlement: int
    tokens: tuple[int, ...]
    holds: int | None


def slots_of(client: LedgerClient, plan: NetworkPlan, deployer: str, created: int) -> Slots:
    """Where the plan's contracts are, of which the deployer's first `created` exist, and where the others will be.

    Raises DeploymentFailed for a deployer's key that was used otherwise.
    """
    holds = _found_holds(client, deployer, created)
    count = len(plan.currencies)
    if holds is None and plan.holds:
        holds = max(created, _FIRST_TOKEN + count)
    tokens = [slot for slot in range(_FIRST_TOKEN, _FIRST_TOKEN + count + 1) if slot != holds][:count]
    return Slots(_REGISTRY, SETTLEMENT_SLOT, tuple(tokens), holds)


def contract_address(deployer: str, nonce: int) -> str:
    """The address of the contract that an account creates with its transaction of this nonce."""
    encoded: bytes = rlp.encode([address_bytes(deployer), nonce])
    return checksum_address(keccak(encoded)[12:])


def _found_holds(client: LedgerClient, deployer: str, created: int) -> int | None:
    """The slot of the contract for holds, known by the name it signs under, among the contracts that exist."""
    slots = range(_FIRST_TOKEN, created)
    requests = [(contract_address(deployer, slot), "eip712Domain") for slot in slots]
    try:
        domains = client.read_many(artifact("Holds").abi, requests) if requests else []
    except (ReadRefused, ValueError) as fault:
        raise DeploymentFailed(f"the deployer's key was used otherwise, a fresh one is needed: {fault}") from fault
    return next((slot for slot, domain in zip(slots, domains, strict=True) if domain[1] == HOLDS_NAME), None)
