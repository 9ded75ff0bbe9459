# pragma version 0.4.3
"""
@title Who sits on the council, how many must agree, and how long the others have to see it coming
@notice All of it changes by the council's own decision only: there is no key above it. Each change of members
        has a new version number, and what was proposed under another version is void.
@custom:license Apache-2.0
"""

from ..interfaces import ICouncil

MAX_MEMBERS: constant(uint256) = 16
# A longer time lock would leave a network that cannot be mended.
MAX_DELAY_S: constant(uint256) = 30 * 86400

_members: DynArray[address, MAX_MEMBERS]
# Member -> its number, from 1; 0 for everybody else.
_numbers: HashMap[address, uint256]
_threshold: uint256
_version: uint64
_delay_s: uint256


@deploy
def __init__(members: DynArray[address, MAX_MEMBERS], threshold: uint256, delay_s: uint256):
    self._set_members(members, threshold)
    self._set_delay(delay_s)


@external
@view
def members() -> DynArray[address, MAX_MEMBERS]:
    """
    @notice The members, in ascending order.
    @dev Caller: anyone.
    """
    return self._members


@external
@view
def threshold() -> uint256:
    """
    @notice How many members must approve.
    @dev Caller: anyone.
    """
    return self._threshold


@external
@view
def members_version() -> uint64:
    """
    @notice The number of the current set of members, from 1.
    @dev Caller: anyone.
    """
    return self._version


@external
@view
def delay_s() -> uint256:
    """
    @notice How many seconds pass between the last approval needed and the execution, at least.
    @dev Caller: anyone.
    """
    return self._delay_s


@external
def change_members(members: DynArray[address, MAX_MEMBERS], threshold: uint256):
    """
    @notice Replaces the members and the number of them that must approve. Every open proposal is void.
    @dev Caller: the council itself, by a proposal. Refuses: everybody else; members that are not in ascending
         order, the zero account, none or more than 16; a threshold of zero or above their number.
         Stopped by: objecting to the proposal.
    @param members All members from now on, in ascending order.
    @param threshold How many of them must approve.
    """
    self._only_itself()
    self._set_members(members, threshold)


@external
def change_delay(delay_s: uint256):
    """
    @notice Sets the time lock for proposals that are yet to be approved.
    @dev Caller: the council itself, by a proposal. Refuses: everybody else; more than 30 days.
         Stopped by: objecting to the proposal.
    @param delay_s Seconds.
    """
    self._only_itself()
    self._set_delay(delay_s)


@internal
@view
def _only_itself():
    assert msg.sender == self, "Council: not the council itself"


@internal
@view
def _bit(member: address) -> uint256:
    """
    @notice The bit of a member. Refuses everybody else.
    """
    number: uint256 = self._numbers[member]
    assert number != 0, "Council: not a member"
    return 1 << (number - 1)


@internal
def _set_members(members: DynArray[address, MAX_MEMBERS], threshold: uint256):
    assert threshold != 0 and threshold <= len(members), "Council: threshold out of range"
    for member: address in self._members:
        self._numbers[member] = 0
    previous: uint256 = 0
    number: uint256 = 0
    for member: address in members:
        # Ascending order leaves no place for the zero account, nor for the same member twice.
        assert convert(member, uint256) > previous, "Council: members not in ascending order"
        previous = convert(member, uint256)
        number += 1
        self._numbers[member] = number
    self._members = members
    self._threshold = threshold
    self._version += 1
    log ICouncil.MembersChanged(version=self._version, members=members, threshold=threshold)


@internal
def _set_delay(delay_s: uint256):
    assert delay_s <= MAX_DELAY_S, "Council: delay too long"
    self._delay_s = delay_s
    log ICouncil.DelayChanged(delay_s=delay_s)
