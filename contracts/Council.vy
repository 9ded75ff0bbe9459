# pragma version 0.4.3
"""
@title Council: m of n members, with a time lock, as admin of everything
@notice What an admin may do in this network, the council decides: m of its n members approve a proposal, on
        chain or by signature, everybody has the time lock to see it coming, and then anybody carries it out.
        One key beside it, the emergency pauser, can stop currencies at once and do nothing else.
@dev It becomes admin of a contract by accept_admin, itself a proposal. Its members, threshold, time lock and
     pauser change by its own proposals only. It takes no coin and calls with none.
@custom:kill n - m + 1 members cancel a proposal by objecting; a change of members voids all that are open.
             The code cannot be changed or destroyed; a council is replaced by handing each office to another.
@custom:license Apache-2.0
"""

from .modules import council_members
from .modules import emergency
from .modules import proposals
from .modules import typed_data

initializes: typed_data
initializes: council_members
initializes: emergency
initializes: proposals[council_members := council_members, typed_data := typed_data]

exports: typed_data.__interface__
exports: council_members.__interface__
exports: emergency.__interface__
exports: proposals.__interface__


@deploy
def __init__(
    members: DynArray[address, council_members.MAX_MEMBERS],
    threshold: uint256,
    delay_s: uint256,
    pauser: address,
):
    """
    @notice Creates a council that is admin of nothing yet.
    @param members Its first members, in ascending order.
    @param threshold How many of them must approve.
    @param delay_s The time lock in seconds, at most 30 days.
    @param pauser The emergency pauser, or zero for none.
    """
    typed_data.__init__("Corridor Council")
    council_members.__init__(members, threshold, delay_s)
    emergency.__init__(pauser)
