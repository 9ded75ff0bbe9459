"""What one operator proposes and another decides: one request to the institution's own API, word for word.

The table is all there is to a proposal's life. Its digest names every word of it, and is what a checker approves.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

from node.domain.operator import Role


class ProposalState(Enum):
    """APPROVED means decided and about to be done; EXECUTED and FAILED say what the API answered."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    EXECUTED = "EXECUTED"
    FAILED = "FAILED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class ProposalEvent(Enum):
    """What can happen to a proposal."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    EXECUTE = "execute"
    FAIL = "fail"


class IllegalProposalMove(ValueError):
    """This cannot happen to a proposal in its state."""


TRANSITIONS: dict[ProposalState, dict[ProposalEvent, ProposalState]] = {
    ProposalState.PROPOSED: {
        ProposalEvent.APPROVE: ProposalState.APPROVED,
        ProposalEvent.REFUSE: ProposalState.REFUSED,
        ProposalEvent.WITHDRAW: ProposalState.WITHDRAWN,
        ProposalEvent.EXPIRE: ProposalState.EXPIRED,
    },
    ProposalState.APPROVED: {
        ProposalEvent.EXECUTE: ProposalState.EXECUTED,
        ProposalEvent.FAIL: ProposalState.FAILED,
    },
    ProposalState.EXECUTED: {},
    ProposalState.FAILED: {},
    ProposalState.REFUSED: {},
    ProposalState.WITHDRAWN: {},
    ProposalState.EXPIRED: {},
}


def advance(state: ProposalState, event: ProposalEvent) -> ProposalState:
    """The state after `event`; raises IllegalProposalMove for a pair that is not in the table."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalProposalMove(f"{event.value} cannot happen to a proposal that is {state.value}") from None


class Duty(Enum):
    """Whose business a proposal is, which decides who may make it and who may decide it."""

    BUSINESS = "business"  # payments, cases, webhooks, credentials: makers and checkers
    STAFF = "staff"  # the operators themselves: security officers, two of them

    @property
    def proposed_by(self) -> Role:
        """The role that may propose it."""
        return Role.MAKER if self is Duty.BUSINESS else Role.SECURITY_OFFICER

    @property
    def decided_by(self) -> Role:
        """The role that may decide it, in another person than the proposer."""
        return Role.CHECKER if self is Duty.BUSINESS else Role.SECURITY_OFFICER


@dataclass(frozen=True)
class Order:
    """The request that a proposal asks for, exactly as it will be made."""

    method: str
    path: str
    media_type: str
    body: bytes


def digest_of(proposal_id: str, order: Order, proposed_by: str, expires_s: float) -> bytes:
    """SHA-256 over every word of a proposal, each preceded by its length so that none can slide into another."""
    said = (proposal_id, order.method, order.path, order.media_type, proposed_by, repr(float(expires_s)))
    made = hashlib.sha256(b"corridor proposal 1\n")
    for part in (*(one.encode() for one in said), order.body):
        made.update(len(part).to_bytes(8, "big") + part)
    return made.digest()


def diagram() -> str:
    """The table as a Mermaid state diagram; the documentation's picture is this text."""
    lines = ["stateDiagram-v2", "    [*] --> PROPOSED"]
    for state, arrows in TRANSITIONS.items():
        lines += [f"    {state.value} --> {target.value}: {event.value}" for event, target in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state, arrows in TRANSITIONS.items() if not arrows]
    return "\n".join(lines) + "\n"
