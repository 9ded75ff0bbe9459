# pragma version 0.4.3
"""
@title A token's policy in one storage word
@notice bits 0-7     pause flags: 1 transfers, 2 settlement, 4 issue and redemption
        bits 8-31    version, one more with each change of policy
        bits 32-247  three tiers of three caps of 24 bits: largest balance, largest single amount, largest
                     total a day
        A cap is a decimal number: 20 bits of digits and 4 bits of zeros behind them, which holds every cap a
        central bank would write down and fits nine of them into the word that a transfer reads anyway.
@custom:license Apache-2.0
"""

PAUSE_TRANSFERS: constant(uint256) = 1
PAUSE_SETTLEMENT: constant(uint256) = 2
PAUSE_ISSUANCE: constant(uint256) = 4
PAUSE_ALL: constant(uint256) = 7

VERSION_SHIFT: constant(uint256) = 8
VERSION_MASK: constant(uint256) = 2**24 - 1

TIER_COUNT: constant(uint256) = 3
TIERS_SHIFT: constant(uint256) = 32
TIER_BITS: constant(uint256) = 72
TIER_MASK: constant(uint256) = 2**72 - 1
CAP_BITS: constant(uint256) = 24
DIGITS_BITS: constant(uint256) = 20
DIGITS_MASK: constant(uint256) = 2**20 - 1
ZEROS_MASK: constant(uint256) = 2**4 - 1
MAX_ZEROS: constant(uint256) = 15

# The caps of one tier, by their place.
BALANCE_CAP: constant(uint256) = 0
AMOUNT_CAP: constant(uint256) = 1
DAILY_CAP: constant(uint256) = 2


@internal
@pure
def _cap(policy: uint256, tier: uint256, place: uint256) -> uint256:
    """
    @notice One cap of a tier (1 to 3), in minor units.
    """
    offset: uint256 = unsafe_sub(
        unsafe_add(TIERS_SHIFT, unsafe_add(unsafe_mul(tier, TIER_BITS), unsafe_mul(place, CAP_BITS))),
        TIER_BITS,
    )
    cap: uint256 = policy >> offset
    return unsafe_mul(cap & DIGITS_MASK, pow_mod256(10, (cap >> DIGITS_BITS) & ZEROS_MASK))


@internal
@pure
def _encode_cap(amount: uint256) -> uint256:
    """
    @notice The 24-bit form of a cap. Refuses an amount of more than six or so significant digits.
    """
    digits: uint256 = amount
    zeros: uint256 = 0
    for _: uint256 in range(MAX_ZEROS):
        if digits <= DIGITS_MASK:
            break
        assert digits % 10 == 0, "CurrencyToken: cap has too many digits"
        digits //= 10
        zeros += 1
    assert digits <= DIGITS_MASK, "CurrencyToken: cap too large"
    return digits | (zeros << DIGITS_BITS)


@internal
@pure
def _with_tier(
    policy: uint256, tier: uint256, max_balance: uint256, max_amount: uint256, max_daily: uint256
) -> uint256:
    """
    @notice The policy with the caps of one tier (1 to 3) replaced.
    """
    caps: uint256 = self._encode_cap(max_balance)
    caps |= self._encode_cap(max_amount) << CAP_BITS
    caps |= self._encode_cap(max_daily) << (2 * CAP_BITS)
    offset: uint256 = TIERS_SHIFT + (tier - 1) * TIER_BITS
    return (policy & ~(TIER_MASK << offset)) | (caps << offset)


@internal
@pure
def _next_version(policy: uint256) -> uint256:
    """
    @notice The policy with its version one higher; it starts again at 0 after 2**24 changes.
    """
    version: uint256 = ((policy >> VERSION_SHIFT) + 1) & VERSION_MASK
    return (policy & ~(VERSION_MASK << VERSION_SHIFT)) | (version << VERSION_SHIFT)
