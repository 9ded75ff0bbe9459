"""Giving firm quotes, as an FX provider: price, check the inventory against what is already promised, sign, keep.

The row is committed before the signature leaves, so a promise can never be forgotten.
"""

from __future__ import annotations

from fractions import Fraction

from node.book.records import QuoteDirection, QuoteRecord, QuoteStatus
from node.domain.money import Money
from node.domain.party import Participant
from node.domain.quote import Quote, SignedQuote, bought_for, cost_of
from node.domain.reasons import Finding, Reason
from node.settlement.office import Office, now
from node.settlement.ports import QuoteRequest, Refused
from node.settlement.terms import PriceBook
from node.settlement.typed import typed_quote
from wallet.typed_data import signing_digest


def give(office: Office, taker: Participant, request: QuoteRequest) -> SignedQuote | Refused:
    """Sign a quote for the taker, or say why not.

    With both amounts given the quote is for exactly these, and refused when they ask for a better rate than
    the price book's; what a taker offers above the price is the provider's gain, as it would be by voice.
    """
    priced = price_of(office, request)
    if isinstance(priced, Finding):
        return Refused((priced,))
    sell, buy = priced
    prices = office.prices or PriceBook()
    quote = Quote(
        quote_id=office.fresh_id(),
        provider=office.account,
        taker=taker.settlement_account,
        sell=sell,
        buy=buy,
        expiry_s=int(office.clock.now_s()) + office.terms.quote_s,
    )
    tokens = office.directory.tokens()
    digest = signing_digest(office.contract.domain(), typed_quote(quote, tokens))
    inventory = office.client.balance_of(tokens[buy.currency.code].address, office.account)
    with office.book.unit() as unit:
        promised = unit.quotes.reserved_inventory(buy.currency.code, office.clock.now_s())
        held = unit.quotes.open_given(taker.settlement_account, office.clock.now_s())
        if held >= prices.most_open_quotes:
            return Refused((_too_many(held),))
        if inventory - promised - prices.kept_back.get(buy.currency.code, 0) < buy.minor:
            return Refused((_short(buy),))
        signature = office.signer.sign_digest(digest).to_bytes()
        unit.quotes.add(
            QuoteRecord(
                quote=quote,
                signature=signature,
                provider_bic=office.bic,
                direction=QuoteDirection.GIVEN,
                status=QuoteStatus.OPEN,
                uetr=None,
                created_at=now(office),
            )
        )
    return SignedQuote(quote, signature)


def price_of(office: Office, request: QuoteRequest) -> tuple[Money, Money] | Finding:
    """What is sold and bought at our price now, promising nothing; or why we have none."""
    prices = office.prices or PriceBook()
    price = prices.rate(request.sell_currency, request.buy_currency)
    tokens = office.directory.tokens()
    if price is None or request.sell_currency not in tokens or request.buy_currency not in tokens:
        return _no_price(request)
    return _amounts(office, request, price, prices)


def _amounts(
    office: Office, request: QuoteRequest, price: Fraction, prices: PriceBook
) -> tuple[Money, Money] | Finding:
    tokens = office.directory.tokens()
    sell_currency = tokens[request.sell_currency].currency
    buy_currency = tokens[request.buy_currency].currency
    if request.sell is not None:
        spread_bps = prices.spread_for(request.sell_currency, request.sell.minor)
        offered = bought_for(request.sell, price, spread_bps, buy_currency)
        if request.buy is not None and offered < request.buy:
            return _too_dear(request.sell, request.buy, offered)
        sell, buy = request.sell, request.buy or offered
    elif request.buy is not None:
        # The tier is that of the amount at the middle rate, so that it cannot depend on the spread it decides.
        middle = cost_of(request.buy, price, 0, sell_currency)
        spread_bps = prices.spread_for(request.sell_currency, middle.minor)
        sell, buy = cost_of(request.buy, price, spread_bps, sell_currency), request.buy
    else:
        return _no_price(request)
    return (sell, buy) if sell.minor > 0 and buy.minor > 0 else _nothing_left(sell, buy)


def _no_price(request: QuoteRequest) -> Finding:
    pair = f"{request.sell_currency}/{request.buy_currency}"
    return Finding(
        Reason.NO_PROVIDER_QUOTES_THIS_PAIR,
        f"We do not quote {pair}.",
        element="currency",
        value=pair,
        rule="quote.pair-priced",
    )


def _too_dear(sell: Money, buy: Money, offered: Money) -> Finding:
    return Finding(
        Reason.RATE_NOT_OFFERED,
        f"For {sell} we give {offered} now, not {buy}; take a new quote and state its amounts.",
        element="interbank_settlement_amount",
        value=str(buy),
        rule="quote.at-or-better-than-our-price",
    )


def _nothing_left(sell: Money, buy: Money) -> Finding:
    return Finding(
        Reason.RATE_NOT_OFFERED,
        f"{sell} against {buy} is less than one minor unit at our price.",
        element="interbank_settlement_amount",
        value=str(buy),
        rule="quote.amounts-positive",
    )


def _too_many(held: int) -> Finding:
    return Finding(
        Reason.TOO_MANY_OPEN_QUOTES,
        f"{held} firm quotes of ours are open for you; use them or let them run out, or ask for indicative rates.",
        element="quote",
        value=str(held),
        rule="quote.open-quotes-bounded",
    )


def _short(buy: Money) -> Finding:
    return Finding(
        Reason.PROVIDER_INVENTORY_TOO_LOW,
        f"Our inventory does not cover {buy} at the moment.",
        element="interbank_settlement_amount",
        value=str(buy),
        rule="quote.inventory-covers",
    )
