# pragma version 0.4.3
"""
@title Each UETR settles once
@notice One storage slot for each UETR, keyed by the debtor agent besides, so that nobody can burn another
        institution's UETR. The slot keeps the hash of what was settled: a return proves its original by it.
@custom:license Apache-2.0
"""

from ..interfaces import ISettlement
from . import instruction as instruction_data
from . import signature as signature_check
from . import typed_data

uses: typed_data

# What settled() gives for a UETR that its debtor agent has cancelled.
CANCELLED: constant(bytes32) = (
    0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
)

# debtor agent -> UETR -> struct hash of the instruction, or CANCELLED
_settled: HashMap[address, HashMap[bytes16, bytes32]]


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
    digest: bytes32 = typed_data._digest(instruction_data._cancellation_hash(uetr, debtor_agent))
    assert signature_check._signed_by(debtor_agent, digest, signature), (
        "Settlement: cancellation signature invalid"
    )
    self._cancel(uetr, debtor_agent)


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
