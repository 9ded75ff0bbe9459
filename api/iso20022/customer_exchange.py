"""A customer's payment across two currencies (pain.001): what it sells and buys is what a firm quote has fixed.

The quote is named in XchgRateInf/CtrctId (its UUID, with or without hyphens) or to the debtor agent (`/QUOTE/`).
A rate or an equivalent amount alone fixes nothing, so it is refused, with the way to a quote in the text.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from api.iso20022.amounts import amount_of
from api.iso20022.tree import find, find_all, path_of, shown, text_at
from node.domain.money import Money
from node.domain.quote import Quote
from node.domain.reasons import Finding, Reason

QuoteNamed = Callable[[str], Quote | None]
"""The quote of this id that the institution has taken; None where it has not."""
_NAMED: Final = re.compile(r"/QUOTE/([0-9a-fA-F-]{36})")
_TAKE_ONE: Final = "take a quote (POST /v1/quotes) and name it in XchgRateInf/CtrctId"


@dataclass(frozen=True)
class Exchange:
    """What a quote makes of a payment: `sell` leaves the debtor, `buy` is settled."""

    quote_id: str
    sell: Money
    buy: Money
    is_told: bool  # whether the customer's own words to the debtor agent name the quote already


def exchange_of(
    information: etree._Element, transaction: etree._Element, quotes: QuoteNamed
) -> Exchange | Finding | None:
    """The exchange that a payment asks for, or why it cannot be had; None where it asks for none."""
    equivalent, rate = find(transaction, "Amt/EqvtAmt"), find(transaction, "XchgRateInf")
    told = next(_told(information, transaction), None)
    contract = _uuid(text_at(transaction, "XchgRateInf/CtrctId") or "")
    quote_id = contract or told
    if quote_id is None:
        if equivalent is not None:
            text = f"An equivalent amount is not fixed: {_TAKE_ONE}, or state InstdAmt."
            return _finding(Reason.EXCHANGE_RATE_MISSING, transaction, "Amt/EqvtAmt", text, "pain001.amount-fixed")
        if rate is not None:
            text = f"A rate fixes no amounts: {_TAKE_ONE}."
            return _finding(Reason.EXCHANGE_RATE_MISSING, transaction, "XchgRateInf", text, "pain001.rate-quoted")
        return None
    quote = quotes(quote_id)
    if quote is None:
        return _unknown(transaction, quote_id, contract is not None, equivalent is not None or rate is not None)
    fault = _misfit(transaction, quote)
    return fault or Exchange(quote_id, quote.sell, quote.buy, told == quote_id)


def _unknown(transaction: etree._Element, quote_id: str, by_contract: bool, needed: bool) -> Finding | None:
    """A quote only told to the debtor agent is looked for at settlement, as one in a pacs.008 is."""
    if not (by_contract or needed):
        return None
    path = "XchgRateInf/CtrctId" if by_contract else "InstrForDbtrAgt"
    text = f"This institution has taken no quote {quote_id}; {_TAKE_ONE}."
    return _finding(Reason.QUOTE_UNKNOWN, transaction, path, text, "pain001.quote-known")


def _misfit(transaction: etree._Element, quote: Quote) -> Finding | None:
    """What contradicts the quote: the equivalent amount is what it sells, the instructed amount what it buys."""
    path, stated, expected = "Amt/InstdAmt", find(transaction, "Amt/InstdAmt"), quote.buy
    if stated is None:
        path, stated, expected = "Amt/EqvtAmt/Amt", find(transaction, "Amt/EqvtAmt/Amt"), quote.sell
        currency = text_at(transaction, "Amt/EqvtAmt/CcyOfTrf")
        if currency != quote.buy.currency.code:
            text = f"The quote buys {quote.buy.currency.code}."
            path = "Amt/EqvtAmt/CcyOfTrf"
            return _finding(Reason.QUOTE_AMOUNTS_DIFFER, transaction, path, text, "pain001.quote-fits")
    amount = None if stated is None else amount_of(stated)
    if amount is None or (amount.currency, amount.number) != (expected.currency.code, expected.decimal()):
        verb = "sells" if expected is quote.sell else "buys"
        text = f"The quote {verb} {expected}."
        return _finding(Reason.QUOTE_AMOUNTS_DIFFER, transaction, path, text, "pain001.quote-fits")
    return None


def _told(information: etree._Element, transaction: etree._Element) -> Iterator[str]:
    """Quotes named to the debtor agent, as `/QUOTE/` and the UUID."""
    for place in (transaction, information):
        for node in find_all(place, "InstrForDbtrAgt"):
            match = _NAMED.search(text_at(node, "InstrInf") or node.text or "")
            found = _uuid(match[1]) if match else None
            if found is not None:
                yield found


def _uuid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text)) if text else None
    except ValueError:
        return None


def _finding(reason: Reason, node: etree._Element, path: str, text: str, rule: str) -> Finding:
    found = find(node, path)
    value = None if found is None or len(found) else shown(found.text)
    element = f"{path_of(node, node.getroottree().getroot())}/{path}"
    return Finding(reason, text, element, value, rule)
