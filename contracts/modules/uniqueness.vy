# pragma version 0.4.3
"""
@title Each payment settles once, in one of two grades
@notice strict  One storage slot for each UETR, keyed by the debtor agent besides, so that nobody can burn
                another institution's UETR. The slot keeps the hash of what was settled: a return proves its
                original by it.
        bulk    An instruction with a sequence takes one bit among its debtor agent's, 256 to a slot. That
                its UETRs differ is then for the debtor agent to keep.
        A payment that is to be netted has a sequence of 2**63 or more, that of its cycle: so what is signed
        says itself whether it settles here or in a cycle, and it can never do both.
@custom:license Apache-2.0
"""

from ..interfaces import ISettlement
from . import contract_signature
from . import instruction as instruction_data
from . import signature as signature_check
from . import typed_data

uses: typed_data

# What settled() gives for a UETR that its debtor agent has cancelled.
CANCELLED: constant(bytes32) = (
    0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
)

# Set in the sequence of a payment that is settled in a netting cycle, and in no other's; see cycles.
NETTED: constant(uint256) = 2**63

# debtor agent -> UETR -> struct hash of the instruction, or CANCELLED
_settled: HashMap[address, HashMap[bytes16, bytes32]]
# debtor agent and sequence without its last byte, in one word -> one bit for each last byte
_sequences: HashMap[uint256, uint256]
# struct hash of an instruction that has settled by its sequence and may be returned
_recorded: HashMap[bytes32, bool]
# as _sequences, for those of them that were cancelled
_cancelled_sequences: HashMap[uint256, uint256]


@external
@view
def settled(debtor_agent: address, uetr: bytes16) -> bytes32:
    """
    @notice What became of a UETR: 0 = never seen, all ones = cancelled, else the EIP-712 struct hash of the
            instruction that settled.
    @dev Caller: anyone.
    @param debtor_agent The debtor agent's settlement account.
    @param uetr The 16 bytes of the UETR.
    """
    return self._settled[debtor_agent][uetr]


@external
@view
def sequence_used(debtor_agent: address, sequence: uint64) -> bool:
    """
    @notice Whether a sequence of a debtor agent has settled or was cancelled.
    @dev Caller: anyone.
    @param debtor_agent The debtor agent's settlement account.
    @param sequence The sequence of an instruction in the bulk grade.
    """
    number: uint256 = convert(sequence, uint256)
    return self._is_used(self._sequence_key(debtor_agent, number), number)


@external
def cancel_sequence(sequence: uint64):
    """
    @notice Burns a sequence of the caller's, so that instructions signed with it can never settle.
    @dev Caller: the debtor agent, for its own sequences. Refuses: a sequence already used or cancelled, zero.
         Stopped by: nothing; withdrawing must always be possible.
    @param sequence The sequence.
    """
    self._cancel_sequence(sequence, msg.sender)


@external
def cancel_sequence_signed(sequence: uint64, debtor_agent: address, signature: Bytes[65]):
    """
    @notice The same as cancel_sequence, carried to the chain by anybody.
    @dev Caller: anyone with the debtor agent's signature over SequenceCancellation(sequence, debtor_agent).
         Refuses: another signature, a sequence already used or cancelled, zero. Stopped by: nothing.
    @param sequence The sequence.
    @param debtor_agent The debtor agent's settlement account.
    @param signature r || s || v over the EIP-712 digest.
    """
    self._check_cancellation(
        instruction_data._sequence_cancellation_hash(sequence, debtor_agent), debtor_agent, signature
    )
    self._cancel_sequence(sequence, debtor_agent)


@external
def record_for_return(instruction: ISettlement.Instruction, signature: Bytes[65]):
    """
    @notice Records which instruction has settled with a sequence, so that it can be returned. settled() says
            nothing of it: a debtor agent that signs one sequence twice could have either recorded, which
            lets the creditor agent return it and nothing else. Only who needs the slot pays for it.
    @dev Caller: anyone with the debtor agent's signature over the instruction. Refuses: a sequence that has
         not settled, or was cancelled; another signature. Stopped by: nothing; no money moves.
    @param instruction The instruction, field for field.
    @param signature r || s || v over the EIP-712 digest.
    """
    number: uint256 = convert(instruction.sequence, uint256)
    key: uint256 = self._sequence_key(instruction.debtor_agent, number)
    assert ((self._sequences[key] & ~self._cancelled_sequences[key]) >> (number & 255)) & 1 == 1, (
        "Settlement: sequence not settled"
    )
    mark: bytes32 = instruction_data._hash(instruction)
    assert signature_check._signed_by(instruction.debtor_agent, typed_data._digest(mark), signature) or (
        contract_signature._accepts(instruction.debtor_agent, typed_data._digest(mark), signature)
    ), "Settlement: debtor agent signature invalid"
    self._recorded[mark] = True


