# pragma version 0.4.3
"""
@title Proposals: published, approved by enough members, waited for, carried out by anybody
@notice The time lock begins when the last approval needed is in, and begins again if one of them is taken
        back. As many members as could have kept a proposal from passing can cancel one that has.
@custom:license Apache-2.0
"""

from ..interfaces import ICouncil
from . import council_members
from . import proposal_terms
from . import signature as signature_check
from . import typed_data

uses: council_members
uses: typed_data

# How long a proposal may stay open beyond its time lock: what was decided long ago is decided again.
MAX_LIFETIME_S: constant(uint256) = 30 * 86400

_proposals: HashMap[bytes32, uint256]


@external
@view
def proposal_id(proposal: ICouncil.Proposal) -> bytes32:
    """
    @notice The id of a proposal, whether it was made or not.
    @dev Caller: anyone.
    @param proposal The proposal.
    """
    return proposal_terms._id(proposal)


@external
@view
def standing(id: bytes32) -> ICouncil.Standing:
    """
    @notice Where a proposal is; all zero for one nobody has made.
    @dev Caller: anyone.
    @param id Its id.
    """
    word: uint256 = self._proposals[id]
    return ICouncil.Standing(
        approvals=word & proposal_terms.VOTES_MASK,
        objections=(word >> proposal_terms.OBJECTIONS_SHIFT) & proposal_terms.VOTES_MASK,
        ready_at=convert(proposal_terms._ready_at(word), uint64),
        expiry=convert(proposal_terms._expiry(word), uint64),
        members_version=convert(proposal_terms._version(word), uint64),
        executed=word & proposal_terms.EXECUTED != 0,
        cancelled=word & proposal_terms.CANCELLED != 0,
    )


@external
def propose(proposal: ICouncil.Proposal) -> bytes32:
    """
    @notice Publishes a proposal, and approves it.
    @dev Caller: a member. Refuses: everybody else; a proposal made before; one without calls or for other
         members; an expiry that its time lock reaches or that is more than 30 days beyond it. Stopped by:
         object.
    @param proposal The calls, in their order.
    @return Its id.
    """
    return self._propose(proposal, msg.sender)


@external
def propose_signed(proposal: ICouncil.Proposal, member: address, signature: Bytes[65]) -> bytes32:
    """
    @notice The same, carried to the chain by anybody.
    @dev Caller: anyone with a member's signature over the proposal. Refuses: another or a malleable
         signature, all that propose refuses. Stopped by: object.
    @param proposal The calls, in their order.
    @param member Who signed it.
    @param signature r || s || v over the EIP-712 digest.
    @return Its id.
    """
    self._check_signature(proposal_terms._id(proposal), member, signature)
    return self._propose(proposal, member)


@external
def approve(id: bytes32):
    """
    @notice Approves a proposal; the last approval needed begins its time lock. Takes back an objection.
    @dev Caller: a member. Refuses: everybody else; a second approval; a proposal that was never made, was
         executed or cancelled, has expired, or is for other members. Stopped by: object.
    @param id Its id.
    """
    self._approve(id, msg.sender)


@external
def approve_signed(id: bytes32, member: address, signature: Bytes[65]):
    """
    @notice The same, carried to the chain by anybody.
    @dev Caller: anyone with a member's signature over the proposal. Refuses: another or a malleable
         signature; a member that has objected since; all that approve refuses. Stopped by: object.
    @param id Its id.
    @param member Who signed it.
    @param signature r || s || v over the EIP-712 digest.
    """
    self._check_signature(id, member, signature)
    # A signature given earlier must not overrule the member's own later objection.
    objections: uint256 = self._proposals[id] >> proposal_terms.OBJECTIONS_SHIFT
    assert objections & council_members._bit(member) == 0, "Council: member has objected"
    self._approve(id, member)


