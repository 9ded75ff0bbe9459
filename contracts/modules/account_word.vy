# pragma version 0.4.3
"""
@title One holder's account in one storage word
@notice bits 0-79    balance, free to spend, in minor units
        bits 80-159  held: reserved by holds, in minor units
        bits 160-223 spent today, counted towards the tier's daily cap
        bits 224-239 the day that count belongs to, in days since 1970 (good until 2149)
        bits 240-247 tier, 0 = no caps
        bits 248-255 flags: 255 = frozen as a whole, 254 = an amount is frozen, kept in a slot of its own
        Neither amount can leave its field: the total ever outstanding is bounded by AMOUNT_MASK when money
        is issued, and balances and holds of all accounts sum to it. So a credit is a plain addition and a
        checked debit a plain subtraction, on the whole word.
@custom:license Apache-2.0
"""

AMOUNT_MASK: constant(uint256) = 2**80 - 1
HELD_SHIFT: constant(uint256) = 80
SPENT_SHIFT: constant(uint256) = 160
SPENT_MASK: constant(uint256) = 2**64 - 1
DAY_SHIFT: constant(uint256) = 224
DAY_MASK: constant(uint256) = 2**16 - 1
TIER_SHIFT: constant(uint256) = 240
TIER_MASK: constant(uint256) = 2**8 - 1
FROZEN: constant(uint256) = 2**255
PARTLY_FROZEN: constant(uint256) = 2**254
SECONDS_PER_DAY: constant(uint256) = 86400

# Everything but the spent counter and its day.
WITHOUT_SPENT: constant(uint256) = max_value(uint256) - (2**80 - 1) * 2**160
# Everything but the tier.
WITHOUT_TIER: constant(uint256) = max_value(uint256) - (2**8 - 1) * 2**240


@internal
@pure
def _total(word: uint256) -> uint256:
    """
    @notice Balance and holds together, in minor units.
    """
    return unsafe_add(word & AMOUNT_MASK, (word >> HELD_SHIFT) & AMOUNT_MASK)


@internal
@view
def _spent_today(word: uint256) -> uint256:
    """
    @notice What the account has spent on the current UTC day, in minor units.
    """
    if (word >> DAY_SHIFT) & DAY_MASK != block.timestamp // SECONDS_PER_DAY:
        return 0
    return (word >> SPENT_SHIFT) & SPENT_MASK


@internal
@view
def _with_spent(word: uint256, spent: uint256) -> uint256:
    """
    @notice The word with its daily count replaced. `spent` must be below 2**64.
    """
    today: uint256 = block.timestamp // SECONDS_PER_DAY
    return (word & WITHOUT_SPENT) | (spent << SPENT_SHIFT) | (today << DAY_SHIFT)
