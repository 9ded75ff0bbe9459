# pragma version 0.4.3
"""
@title What an instruction, its acceptance and its cancellation are, as EIP-712 data
@notice Hashes every field, the UETR and the message digest among them, so that a signature means one payment.
@custom:license Apache-2.0
"""

from ..interfaces import ISettlement

INSTRUCTION_TYPE_HASH: constant(bytes32) = keccak256(
    "Instruction(bytes16 uetr,address debtor_agent,address creditor_agent,address debtor_account,address creditor_account,address debit_token,uint256 debit_amount,address credit_token,uint256 credit_amount,bytes32 message_digest,bytes16 return_of,uint64 sequence,uint64 expiry)"
)
ACCEPTANCE_TYPE_HASH: constant(bytes32) = keccak256("Acceptance(bytes32 instruction,uint64 expiry)")
CANCELLATION_TYPE_HASH: constant(bytes32) = keccak256("Cancellation(bytes16 uetr,address debtor_agent)")
SEQUENCE_CANCELLATION_TYPE_HASH: constant(bytes32) = keccak256(
    "SequenceCancellation(uint64 sequence,address debtor_agent)"
)


@internal
@pure
def _hash(instruction: ISettlement.Instruction) -> bytes32:
    """
    @notice The EIP-712 struct hash of an instruction.
    """
    return keccak256(abi_encode(INSTRUCTION_TYPE_HASH, instruction))


@internal
@pure
def _acceptance_hash(instruction_hash: bytes32, expiry: uint64) -> bytes32:
    """
    @notice The EIP-712 struct hash of an acceptance.
    """
    return keccak256(abi_encode(ACCEPTANCE_TYPE_HASH, instruction_hash, expiry))


@internal
@pure
def _cancellation_hash(uetr: bytes16, debtor_agent: address) -> bytes32:
    """
    @notice The EIP-712 struct hash of a cancellation.
    """
    return keccak256(abi_encode(CANCELLATION_TYPE_HASH, uetr, debtor_agent))


@internal
@pure
def _sequence_cancellation_hash(sequence: uint64, debtor_agent: address) -> bytes32:
    """
    @notice The EIP-712 struct hash of the cancellation of a sequence.
    """
    return keccak256(abi_encode(SEQUENCE_CANCELLATION_TYPE_HASH, sequence, debtor_agent))
