# pragma version 0.4.3
"""
@title Netting cycles: who is in one, and that it settles once
@notice A cycle's id is its clearing agent's address (the high 160 bits) and a number with the highest of its
        64 bits set (the low ones): the sequence of every payment in it, which no payment settled gross may
        have. The cycles of a clearing agent settle in the order of their numbers, each once, whoever is in
        it: so one that was proposed again without a short participant cannot settle a second time with it.
        One word for each clearing agent keeps the last number, and for whom and at which version of the
        registry's standings everybody was found in order.
@custom:license Apache-2.0
"""

from ..interfaces import IParticipantRegistry
from ..interfaces import ISettlement
from . import parties
from . import uniqueness

uses: parties

MAX_TOKENS: constant(uint256) = 8
# Bounds the memory, which a small cycle pays for too.
MAX_POSITIONS: constant(uint256) = 48

# A position as one word: the place of its token above the address of its participant.
TOKEN_SHIFT: constant(uint256) = 160
ADDRESS_MASK: constant(uint256) = 2**160 - 1

AGENT_SHIFT: constant(uint256) = 96
BETWEEN_MASK: constant(uint256) = (2**32 - 1) * 2**64
NUMBER_MASK: constant(uint256) = 2**64 - 1
VERSION_SHIFT: constant(uint256) = 64
VERSION_MASK: constant(uint256) = 2**32 - 1
SET_MASK: constant(uint256) = (2**160 - 1) * 2**96

# Beyond the bits of the positions: the clearing agent has proposed it; a participant has withdrawn.
PROPOSED_SHIFT: constant(uint256) = 254
WITHDRAWN_SHIFT: constant(uint256) = 255

# clearing agent -> from the lowest bit: 64 bits number of the last cycle; where everybody in it was in order,
# 32 bits version of the standings and 160 bits of the hash of the participants, else nothing
_last: HashMap[uint256, uint256]
# cycle, set, root and expiry, hashed -> one bit for each position whose participant has agreed on chain, and
# the two highest: proposed, withdrawn
_agreed: HashMap[bytes32, uint256]


@external
@view
def last_cycle(clearing_agent: address) -> uint64:
    """
    @notice The number of the last cycle of a clearing agent that settled; 0 = none. No cycle of its
            with this number or a lower one can settle any more.
    @dev Caller: anyone.
    @param clearing_agent Who proposes.
    """
    return convert(self._last[convert(clearing_agent, uint256)] & NUMBER_MASK, uint64)


@external
def consent(
    cycle: bytes32,
    root: bytes32,
    tokens: DynArray[address, MAX_TOKENS],
    positions: DynArray[uint256, MAX_POSITIONS],
    expiry: uint64,
    given: bool,
):
    """
    @notice Agrees to all the caller's positions in a cycle, as its signatures would: the root names the
            payments, and so every net amount. The clearing agent proposes the cycle so, and anyone may then
            settle it. Not given, it makes sure that the cycle can never settle as it was signed for this root
            and expiry; one proposed again with other payments, or without the caller, is not concerned.
    @dev Caller: a participant of the cycle, or its clearing agent. Refuses: everybody else. Stopped by:
         consent not given, for good. It moves nothing, and after the cycle has settled changes nothing.
    @param cycle Its id.
    @param root As settle_net computes it.
    @param tokens As for settling it.
    @param positions As for settling it.
    @param expiry The last unix second at which the cycle may settle.
    @param given False withdraws.
    """
    bits: uint256 = 0
    for i: uint256 in range(len(positions), bound=MAX_POSITIONS):
        if positions[i] & ADDRESS_MASK == convert(msg.sender, uint256):
            bits |= 1 << i
    if self._agent(cycle) == convert(msg.sender, uint256):
        bits |= 1 << PROPOSED_SHIFT
    assert bits != 0, "Settlement: caller is not in the cycle"
    if not given:
        bits = 1 << WITHDRAWN_SHIFT
    self._agreed[self._agreement(cycle, self._participants(tokens, positions), root, expiry)] |= bits
    log ISettlement.CycleConsent(cycle=cycle, participant=msg.sender, root=root, given=given)


@internal
@pure
def _agent(cycle: bytes32) -> uint256:
    return convert(cycle, uint256) >> AGENT_SHIFT


@internal
@pure
def _participants(
    tokens: DynArray[address, MAX_TOKENS], positions: DynArray[uint256, MAX_POSITIONS]
) -> bytes32:
    return keccak256(abi_encode(tokens, positions))


@internal
@pure
def _agreement(cycle: bytes32, participants: bytes32, root: bytes32, expiry: uint64) -> bytes32:
    return keccak256(abi_encode(cycle, participants, root, expiry))


@internal
@view
def _check_agreement(cycle: bytes32, agreed: uint256):
    """
    @notice Refuses a cycle that its clearing agent neither sends nor has proposed, or else anybody could use
            up its numbers; and one that a participant has withdrawn.
    """
    assert (agreed >> PROPOSED_SHIFT) & 1 == 1 or self._agent(cycle) == convert(msg.sender, uint256), (
        "Settlement: cycle not proposed"
    )
    assert agreed >> WITHDRAWN_SHIFT == 0, "Settlement: cycle withdrawn"


@internal
@pure
def _standing(participants: bytes32, version: uint256) -> uint256:
    """
    @notice What the word of a clearing agent says, above the number, of these participants at this version.
            160 bits of the hash: nobody can find another set that has them too.
    """
    return (convert(participants, uint256) & SET_MASK) | ((version & VERSION_MASK) << VERSION_SHIFT)


@internal
def _use(cycle: bytes32, standing: uint256) -> bool:
    """
    @notice Marks a cycle as settled. Refuses one that was already, and what is no cycle's id.
            True where the agent's last cycle was of the same participants, in order at this version.
    """
    id: uint256 = convert(cycle, uint256)
    assert id & BETWEEN_MASK == 0 and id & uniqueness.NETTED != 0, "Settlement: no id of a cycle"
    known: uint256 = self._last[id >> AGENT_SHIFT]
    assert known & NUMBER_MASK < id & NUMBER_MASK, "Settlement: cycle already settled"
    self._last[id >> AGENT_SHIFT] = standing | (id & NUMBER_MASK)
    return known ^ standing <= NUMBER_MASK


@internal
def _check(
    cycle: bytes32,
    expiry: uint64,
    tokens: DynArray[address, MAX_TOKENS],
    positions: DynArray[uint256, MAX_POSITIONS],
):
    """
    @notice Refuses whoever may not take part until the cycle's expiry. A set in which somebody is terminating
            is good for some expiries only, and is asked about each time.
    """
    agent: address = convert(self._agent(cycle), address)
    if not staticcall parties.REGISTRY.may_net(agent, tokens, positions, expiry):
        self._last[self._agent(cycle)] &= NUMBER_MASK
