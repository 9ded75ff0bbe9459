# pragma version 0.4.3
"""
@title ParticipantRegistry: who takes part, which currencies settle, and by which contract
@notice The public directory of a Corridor network, by BIC, LEI and settlement account, with the keys and
        addresses at which institutions reach each other. It holds no personal data.
@dev Roles: 1 registrar, 2 suspender; the admin grants them and names the settlement contract.
@custom:kill suspend(account) by a suspender stops a participant at once; delist_token(currency) by a
             registrar stops a currency; set_settlement by the admin replaces the settlement contract.
@custom:license Apache-2.0
"""

from .interfaces import IParticipantRegistry
from .modules import access
from .modules import cycle_standing
from .modules import participants
from .modules import route_standing
from .modules import standing_table
from .modules import token_list

implements: IParticipantRegistry

initializes: access
initializes: standing_table
initializes: cycle_standing[standing_table := standing_table]
initializes: route_standing[standing_table := standing_table]
initializes: token_list[access := access, standing_table := standing_table]
initializes: participants[access := access, standing_table := standing_table, token_list := token_list]

exports: access.__interface__
exports: standing_table.__interface__
exports: cycle_standing.__interface__
exports: route_standing.__interface__
exports: token_list.__interface__
exports: participants.__interface__

_settlements: HashMap[uint256, address]
_settlement_version: uint256


@deploy
def __init__(admin: address):
    """
    @notice Creates an empty directory.
    @param admin Who grants the roles.
    """
    access.__init__(admin)
    standing_table.__init__()


@external
@view
def settlement() -> address:
    """
    @notice The settlement contract of the network, or zero before there is one.
    @dev Caller: anyone.
    """
    return self._settlements[self._settlement_version]


@external
@view
def settlement_version() -> uint256:
    """
    @notice The number of the current settlement contract, from 1; 0 before there is one.
    @dev Caller: anyone.
    """
    return self._settlement_version


@external
@view
def settlement_at(version: uint256) -> address:
    """
    @notice A settlement contract of the network by its number, from 1; zero for none.
    @dev Caller: anyone.
    """
    return self._settlements[version]


@external
def set_settlement(settlement: address):
    """
    @notice Names the next version of the settlement contract. A currency follows when its own admin names
            the same contract as its settlement operator.
    @dev Caller: the admin. Refuses: an address without code, the current one. Stopped by: naming another.
    @param settlement The contract.
    """
    access._only_admin()
    assert settlement.is_contract, "ParticipantRegistry: settlement is no contract"
    previous: address = self._settlements[self._settlement_version]
    assert settlement != previous, "ParticipantRegistry: settlement unchanged"
    version: uint256 = self._settlement_version + 1
    self._settlement_version = version
    self._settlements[version] = settlement
    log IParticipantRegistry.SettlementChanged(previous=previous, settlement=settlement, version=version)
