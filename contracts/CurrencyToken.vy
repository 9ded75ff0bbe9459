# pragma version 0.4.3
"""
@title CurrencyToken: money of one currency on the ledger
@notice Issued and redeemed by its issuer, held in accounts of one storage word, paid by ERC-20 transfers,
        referenced and signed payments and settlement legs. Amounts are in the currency's ISO 4217 minor
        units.
@dev Every movement goes through ledger._move. Roles: 1 issuer, 2 pauser, 4 unpauser, 8 freezer,
     16 enforcer, 32 tier keeper; the admin grants them and names the settlement operator.
@custom:kill pause() by a pauser stops transfers, settlement, issue and redemption at once;
             set_settlement_operator(0) by the admin takes the currency out of settlement alone;
             freeze(account) stops one holder. The code cannot be changed or destroyed.
@custom:license Apache-2.0
"""

from .interfaces import ICurrencyToken
from .modules import access
from .modules import authorisation
from .modules import control
from .modules import enforcement
from .modules import erc20
from .modules import held_money
from .modules import issuance
from .modules import ledger
from .modules import net_positions
from .modules import payment
from .modules import typed_data

implements: ICurrencyToken

initializes: access
initializes: ledger
initializes: typed_data
initializes: erc20[ledger := ledger]
initializes: payment[ledger := ledger]
initializes: issuance[access := access, ledger := ledger]
initializes: authorisation[erc20 := erc20, ledger := ledger, typed_data := typed_data]
initializes: enforcement[access := access, ledger := ledger]
initializes: held_money[access := access, ledger := ledger]
initializes: control[access := access, ledger := ledger]
initializes: net_positions[control := control, ledger := ledger]

exports: access.__interface__
exports: ledger.__interface__
exports: erc20.__interface__
exports: payment.__interface__
exports: issuance.__interface__
exports: authorisation.__interface__
exports: enforcement.__interface__
exports: held_money.__interface__
exports: control.__interface__
exports: net_positions.__interface__
exports: typed_data.__interface__

NAME: immutable(String[64])
CURRENCY: immutable(String[8])
DECIMALS: immutable(uint8)


@deploy
def __init__(name: String[64], currency: String[8], decimals: uint8, admin: address):
    """
    @notice Creates a currency with nothing issued, nobody in a role and no settlement operator.
    @param name What the currency is called.
    @param currency Its ISO 4217 code.
    @param decimals Its ISO 4217 minor units.
    @param admin Who grants the roles.
    """
    NAME = name
    CURRENCY = currency
    DECIMALS = decimals
    access.__init__(admin)
    typed_data.__init__(name)


@external
@view
def name() -> String[64]:
    """
    @notice What the currency is called.
    @dev Caller: anyone.
    """
    return NAME


@external
@view
def symbol() -> String[8]:
    """
    @notice The currency's ISO 4217 code.
    @dev Caller: anyone.
    """
    return CURRENCY


@external
@view
def decimals() -> uint8:
    """
    @notice The currency's ISO 4217 minor units: how many digits of an amount are behind the point.
    @dev Caller: anyone.
    """
    return DECIMALS