@external
def object(id: bytes32):
    """
    @notice Objects to a proposal, and takes back an approval: with too few left its time lock ends. When so
            many object that the rest could not have approved it, it is cancelled for good.
    @dev Caller: a member. Refuses: everybody else; a second objection; a proposal that was never made, was
         executed or cancelled, has expired, or is for other members. Stopped by: approve, while it is not
         cancelled.
    @param id Its id.
    """
    bit: uint256 = council_members._bit(msg.sender)
    word: uint256 = self._open(id)
    assert (word >> proposal_terms.OBJECTIONS_SHIFT) & bit == 0, "Council: already objected"
    word = (word & ~bit) | (bit << proposal_terms.OBJECTIONS_SHIFT)
    if proposal_terms._count(word) < council_members._threshold:
        word = proposal_terms._with_ready_at(word, 0)
    objections: uint256 = proposal_terms._count(word >> proposal_terms.OBJECTIONS_SHIFT)
    cancelled: bool = objections > len(council_members._members) - council_members._threshold
    if cancelled:
        word |= proposal_terms.CANCELLED
    self._proposals[id] = word
    log ICouncil.Objected(id=id, member=msg.sender, cancelled=cancelled)


@external
def execute(proposal: ICouncil.Proposal):
    """
    @notice Makes the calls of a proposal in their order; if one fails, none is made.
    @dev Caller: anyone. Refuses: a proposal that was never made, was executed or cancelled, has expired, is
         for other members, has too few approvals or whose time lock has not ended; a call to an address
         without code; what a called contract refuses, with its reason. Stopped by: object.
    @param proposal The proposal, as it was made.
    """
    id: bytes32 = proposal_terms._id(proposal)
    word: uint256 = self._open(id)
    ready_at: uint256 = proposal_terms._ready_at(word)
    assert ready_at != 0, "Council: too few approvals"
    assert block.timestamp >= ready_at, "Council: time lock not ended"
    self._proposals[id] = word | proposal_terms.EXECUTED
    log ICouncil.Executed(id=id)
    for call: ICouncil.Call in proposal.calls:
        assert call.target.is_contract, "Council: target is no contract"
        raw_call(call.target, call.data)


@internal
def _propose(proposal: ICouncil.Proposal, member: address) -> bytes32:
    id: bytes32 = proposal_terms._id(proposal)
    assert self._proposals[id] == 0, "Council: already proposed"
    assert len(proposal.calls) != 0, "Council: no calls"
    expiry: uint256 = convert(proposal.expiry, uint256)
    earliest: uint256 = block.timestamp + council_members._delay_s
    assert expiry > earliest, "Council: expires within its time lock"
    assert expiry <= earliest + MAX_LIFETIME_S, "Council: expiry too far away"
    self._proposals[id] = proposal_terms._new(proposal.expiry, proposal.members_version)
    log ICouncil.Proposed(
        id=id,
        member=member,
        calls=proposal.calls,
        members_version=proposal.members_version,
        salt=proposal.salt,
        expiry=proposal.expiry,
    )
    self._approve(id, member)
    return id


@internal
def _approve(id: bytes32, member: address):
    bit: uint256 = council_members._bit(member)
    word: uint256 = self._open(id)
    assert word & bit == 0, "Council: already approved"
    word = (word & ~(bit << proposal_terms.OBJECTIONS_SHIFT)) | bit
    if proposal_terms._ready_at(word) == 0 and proposal_terms._count(word) >= council_members._threshold:
        word = proposal_terms._with_ready_at(word, block.timestamp + council_members._delay_s)
    self._proposals[id] = word
    log ICouncil.Approved(
        id=id, member=member, ready_at=convert(proposal_terms._ready_at(word), uint64)
    )


@internal
@view
def _open(id: bytes32) -> uint256:
    """
    @notice The word of a proposal that can still be decided or executed. Refuses every other.
    """
    word: uint256 = self._proposals[id]
    assert word != 0, "Council: not proposed"
    assert word & proposal_terms.EXECUTED == 0, "Council: already executed"
    assert word & proposal_terms.CANCELLED == 0, "Council: cancelled"
    assert proposal_terms._version(word) == convert(council_members._version, uint256), (
        "Council: members have changed"
    )
    assert block.timestamp <= proposal_terms._expiry(word), "Council: expired"
    return word


@internal
@view
def _check_signature(id: bytes32, member: address, signature: Bytes[65]):
    assert signature_check._signed_by(member, typed_data._digest(id), signature), (
        "Council: signature invalid"
    )
