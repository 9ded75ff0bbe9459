# pragma version 0.4.3
"""
@title What a proposal is, as EIP-712 data and as one storage word
@notice bits 0-15    approvals, a bit for each member
        bits 16-31   objections, likewise
        bits 32-95   ready at: first second at which it can be executed, 0 while too few have approved
        bits 96-159  expiry
        bits 160-223 version of the members that decide
        bit  254     executed
        bit  255     cancelled
@custom:license Apache-2.0
"""

from ..interfaces import ICouncil

CALL_TYPE_HASH: constant(bytes32) = keccak256("Call(address target,bytes data)")
PROPOSAL_TYPE_HASH: constant(bytes32) = keccak256(
    "Proposal(Call[] calls,uint64 members_version,bytes32 salt,uint64 expiry)Call(address target,bytes data)"
)

VOTES_MASK: constant(uint256) = 2**16 - 1
OBJECTIONS_SHIFT: constant(uint256) = 16
READY_SHIFT: constant(uint256) = 32
TIME_MASK: constant(uint256) = 2**64 - 1
EXPIRY_SHIFT: constant(uint256) = 96
VERSION_SHIFT: constant(uint256) = 160
EXECUTED: constant(uint256) = 2**254
CANCELLED: constant(uint256) = 2**255

MAX_VOTES: constant(uint256) = 16


@internal
@pure
def _id(proposal: ICouncil.Proposal) -> bytes32:
    """
    @notice The id of a proposal: its EIP-712 struct hash.
    """
    hashes: bytes32[16] = empty(bytes32[16])
    count: uint256 = 0
    for call: ICouncil.Call in proposal.calls:
        hashes[count] = keccak256(abi_encode(CALL_TYPE_HASH, call.target, keccak256(call.data)))
        count += 1
    return keccak256(
        abi_encode(
            PROPOSAL_TYPE_HASH,
            keccak256(slice(abi_encode(hashes), 0, 32 * count)),
            proposal.members_version,
            proposal.salt,
            proposal.expiry,
        )
    )


@internal
@pure
def _new(expiry: uint64, members_version: uint64) -> uint256:
    """
    @notice The word of a proposal nobody has approved yet; never zero.
    """
    return (convert(expiry, uint256) << EXPIRY_SHIFT) | (convert(members_version, uint256) << VERSION_SHIFT)


@internal
@pure
def _ready_at(word: uint256) -> uint256:
    return (word >> READY_SHIFT) & TIME_MASK


@internal
@pure
def _with_ready_at(word: uint256, ready_at: uint256) -> uint256:
    return (word & ~(TIME_MASK << READY_SHIFT)) | (ready_at << READY_SHIFT)


@internal
@pure
def _expiry(word: uint256) -> uint256:
    return (word >> EXPIRY_SHIFT) & TIME_MASK


@internal
@pure
def _version(word: uint256) -> uint256:
    return (word >> VERSION_SHIFT) & TIME_MASK


@internal
@pure
def _count(votes: uint256) -> uint256:
    """
    @notice How many members have voted, of the lowest 16 bits.
    """
    left: uint256 = votes & VOTES_MASK
    count: uint256 = 0
    for _: uint256 in range(MAX_VOTES):
        count += left & 1
        left >>= 1
    return count
