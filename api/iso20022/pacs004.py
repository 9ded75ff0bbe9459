"""Writes and reads the return of a settled payment (pacs.004): a new payment, back, that names the original.

What may be returned, and that it is returned once, is for settlement to see; this is only how it is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from api.iso20022.amounts import Amount, amount_of
from api.iso20022.forward import CLEARING_SYSTEM
from api.iso20022.institutions import Directory, read_agent, write_agent
from api.iso20022.original import (
    OriginalPayment,
    read_original,
    read_reasons,
    write_reasons,
    write_references,
    write_settled,
)
from api.iso20022.parse import ParsedMessage
from api.iso20022.party_rules import date_of
from api.iso20022.status_report import StatedReason
from api.iso20022.tree import find, find_all, required, text_at
from api.iso20022.writing import add, new_root, serialise, timestamp
from node.domain.money import Money
from node.domain.party import Agent
from node.domain.payment import ChargeBearer

IDENTIFIER = "pacs.004.001.09"


@dataclass(frozen=True)
class ReturnOrder:
    """A return to be written; `returned` is at most what settled, less charges taken."""

    message_id: str
    return_id: str
    created_at: datetime
    original: OriginalPayment
    returned: Money
    settlement_date: date
    charge_bearer: ChargeBearer
    instructing_agent: Agent
    instructed_agent: Agent
    reasons: tuple[StatedReason, ...]


@dataclass(frozen=True)
class PaymentReturn:
    """A return as read: one transaction of a pacs.004; amounts are not yet checked to be money."""

    message_id: str
    return_id: str | None
    original: OriginalPayment
    returned: Amount
    settlement_date: date | None
    instructing_agent: Agent | None
    instructed_agent: Agent | None
    reasons: tuple[StatedReason, ...]
    instructed: Amount | None = None
    charge_bearer: ChargeBearer | None = None
    charges: tuple[tuple[Amount, Agent | None], ...] = ()


def write_return(order: ReturnOrder) -> bytes:
    """The pacs.004 for one payment, as a bare Document."""
    document = new_root(IDENTIFIER)
    body = add(document, "PmtRtr")
    group = add(body, "GrpHdr")
    add(group, "MsgId", order.message_id)
    add(group, "CreDtTm", timestamp(order.created_at))
    add(group, "NbOfTxs", "1")
    settlement = add(group, "SttlmInf")
    add(settlement, "SttlmMtd", "CLRG")
    add(settlement, "ClrSys/Prtry", CLEARING_SYSTEM)
    _write_transaction(add(body, "TxInf"), order)
    return serialise(document)


def _write_transaction(node: etree._Element, order: ReturnOrder) -> None:
    add(node, "RtrId", order.return_id)
    write_references(node, order.original)
    write_settled(node, order.original)
    returned = add(node, "RtrdIntrBkSttlmAmt", order.returned.plain())
    returned.set("Ccy", order.returned.currency.code)
    add(node, "IntrBkSttlmDt", order.settlement_date.isoformat())
    add(node, "ChrgBr", order.charge_bearer.value)
    write_agent(node, "InstgAgt", order.instructing_agent)
    write_agent(node, "InstdAgt", order.instructed_agent)
    write_reasons(node, "RtrRsnInf", order.reasons)


def read_returns(message: ParsedMessage, directory: Directory | None = None) -> tuple[PaymentReturn, ...]:
    """Every return in a pacs.004 of any version; reasons told for the whole group go with each of them."""
    group = required(message.body, "GrpHdr")
    shared = find(message.body, "OrgnlGrpInf")
    known = {} if directory is None else directory
    return tuple(_read(node, group, shared, known) for node in find_all(message.body, "TxInf"))


def _read(
    node: etree._Element, group: etree._Element, shared: etree._Element | None, directory: Directory
) -> PaymentReturn:
    days = (find(node, "IntrBkSttlmDt"), find(group, "IntrBkSttlmDt"))
    day = next((found for found in days if found is not None), None)
    reasons = read_reasons(node, "RtrRsnInf")
    return PaymentReturn(
        message_id=text_at(group, "MsgId") or "",
        return_id=text_at(node, "RtrId"),
        original=read_original(node, shared),
        returned=amount_of(required(node, "RtrdIntrBkSttlmAmt")),
        settlement_date=None if day is None else date_of(day),
        instructing_agent=_agent(node, group, "InstgAgt", directory),
        instructed_agent=_agent(node, group, "InstdAgt", directory),
        reasons=reasons or (() if shared is None else read_reasons(shared, "RtrRsnInf")),
        instructed=_amount(node, "RtrdInstdAmt"),
        charge_bearer=_bearer(node),
        charges=tuple(
            (amount_of(required(charge, "Amt")), read_agent(find(charge, "Agt"), directory))
            for charge in find_all(node, "ChrgsInf")
        ),
    )


def _amount(node: etree._Element, tag: str) -> Amount | None:
    found = find(node, tag)
    return None if found is None else amount_of(found)


def _bearer(node: etree._Element) -> ChargeBearer | None:
    stated = text_at(node, "ChrgBr")
    return ChargeBearer(stated) if stated else None


def _agent(node: etree._Element, group: etree._Element, tag: str, directory: Directory) -> Agent | None:
    own = find(node, tag)
    return read_agent(find(group, tag) if own is None else own, directory)
