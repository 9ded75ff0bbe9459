# pragma version 0.4.3
"""
@title Netting cycles: who is in one, and that it settles once
@notice A cycle's id is its clearing agent's address (the high 160 bits) and a number with the highest of its
        64 bits set (the low ones): the sequence of every payment in it, which no payment settled gross may
        have. Cycles of the same participants settle in the order of their numbers. One word for each such
        set keeps the last number and the version of the registry's standings at which everybody was found in
        order.
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

# clearing agent and set -> version of the standings above the number of the last cycle
_last: HashMap[uint256, HashMap[bytes32, uint256]]
# cycle, set, root and expiry, hashed -> one bit for each position whose participant has agreed on chain
_agreed: HashMap[bytes32, uint256]


@external
@view
def last_cycle(clearing_agent: address, participants: bytes32) -> uint64:
    """
    @notice The number of the last cycle of a set of participants that was settled or withdrawn; 0 = none. No
            cycle with this number or a lower one can settle between them any more.
    @dev Caller: anyone.
    @param clearing_agent Who proposes.
    @param participants Hash of the ABI-encoded tokens and positions, as settle_net takes them.
    """
    return convert(self._last[convert(clearing_agent, uint256)][participants] & NUMBER_MASK, uint64)


@external
def agree(
    cycle: bytes32,
    root: bytes32,
    tokens: DynArray[address, MAX_TOKENS],
    positions: DynArray[uint256, MAX_POSITIONS],
    expiry: uint64,
):
    """
    @notice Agrees to all the caller's positions in a cycle, as its signatures would: the root names the
            payments, and so every net amount. It moves nothing; withdraw_cycle takes it back.
    @dev Caller: a participant of the cycle. Refuses: everybody else. Stopped by: withdraw_cycle.
    @param cycle Its id.
    @param root As settle_net computes it.
    @param tokens As for settling it.
    @param positions As for settling it.
    @param expiry The last unix second at which the cycle may settle.
    """
    bits: uint256 = self._places(positions)
    assert bits != 0, "Settlement: caller is not in the cycle"
    self._agreed[self._agreement(cycle, self._participants(tokens, positions), root, expiry)] |= bits
    log ISettlement.CycleAgreed(cycle=cycle, participant=msg.sender, root=root)


@external
def withdraw_cycle(
    cycle: bytes32,
    tokens: DynArray[address, MAX_TOKENS],
    positions: DynArray[uint256, MAX_POSITIONS],
):
    """
    @notice Makes sure that a cycle, and every earlier one of exactly these participants, can never settle.
            A cycle of any other set of participants is not concerned.
    @dev Caller: the clearing agent, or one of the participants. Refuses: everybody else; a cycle already
         settled or withdrawn; what is no id of a cycle. Stopped by: nothing; withdrawing must always be
         possible.
    @param cycle Its id.
    @param tokens As for settling it.
    @param positions As for settling it.
    """
    assert self._agent(cycle) == convert(msg.sender, uint256) or self._places(positions) != 0, (
        "Settlement: caller is not in the cycle"
    )
    self._use(cycle, self._participants(tokens, positions), 0)
    log ISettlement.CycleWithdrawn(cycle=cycle, participant=msg.sender)


@internal
@pure
def _agent(cycle: bytes32) -> uint256:
    return convert(cycle, uint256) >> AGENT_SHIFT


@internal
@view
def _places(positions: DynArray[uint256, MAX_POSITIONS]) -> uint256:
    """
    @notice One bit for each position of the caller's.
    """
    bits: uint256 = 0
    for i: uint256 in range(len(positions), bound=MAX_POSITIONS):
        if positions[i] & ADDRESS_MASK == convert(msg.sender, uint256):
            bits |= 1 << i
    return bits


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
def _use(cycle: bytes32, participants: bytes32, version: uint256) -> bool:
    """
    @notice Marks a cycle as settled, or as withdrawn. Refuses one that was already, and what is no cycle's
            id. True where everybody in it was in order at this version of the standings.
    """
    id: uint256 = convert(cycle, uint256)
    assert id & BETWEEN_MASK == 0 and id & uniqueness.NETTED != 0, "Settlement: no id of a cycle"
    known: uint256 = self._last[id >> AGENT_SHIFT][participants]
    assert known & NUMBER_MASK < id & NUMBER_MASK, "Settlement: cycle already settled"
    self._last[id >> AGENT_SHIFT][participants] = (version << VERSION_SHIFT) | (id & NUMBER_MASK)
    return known >> VERSION_SHIFT == version


@internal
def _check(
    cycle: bytes32,
    participants: bytes32,
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
        self._last[self._agent(cycle)][participants] &= NUMBER_MASK
