# pragma version 0.4.3
"""
@title Holds: money reserved on its own account until it is due, or its time is over
@notice Escrow with confirmation of receipt, a leg on another ledger under a SHA-256 lock, an earmark for a
        queue. The money stays on the debtor's account as its held amount; this contract keeps one word for
        each hold and no money.
@dev It has no owner and no role. A currency takes part when its admin makes this contract a hold operator.
@custom:kill Each currency's admin takes its token out with set_hold_operator, each pauser with pause();
             freeze stops what one holder pays or is paid. Money then stays where it is reserved, and is
             released, paid or given back when that has ended. The code cannot be changed or destroyed.
@custom:license Apache-2.0
"""

from .modules import holds
from .modules import typed_data

initializes: typed_data
initializes: holds[typed_data := typed_data]

exports: typed_data.__interface__
exports: holds.__interface__


@deploy
def __init__():
    """
    @notice Creates the contract for any number of currencies.
    """
    typed_data.__init__("Corridor Holds")
