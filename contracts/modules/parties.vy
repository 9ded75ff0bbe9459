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
from . import standing_word

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
    words: uint256[5] = staticcall REGISTRY.standings(
        [
            instruction.debtor_agent,
            instruction.creditor_agent,
            instruction.debit_token,
            instruction.credit_token,
            provider,
        ]
    )
    self._check_agents(words[0], words[1], instruction.expiry)
    assert words[2] == standing_word.LISTED_TOKEN, "Settlement: debit token not listed"
    assert words[3] == standing_word.LISTED_TOKEN, "Settlement: credit token not listed"
    active: bool = standing_word._is_active(words[0]) and standing_word._is_active(words[1])
    if provider != empty(address):
        assert standing_word._may_settle(words[4], quote_expiry), "Settlement: quote provider not active"
        assert standing_word._has_role(words[4], standing_word.ROLE_FX_PROVIDER), (
            "Settlement: quote provider not an fx provider"
        )
        active = active and standing_word._is_active(words[4])
    required: bool = instruction.creditor_agent != instruction.debtor_agent and (
        (words[1] >> standing_word.POLICY_SHIFT) & standing_word.POLICY_ACCEPTANCE_WAIVED == 0
    )
    if active:
        self._routes[route] = (version << 1) | convert(required, uint256)
    return required


@internal
@pure
def _check_agents(debtor_agent: uint256, creditor_agent: uint256, expiry: uint64):
    """
    @notice Refuses agents that are not banks in good standing, by their standing words.
    """
    assert standing_word._may_settle(debtor_agent, expiry), "Settlement: debtor agent not active"
    assert standing_word._has_role(debtor_agent, standing_word.ROLE_BANK), (
        "Settlement: debtor agent not a bank"
    )
    assert standing_word._may_settle(creditor_agent, expiry), "Settlement: creditor agent not active"
    assert standing_word._has_role(creditor_agent, standing_word.ROLE_BANK), (
        "Settlement: creditor agent not a bank"
    )
