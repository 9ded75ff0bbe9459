"""How returns, recalls, inquiries and their answers name the payment that they are about.

The elements are the same in pacs.004, pacs.028, camt.056 and camt.029 (`OrgnlUETR`, `OrgnlIntrBkSttlmAmt`, ...).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lxml import etree

from api.iso20022.amounts import Amount, amount_of
from api.iso20022.party_rules import date_of
from api.iso20022.pieces import pieces
from api.iso20022.status_report import StatedReason, read_reason
from api.iso20022.tree import find, find_all, text_at
from api.iso20022.writing import add, add_if


@dataclass(frozen=True)
class OriginalPayment:
    """The payment a message is about, as far as the message says; the amount is not checked to be money."""

    message_id: str | None = None
    message_name: str | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    transaction_id: str | None = None
    uetr: str | None = None
    amount: Amount | None = None
    settlement_date: date | None = None


def read_original(node: etree._Element, group: etree._Element | None = None) -> OriginalPayment:
    """The original of one transaction; `group` is where the message's identification is told for all of them."""
    own = find(node, "OrgnlGrpInf")
    group = group if own is None else own
    amount, day = find(node, "OrgnlIntrBkSttlmAmt"), find(node, "OrgnlIntrBkSttlmDt")
    return OriginalPayment(
        message_id=None if group is None else text_at(group, "OrgnlMsgId"),
        message_name=None if group is None else text_at(group, "OrgnlMsgNmId"),
        instruction_id=text_at(node, "OrgnlInstrId"),
        end_to_end_id=text_at(node, "OrgnlEndToEndId"),
        transaction_id=text_at(node, "OrgnlTxId"),
        uetr=text_at(node, "OrgnlUETR"),
        amount=None if amount is None else amount_of(amount),
        settlement_date=None if day is None else date_of(day),
    )


def write_references(node: etree._Element, original: OriginalPayment) -> None:
    """Append the identifiers of the original, in the order that all these messages have."""
    if original.message_id and original.message_name:
        group = add(node, "OrgnlGrpInf")
        add(group, "OrgnlMsgId", original.message_id)
        add(group, "OrgnlMsgNmId", original.message_name)
    add_if(node, "OrgnlInstrId", original.instruction_id)
    add_if(node, "OrgnlEndToEndId", original.end_to_end_id)
    add_if(node, "OrgnlTxId", original.transaction_id)
    add_if(node, "OrgnlUETR", original.uetr)


def write_settled(node: etree._Element, original: OriginalPayment) -> None:
    """Append what the original settled, and when."""
    if original.amount is not None:
        amount = add(node, "OrgnlIntrBkSttlmAmt", format(original.amount.number, "f"))
        amount.set("Ccy", original.amount.currency)
    if original.settlement_date is not None:
        add(node, "OrgnlIntrBkSttlmDt", original.settlement_date.isoformat())


def read_reasons(node: etree._Element, tag: str) -> tuple[StatedReason, ...]:
    """The reasons in the repeated element `tag`."""
    return tuple(read_reason(reason) for reason in find_all(node, tag))


def write_reasons(node: etree._Element, tag: str, reasons: tuple[StatedReason, ...]) -> None:
    """Append reasons; their text goes into pieces of 105 characters."""
    for reason in reasons:
        information = add(node, tag)
        if reason.code:
            add(information, "Rsn/Cd", reason.code)
        elif reason.proprietary:
            add(information, "Rsn/Prtry", reason.proprietary)
        for piece in pieces(reason.text):
            add(information, "AddtlInf", piece)
