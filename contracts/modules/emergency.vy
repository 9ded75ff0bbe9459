# pragma version 0.4.3
"""
@title The emergency pauser: one key that can stop, and nothing else
@notice It calls pause() and no other function, on contracts where the council has the pauser's role. To start
        again takes the council's decision, or whoever it has made unpauser.
@custom:license Apache-2.0
"""

from ..interfaces import ICouncil
from . import council_members

MAX_TARGETS: constant(uint256) = 64

_pauser: address


@deploy
def __init__(pauser: address):
    self._set_pauser(pauser)


@external
@view
def pauser() -> address:
    """
    @notice The emergency pauser, or zero.
    @dev Caller: anyone.
    """
    return self._pauser


@external
def change_pauser(pauser: address):
    """
    @notice Names the emergency pauser.
    @dev Caller: the council itself, by a proposal. Refuses: everybody else. Stopped by: objecting to the
         proposal.
    @param pauser The account, or zero for none.
    """
    council_members._only_itself()
    self._set_pauser(pauser)


@external
def pause(targets: DynArray[address, MAX_TARGETS]):
    """
    @notice Pauses contracts at once, without a proposal and without a delay. One that cannot be paused does
            not keep the others from it; the event of each says what became of it.
    @dev Caller: the emergency pauser. Refuses: everybody else. Stopped by: change_pauser; taking the pauser's
         role from the council.
    @param targets Up to 64 currency tokens.
    """
    assert msg.sender == self._pauser and msg.sender != empty(address), "Council: not the emergency pauser"
    for target: address in targets:
        paused: bool = target.is_contract
        if paused:
            paused = raw_call(target, method_id("pause()"), revert_on_failure=False)
        log ICouncil.EmergencyPause(target=target, pauser=msg.sender, paused=paused)


@internal
def _set_pauser(pauser: address):
    self._pauser = pauser
    log ICouncil.PauserChanged(pauser=pauser)
