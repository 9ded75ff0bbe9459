# pragma version 0.4.3
"""
@title Settlement: signatures that fit together, and every leg moves, or none
@notice A payment is an instruction signed by the debtor's side, an acceptance signed by the creditor's, and
        where two currencies are involved a quote signed by an FX provider. Whoever has a complete set may
        submit it; the contract checks that it fits and moves all legs in one transaction.
@dev It has no owner, no role and no money. State is written before any other contract is called, so a
     token that calls back finds the UETR and the quote already used.
@custom:kill Each currency's admin takes its token out with set_settlement_operator(0), each pauser with
             pause(); a registrar suspends a participant or delists a currency; a debtor agent withdraws a
             payment with cancel. The code cannot be changed or destroyed.
@custom:license Apache-2.0
"""

from .interfaces import ISettlement
from .modules import batch_settlement
from .modules import cycles
from .modules import gross_settlement
from .modules import net_settlement
from .modules import parties
from .modules import quote_exchange
from .modules import quotes
from .modules import typed_data
from .modules import uniqueness

implements: ISettlement

initializes: typed_data
initializes: parties
initializes: uniqueness[typed_data := typed_data]
initializes: quotes[typed_data := typed_data]
initializes: quote_exchange[quotes := quotes]
initializes: batch_settlement[parties := parties, typed_data := typed_data, uniqueness := uniqueness]
initializes: gross_settlement[
    parties := parties, quotes := quotes, typed_data := typed_data, uniqueness := uniqueness
]
initializes: cycles[parties := parties]
initializes: net_settlement[cycles := cycles, parties := parties, typed_data := typed_data]

exports: typed_data.__interface__
exports: parties.__interface__
exports: uniqueness.__interface__
exports: quotes.__interface__
exports: quote_exchange.__interface__
exports: batch_settlement.__interface__
exports: gross_settlement.__interface__
exports: cycles.__interface__
exports: net_settlement.__interface__


@deploy
def __init__(registry: address):
    """
    @notice Creates the settlement contract of one registry.
    @param registry Its ParticipantRegistry.
    """
    typed_data.__init__("Corridor Settlement")
    parties.__init__(registry)
