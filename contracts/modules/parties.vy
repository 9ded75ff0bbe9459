# pragma version 0.4.3
"""
@title Whether the parties of a payment may take part, and its currencies settle
@notice One call to the registry answers for both agents, the FX provider and both currencies. A route (the
        five of them) that was found in order is remembered with the version of the registry's standings,
        and asked about again only when any standing has changed since.
@custom:license Apache-2.0
"""

from ..interfaces import IParticipantRegistry
from ..interfaces import ISettlement

# What the registry's answer for a route says, in its bits.
ACCEPTANCE_REQUIRED: constant(uint256) = 1
ALL_ACTIVE: constant(uint256) = 2

REGISTRY: immutable(IParticipantRegistry)

# hash of a route -> version of the standings at which it was in order, shifted left by one; bit 0 = the
# creditor agent's acceptance is required
_routes: HashMap[bytes32, uint256]


@deploy
def __init__(registry: address):
    assert registry.is_contract, "Settlement: registry is no contract"
    REGISTRY = IParticipantRegistry(registry)


@external
@view
def registry() -> address:
    """
    @notice The participant registry that this contract asks.
    @dev Caller: anyone.
    """
    return REGISTRY.address


@internal
def _check(instruction: ISettlement.Instruction, provider: address, quote_expiry: uint64) -> bool:
    """
    @notice Refuses agents that are not banks in good standing, a provider without its role, and unlisted
            currencies. True where the creditor agent's acceptance is required. `provider` is zero for a
            payment in one currency.
    """
    route: bytes32 = keccak256(
        abi_encode(
            instruction.debtor_agent,
            instruction.creditor_agent,
            instruction.debit_token,
            instruction.credit_token,
            provider,
        )
    )
    version: uint256 = staticcall REGISTRY.standings_version()
    known: uint256 = self._routes[route]
    if known >> 1 == version:
        return known & 1 == 1
    return self._check_route(instruction, provider, quote_expiry, route, version)


@internal
def _check_route(
    instruction: ISettlement.Instruction,
    provider: address,
    quote_expiry: uint64,
    route: bytes32,
    version: uint256,
) -> bool:
    """
    @notice The same by asking, and remembers a route on which all are active. One on which somebody is
            terminating is good for some expiries only, and is asked about each time.
    """
    found: uint256 = staticcall REGISTRY.standing_of_route(
        [
            instruction.debtor_agent,
            instruction.creditor_agent,
            instruction.debit_token,
            instruction.credit_token,
            provider,
        ],
        instruction.expiry,
        quote_expiry,
    )
    if found & ALL_ACTIVE != 0:
        self._routes[route] = (version << 1) | (found & ACCEPTANCE_REQUIRED)
    return found & ACCEPTANCE_REQUIRED != 0