@external
def cancel(uetr: bytes16):
    """
    @notice Burns a UETR of the caller's, so that signatures already given away can never settle.
    @dev Caller: the debtor agent, for its own UETRs. Refuses: a UETR already settled or cancelled.
         Stopped by: nothing; withdrawing must always be possible.
    @param uetr The 16 bytes of the UETR.
    """
    self._cancel(uetr, msg.sender)


@external
def cancel_signed(uetr: bytes16, debtor_agent: address, signature: Bytes[65]):
    """
    @notice The same as cancel, carried to the chain by anybody.
    @dev Caller: anyone with the debtor agent's signature over Cancellation(uetr, debtor_agent). Refuses:
         another signature, a UETR already settled or cancelled. Stopped by: nothing.
    @param uetr The 16 bytes of the UETR.
    @param debtor_agent The debtor agent's settlement account.
    @param signature r || s || v over the EIP-712 digest.
    """
    self._check_cancellation(
        instruction_data._cancellation_hash(uetr, debtor_agent), debtor_agent, signature
    )
    self._cancel(uetr, debtor_agent)


@internal
@view
def _is_settled(debtor_agent: address, uetr: bytes16, instruction_hash: bytes32) -> bool:
    """
    @notice Whether an instruction has settled here, as far as that is kept.
    """
    return self._settled[debtor_agent][uetr] == instruction_hash or self._recorded[instruction_hash]


@internal
@view
def _check_cancellation(struct_hash: bytes32, debtor_agent: address, signature: Bytes[65]):
    assert signature_check._signed_by(debtor_agent, typed_data._digest(struct_hash), signature) or (
        contract_signature._accepts(debtor_agent, typed_data._digest(struct_hash), signature)
    ), "Settlement: cancellation signature invalid"


@internal
def _cancel_sequence(sequence: uint64, debtor_agent: address):
    assert sequence != 0, "Settlement: sequence missing"
    number: uint256 = convert(sequence, uint256)
    self._use_sequence(number, debtor_agent)
    self._cancelled_sequences[self._sequence_key(debtor_agent, number)] |= 1 << (number & 255)
    log ISettlement.SequenceCancelled(debtor_agent=debtor_agent, sequence=sequence)


@internal
def _cancel(uetr: bytes16, debtor_agent: address):
    self._use(uetr, debtor_agent, CANCELLED)
    log ISettlement.Cancelled(uetr=uetr, debtor_agent=debtor_agent)


@internal
def _use(uetr: bytes16, debtor_agent: address, mark: bytes32):
    """
    @notice Marks a UETR as used. Refuses one already used, by settling or by cancelling.
    """
    assert uetr != empty(bytes16), "Settlement: uetr missing"
    previous: bytes32 = self._settled[debtor_agent][uetr]
    if previous != empty(bytes32):
        assert previous != CANCELLED, "Settlement: uetr cancelled"
        raise "Settlement: uetr already settled"
    self._settled[debtor_agent][uetr] = mark


@internal
@pure
def _sequence_key(debtor_agent: address, number: uint256) -> uint256:
    return (convert(debtor_agent, uint256) << 64) | (number >> 8)


@internal
@view
def _is_used(key: uint256, number: uint256) -> bool:
    return (self._sequences[key] >> (number & 255)) & 1 == 1


@internal
def _use_sequence(number: uint256, debtor_agent: address):
    """
    @notice Marks a sequence as used. Refuses one already used, by settling or by cancelling, and one of a
            payment that is for a netting cycle.
    """
    assert number < NETTED, "Settlement: sequence is for netting"
    key: uint256 = self._sequence_key(debtor_agent, number)
    bit: uint256 = 1 << (number & 255)
    word: uint256 = self._sequences[key]
    assert word & bit == 0, "Settlement: sequence already used"
    self._sequences[key] = word | bit
