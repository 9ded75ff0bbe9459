"""The role bits and statuses of the contracts, as the Vyper sources define them.

Roles of a token and of the registry are powers over that contract; participant roles say what an institution
does in the network, and are part of its standing. Plain integers: web3 refuses flags, which are iterable.
"""

from typing import Final


class TokenRole:
    """Powers over one currency token (CurrencyToken.grant_role)."""

    ISSUER: Final = 1
    PAUSER: Final = 2
    UNPAUSER: Final = 4
    FREEZER: Final = 8
    ENFORCER: Final = 16
    TIER_KEEPER: Final = 32


class RegistryRole:
    """Powers over the participant registry (ParticipantRegistry.grant_role)."""

    REGISTRAR: Final = 1
    SUSPENDER: Final = 2


class ParticipantRole:
    """What a participant does (ParticipantRegistry.register, roles)."""

    BANK: Final = 1
    ISSUER: Final = 2
    FX_PROVIDER: Final = 4
    CLEARING_AGENT: Final = 8
    OVERSEER: Final = 16


class ParticipantStatus:
    """Where a participant is in its life (ParticipantRegistry.set_status)."""

    UNKNOWN: Final = 0
    APPLIED: Final = 1
    ACTIVE: Final = 2
    SUSPENDED: Final = 3
    TERMINATING: Final = 4
    TERMINATED: Final = 5


class ParticipantPolicy:
    """What a participant has chosen for itself (ParticipantRegistry.set_policy)."""

    ACCEPTANCE_WAIVED: Final = 1


class PauseFlag:
    """What a token's pause stops (CurrencyToken.pause_only)."""

    TRANSFERS: Final = 1
    SETTLEMENT: Final = 2
    ISSUANCE: Final = 4


class HoldPower:
    """What a Holds contract may do with a currency (CurrencyToken.set_hold_operator)."""

    NOTHING: Final = 0
    END_HOLDS: Final = 1
    HOLD: Final = 2


# What Settlement.settled() gives for a UETR that its debtor agent has cancelled.
CANCELLED_MARK = b"\xff" * 32
