"""Who takes part in a payment: institutions by BIC and LEI, persons and companies by name, accounts by number.

The names are ISO 20022's concepts in full English words; how a message spells them is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag


def bic11(bic: str) -> str:
    """A BIC in its 11-character form: a head office's 8 characters get the branch code XXX (ISO 9362)."""
    return bic + "XXX" if len(bic) == 8 else bic


@dataclass(frozen=True)
class Agent:
    """A financial institution in a payment; `bic` is always the 11-character form."""

    bic: str
    name: str | None = None
    lei: str | None = None


@dataclass(frozen=True)
class PostalAddress:
    """An address, structured or as lines; `country` is ISO 3166 alpha-2."""

    country: str | None = None
    town: str | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Party:
    """A person or company that pays or is paid."""

    name: str | None
    address: PostalAddress | None = None
    lei: str | None = None


class AccountScheme(Enum):
    """How an account number is written."""

    IBAN = "IBAN"
    OTHER = "OTHER"


@dataclass(frozen=True)
class CashAccount:
    """An account at an institution, by its number; `currency` when the message says it."""

    number: str
    scheme: AccountScheme
    currency: str | None = None


class ParticipantRole(Flag):
    """What a participant may do on the network; the bits are those of the registry contract."""

    NONE = 0
    BANK = 1
    ISSUER = 2
    FX_PROVIDER = 4
    CLEARING_AGENT = 8
    OVERSEER = 16


class ParticipantStatus(Enum):
    """Where a participant stands; the numbers are those of the registry contract."""

    UNKNOWN = 0
    APPLIED = 1
    ACTIVE = 2
    SUSPENDED = 3
    TERMINATING = 4
    TERMINATED = 5


@dataclass(frozen=True)
class Participant:
    """An institution as registered on chain; `settlement_account` is its address and on-chain identity."""

    bic: str
    lei: str
    name: str
    roles: ParticipantRole
    status: ParticipantStatus
    settlement_account: str
    message_key: bytes
    api_address: str
    jurisdiction: str
    requires_acceptance: bool = True
