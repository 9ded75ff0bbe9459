# pragma version 0.4.3
"""
@title A participant's standing in one storage word
@notice bits 0-7     status
        bits 8-71    roles
        bits 72-103  policy flags, set by the participant
        bits 104-167 notice end: while terminating, the last unix second at which anything may settle
        bit  255     the address is a listed currency token, not a participant
        Settlement reads this word and nothing else about a participant.
@custom:license Apache-2.0
"""

UNKNOWN: constant(uint256) = 0
APPLIED: constant(uint256) = 1
ACTIVE: constant(uint256) = 2
SUSPENDED: constant(uint256) = 3
TERMINATING: constant(uint256) = 4
TERMINATED: constant(uint256) = 5

ROLE_BANK: constant(uint256) = 1
ROLE_ISSUER: constant(uint256) = 2
ROLE_FX_PROVIDER: constant(uint256) = 4
ROLE_CLEARING_AGENT: constant(uint256) = 8
ROLE_OVERSEER: constant(uint256) = 16
ROLES_ALL: constant(uint256) = 31

# The participant takes payments for its customers without signing an acceptance for each.
POLICY_ACCEPTANCE_WAIVED: constant(uint256) = 1
POLICY_ALL: constant(uint256) = 1

STATUS_MASK: constant(uint256) = 2**8 - 1
ROLES_SHIFT: constant(uint256) = 8
ROLES_MASK: constant(uint256) = 2**64 - 1
POLICY_SHIFT: constant(uint256) = 72
POLICY_MASK: constant(uint256) = 2**32 - 1
NOTICE_SHIFT: constant(uint256) = 104
NOTICE_MASK: constant(uint256) = 2**64 - 1
TOKEN: constant(uint256) = 2**255

# What the standing of an active bank has in common with every other's.
ACTIVE_BANK_MASK: constant(uint256) = 2**8 - 1 + 2**8
ACTIVE_BANK: constant(uint256) = 2 + 2**8

# The standing of a listed token, whole.
LISTED_TOKEN: constant(uint256) = 2**255 + 2


@internal
@pure
def _packed(status: uint256, roles: uint256, policy: uint256, notice_end: uint256) -> uint256:
    """
    @notice A participant's standing word.
    """
    return status | (roles << ROLES_SHIFT) | (policy << POLICY_SHIFT) | (notice_end << NOTICE_SHIFT)


@internal
@pure
def _has_role(standing: uint256, role: uint256) -> bool:
    """
    @notice Whether a standing has a role, whatever its status.
    """
    return (standing >> ROLES_SHIFT) & role != 0


@internal
@pure
def _is_active(standing: uint256) -> bool:
    """
    @notice Whether a participant is active, for whatever expiry.
    """
    return standing & STATUS_MASK == ACTIVE


@internal
@pure
def _may_settle(standing: uint256, expiry: uint64) -> bool:
    """
    @notice Whether something signed until `expiry` may settle: the participant is active, or is terminating
            and the expiry lies within its notice, so that what was open can finish and nothing new begins.
    """
    status: uint256 = standing & STATUS_MASK
    if status == ACTIVE:
        return True
    return status == TERMINATING and convert(expiry, uint256) <= (standing >> NOTICE_SHIFT) & NOTICE_MASK
