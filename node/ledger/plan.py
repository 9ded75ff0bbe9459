"""What a network shall be: its participants, its currencies, the first money, and whose keys do what.

Plain data, written by whoever sets a network up; `deployment` makes the chain look like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from contracts import roles
from node.domain.money import Currency, Money
from node.domain.party import ParticipantRole
from wallet.signer import Signer

GAS_FUNDS_WEI: Final = 10 * 10**18


class TokenRole(IntFlag):
    """What an account may do with a currency token; the bits are those of the contract."""

    ISSUER = roles.TokenRole.ISSUER
    PAUSER = roles.TokenRole.PAUSER
    UNPAUSER = roles.TokenRole.UNPAUSER
    FREEZER = roles.TokenRole.FREEZER
    ENFORCER = roles.TokenRole.ENFORCER
    TIER_KEEPER = roles.TokenRole.TIER_KEEPER


@dataclass(frozen=True)
class ParticipantPlan:
    """An institution to be registered; `account` is its settlement account, `message_key` 32 bytes of ed25519."""

    account: str
    bic: str
    lei: str
    name: str
    roles: ParticipantRole
    message_key: bytes
    api_address: str
    jurisdiction: str


@dataclass(frozen=True)
class CurrencyPlan:
    """A currency token to be created.

    `issue_allowance` is what its issuer may issue beyond the first money, in minor units. `powers` gives roles
    to further accounts; the issuer itself is admin and issuer without being named.
    """

    currency: Currency
    name: str
    issue_allowance: int = 0
    powers: tuple[tuple[str, TokenRole], ...] = ()


@dataclass(frozen=True)
class IssuePlan:
    """First money: `amount` on the account `to`. `reference` (32 bytes) is the order's digest and its identity."""

    to: str
    amount: Money
    reference: bytes


@dataclass(frozen=True)
class NetworkPlan:
    """A whole network.

    The order of `currencies` is part of it, since it decides the tokens' addresses: add new ones at the end.
    `operators` are the accounts that will send transactions; where gas is not free each is given `gas_funds_wei`.
    `holds` asks for a contract that can reserve money in every currency, created after the tokens.
    """

    participants: tuple[ParticipantPlan, ...]
    currencies: tuple[CurrencyPlan, ...]
    issues: tuple[IssuePlan, ...] = ()
    operators: tuple[str, ...] = ()
    gas_funds_wei: int = GAS_FUNDS_WEI
    holds: bool = False


@dataclass(frozen=True)
class NetworkKeys:
    """Whose keys set the network up; several may be the same, except the deployer's.

    `deployer` creates the contracts and must be used for nothing else, before or after: the n-th contract is
    found by it. `governor` becomes the registry's admin, `registrar` its registrar; `issuers`, by currency code,
    become admin and issuer of their token. `funder` has the engine's coin, and is needed only where gas costs.
    """

    deployer: Signer
    governor: Signer
    registrar: Signer
    issuers: Mapping[str, Signer]
    funder: Signer | None = None

    def signers(self) -> tuple[Signer, ...]:
        """Everybody who may have to send a transaction."""
        all_but_funder = (self.deployer, self.governor, self.registrar, *self.issuers.values())
        return all_but_funder if self.funder is None else (*all_but_funder, self.funder)


@dataclass(frozen=True)
class DeployedNetwork:
    """Where a network is: the addresses of its contracts, tokens by currency code; `holds` where it has one."""

    chain_id: int
    registry: str
    settlement: str
    tokens: Mapping[str, str]
    holds: str | None = None
