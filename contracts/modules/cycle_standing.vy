# pragma version 0.4.3
"""
@title Whether the members of a netting cycle may take part, and its currencies settle
@notice Settlement asks once for a set of members, and again only when any standing has changed since.
@custom:license Apache-2.0
"""

from . import standing_table
from . import standing_word

uses: standing_table

MAX_TOKENS: constant(uint256) = 8
MAX_POSITIONS: constant(uint256) = 48

# A position as one word: the place of its token above the address of its participant.
TOKEN_SHIFT: constant(uint256) = 160
ADDRESS_MASK: constant(uint256) = 2**160 - 1


@external
@view
def may_net(
    clearing_agent: address,
    tokens: DynArray[address, MAX_TOKENS],
    positions: DynArray[uint256, MAX_POSITIONS],
    expiry: uint64,
) -> bool:
    """
    @notice Refuses whoever may not take part in a netting cycle until its expiry. True where all are active,
            and so may for any expiry; one that is terminating may for some.
    @dev Caller: anyone. Refuses: a clearing agent without its role, a participant that is no bank, either
         not in good standing; an unlisted currency; positions that are not ascending, of no currency, or
         one participant's twice in a currency.
    @param clearing_agent Who proposes.
    @param tokens The currencies.
    @param positions The place of the token among them, shifted left by 160, and the participant's address.
    @param expiry The last unix second at which the cycle may settle.
    """
    for token: address in tokens:
        assert standing_table._standings[token] == standing_word.LISTED_TOKEN, (
            "ParticipantRegistry: currency not listed"
        )
    active: bool = self._may_take_part(clearing_agent, standing_word.ROLE_CLEARING_AGENT, expiry)
    before: uint256 = 0
    for position: uint256 in positions:
        assert before < position and position >> TOKEN_SHIFT < len(tokens), (
            "ParticipantRegistry: positions not in order"
        )
        before = position
        bank: address = convert(position & ADDRESS_MASK, address)
        if not self._may_take_part(bank, standing_word.ROLE_BANK, expiry):
            active = False
    return active


@internal
@view
def _may_take_part(account: address, role: uint256, expiry: uint64) -> bool:
    word: uint256 = standing_table._standings[account]
    assert standing_word._may_settle(word, expiry), "ParticipantRegistry: participant not active"
    assert standing_word._has_role(word, role), "ParticipantRegistry: participant without the role"
    return standing_word._is_active(word)
