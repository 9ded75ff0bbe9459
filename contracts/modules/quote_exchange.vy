# pragma version 0.4.3
"""
@title Two currencies change hands between two who agree
@notice The taker of a signed quote calls, and both legs move or none: what two transfers would do, at once.
        There is no payment order here, no UETR and no agent. Whoever may transfer may exchange, so standings
        in the registry are not asked for; freeze, tiers and pauses of both currencies count as always.
@custom:license Apache-2.0
"""

from ..interfaces import ICurrencyToken
from ..interfaces import ISettlement
from . import quotes

uses: quotes


@external
def exchange(quote: ISettlement.Quote, signature: Bytes[65]):
    """
    @notice Gives the quote's sell_amount to its provider and takes its buy_amount. Legs move in the caller's
            and the provider's own accounts.
    @dev Caller: the quote's taker. Refuses: other callers; a quote expired, used or bound to a payment; a
         wrong or malleable signature; all that the tokens refuse. Stopped by: pause and freeze of either
         currency, withdraw_quote.
    @param quote The provider's quote.
    @param signature Of the provider.
    """
    assert msg.sender == quote.taker, "Settlement: caller is not the taker"
    assert not quotes._is_bound(quotes._number(quote.id)), "Settlement: quote bound to another payment"
    quotes._take(quote, empty(bytes16), 0, signature)
    extcall ICurrencyToken(quote.sell_token).settle_leg(quote.taker, quote.provider, quote.sell_amount)
    extcall ICurrencyToken(quote.buy_token).settle_leg(quote.provider, quote.taker, quote.buy_amount)
    log ISettlement.Exchanged(provider=quote.provider, quote_id=quote.id)
