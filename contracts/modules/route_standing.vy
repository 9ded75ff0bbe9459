# pragma version 0.4.3
"""
@title Whether the parties of a payment may take part, and its currencies settle
@notice Settlement asks once for a route (both agents, both currencies and the FX provider), and again only
        when any standing has changed since. The sentences are Settlement's, which reverts with them.
@custom:license Apache-2.0
"""

from . import standing_table
from . import standing_word

uses: standing_table

# What an answer says, in its bits.
ACCEPTANCE_REQUIRED: constant(uint256) = 1
ALL_ACTIVE: constant(uint256) = 2


@external
@view
def standing_of_route(route: address[5], expiry: uint64, quote_expiry: uint64) -> uint256:
    """
    @notice Refuses agents that are not banks in good standing, a provider without its role, and unlisted
            currencies. Bit 0 of the answer: the creditor agent's acceptance is required. Bit 1: all are
            active, so the same holds for any expiry.
    @dev Caller: anyone. Refuses: as said.
    @param route Debtor agent, creditor agent, debit token, credit token, and the provider or zero.
    @param expiry Of the instruction, in unix seconds.
    @param quote_expiry Of the quote; any without a provider.
    """
    debtor_agent: uint256 = standing_table._standings[route[0]]
    creditor_agent: uint256 = standing_table._standings[route[1]]
    assert standing_word._may_settle(debtor_agent, expiry), "Settlement: debtor agent not active"
    assert standing_word._has_role(debtor_agent, standing_word.ROLE_BANK), (
        "Settlement: debtor agent not a bank"
    )
    assert standing_word._may_settle(creditor_agent, expiry), "Settlement: creditor agent not active"
    assert standing_word._has_role(creditor_agent, standing_word.ROLE_BANK), (
        "Settlement: creditor agent not a bank"
    )
    assert standing_table._standings[route[2]] == standing_word.LISTED_TOKEN, (
        "Settlement: debit token not listed"
    )
    assert standing_table._standings[route[3]] == standing_word.LISTED_TOKEN, (
        "Settlement: credit token not listed"
    )
    active: bool = standing_word._is_active(debtor_agent) and standing_word._is_active(creditor_agent)
    if route[4] != empty(address):
        provider: uint256 = standing_table._standings[route[4]]
        assert standing_word._may_settle(provider, quote_expiry), "Settlement: quote provider not active"
        assert standing_word._has_role(provider, standing_word.ROLE_FX_PROVIDER), (
            "Settlement: quote provider not an fx provider"
        )
        active = active and standing_word._is_active(provider)
    found: uint256 = 0
    if active:
        found = ALL_ACTIVE
    if route[0] != route[1] and (
        (creditor_agent >> standing_word.POLICY_SHIFT) & standing_word.POLICY_ACCEPTANCE_WAIVED == 0
    ):
        found |= ACCEPTANCE_REQUIRED
    return found
