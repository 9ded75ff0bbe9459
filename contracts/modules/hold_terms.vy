# pragma version 0.4.3
"""
@title What a hold, its premium and its confirmation are, as EIP-712 data
@notice A hold is its terms: their hash is its id, and every call gives them again, so that the contract keeps
        one word for each hold and nobody can be shown other terms than were agreed.
@custom:license Apache-2.0
"""

from ..interfaces import IHolds

HOLD_TYPE_HASH: constant(bytes32) = keccak256(
    "Hold(address token,address debtor,address creditor,address confirmer,uint256 amount,uint256 premium,bytes32 lock,bytes32 reference,bytes32 salt,uint64 expiry)"
)
PREMIUM_TYPE_HASH: constant(bytes32) = keccak256("Premium(bytes32 hold,uint256 premium)")
CONFIRMATION_TYPE_HASH: constant(bytes32) = keccak256("Confirmation(bytes32 hold)")


@internal
@pure
def _id(hold: IHolds.Hold) -> bytes32:
    """
    @notice The id of a hold: the EIP-712 struct hash of its terms.
    """
    return keccak256(abi_encode(HOLD_TYPE_HASH, hold))


@internal
@pure
def _premium_hash(id: bytes32, premium: uint256) -> bytes32:
    """
    @notice The EIP-712 struct hash of the creditor's agreement to pay for a hold.
    """
    return keccak256(abi_encode(PREMIUM_TYPE_HASH, id, premium))


@internal
@pure
def _confirmation_hash(id: bytes32) -> bytes32:
    """
    @notice The EIP-712 struct hash of a confirmation that a hold is due.
    """
    return keccak256(abi_encode(CONFIRMATION_TYPE_HASH, id))
