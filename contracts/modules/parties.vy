# pragma version 0.4.3
"""
@title Whether the parties of a payment may take part, and its currencies settle
@notice One call to the registry answers for both agents, the FX provider and both currencies.
@custom:license Apache-2.0
"""

from ..interfaces import IParticipantRegistry
from ..interfaces import ISettlement
from . import standing_word

REGISTRY: immutable(IParticipantRegistry)


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
@view
def _check(instruction: ISettlement.Instruction, provider: address, quote_expiry: uint64) -> bool:
    """
    @notice Refuses agents that are not banks in good standing, a provider without its role, and unlisted
            currencies. True where the creditor agent's acceptance is required. `provider` is zero for a
            payment in one currency.
    """
    credit_token: address = instruction.credit_token
    if provider == empty(address):
        credit_token = empty(address)  # the same as debit_token: checked once
    words: uint256[5] = staticcall REGISTRY.standings(
        [instruction.debtor_agent, instruction.creditor_agent, instruction.debit_token, credit_token, provider]
    )
    self._check_agents(words[0], words[1], instruction.expiry)
    assert words[2] == standing_word.LISTED_TOKEN, "Settlement: debit token not listed"
    if provider != empty(address):
        assert words[3] == standing_word.LISTED_TOKEN, "Settlement: credit token not listed"
        assert standing_word._may_settle(words[4], quote_expiry), "Settlement: quote provider not active"
        assert standing_word._has_role(words[4], standing_word.ROLE_FX_PROVIDER), (
            "Settlement: quote provider not an fx provider"
        )
    if instruction.creditor_agent == instruction.debtor_agent:
        return False
    return (words[1] >> standing_word.POLICY_SHIFT) & standing_word.POLICY_ACCEPTANCE_WAIVED == 0


@internal
@pure
def _check_agents(debtor_agent: uint256, creditor_agent: uint256, expiry: uint64):
    assert standing_word._may_settle(debtor_agent, expiry), "Settlement: debtor agent not active"
    assert standing_word._has_role(debtor_agent, standing_word.ROLE_BANK), (
        "Settlement: debtor agent not a bank"
    )
    assert standing_word._may_settle(creditor_agent, expiry), "Settlement: creditor agent not active"
    assert standing_word._has_role(creditor_agent, standing_word.ROLE_BANK), (
        "Settlement: creditor agent not a bank"
    )
