"""Which payment of ours a return, a recall or a question is about, where it states no UETR but other references.

FIN messages name their original by references of 16 characters, which nobody promises to be used once. So every
reference stated must fit, and only one payment may; where none or several do, the sender is asked for the UETR.
"""

from __future__ import annotations

import re
import uuid
from typing import Final

from api.institution import Institution
from api.iso20022.amounts import Amount
from api.iso20022.original import OriginalPayment
from node.book.book import Unit
from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.payment import Payment, Side, credit_leg
from node.settlement.book_transfer import stays_within
from node.settlement.intake import BACK_OFFICE
from node.settlement.office import Office

SEARCHED: Final = 5_000
_PAGE: Final = 500
_NONE: Final = frozenset({"", "NOTPROVIDED", "NONREF"})
_FORWARDED: Final = re.compile(r"FWD([0-9a-f]{32})")


def uetr_of_original(
    institution: Institution, named: OriginalPayment, side: Side, amount: Amount | None = None
) -> str | None:
    """The UETR stated, or that of the one payment, among the newest 5,000, which all else fits.

    `amount` is what is given back: the payment credited as much at least. None where no payment fits, or several.
    """
    if named.uetr:
        return named.uetr
    forwarded = _FORWARDED.fullmatch(named.message_id or "")
    if forwarded is not None:
        return str(uuid.UUID(forwarded[1]))
    stated = _stated(named)
    if not stated:
        return None
    with institution.office.book.view() as unit:
        ordered = _ordered(unit, named) if side is Side.DEBTOR_AGENT else None
        return ordered or _searched(institution.office, unit, side, (stated, amount))


def _stated(named: OriginalPayment) -> frozenset[str]:
    references = (named.message_id, named.instruction_id, named.end_to_end_id, named.transaction_id)
    return frozenset(one for one in references if one is not None) - _NONE


def _ordered(unit: Unit, named: OriginalPayment) -> str | None:
    """What our back office sent is known by its message's own identification, which it uses once."""
    for name in (named.message_id, named.instruction_id):
        sent = unit.messages.find_inbound(BACK_OFFICE, name) if name else None
        if sent is not None and sent.uetr is not None:
            return sent.uetr
    return None


def _searched(office: Office, unit: Unit, side: Side, stated: tuple[frozenset[str], Amount | None]) -> str | None:
    """The one payment that fits; of those we received only what has settled counts."""
    state = State.SETTLED if side is Side.CREDITOR_AGENT else None
    found: list[PaymentRecord] = []
    after: str | None = None
    for _ in range(SEARCHED // _PAGE):
        page = unit.payments.list(state, after, _PAGE)
        found += [one for one in page if _is_here(office, one, side) and _fits(one.payment, *stated)]
        if len(page) < _PAGE or len(found) > 1:
            break
        after = page[-1].uetr
    return found[0].uetr if len(found) == 1 else None


def _is_here(office: Office, record: PaymentRecord, side: Side) -> bool:
    return record.side is side or stays_within(office, record.payment)


def _fits(payment: Payment, stated: frozenset[str], amount: Amount | None) -> bool:
    names = {payment.message_id, payment.instruction_id, payment.end_to_end_id, payment.transaction_id}
    if payment.return_of is not None or not stated <= names:
        return False
    credited = credit_leg(payment)
    return amount is None or (amount.currency == credited.currency.code and amount.number <= credited.decimal())
