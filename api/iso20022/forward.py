"""Writes the pacs.008 or pacs.009 that the creditor agent gets, from the one that came in.

This hop's own facts are new: identification, agents, settlement on this network, the UETR, amounts in plain form.
Everything else the message carries is carried on, whether the payment holds it or not; what may not stand as it
came stands elsewhere (`sending`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from lxml import etree

from api.iso20022.amounts import amount_of
from api.iso20022.catalogue import Catalogue
from api.iso20022.institutions import write_agent
from api.iso20022.parse import ParsedMessage
from api.iso20022.reference_data import currencies
from api.iso20022.sending import fit_for_sending
from api.iso20022.tree import find, name_of, required, text_at
from api.iso20022.writing import add, order_at, plain_copy, put, serialise, timestamp
from node.domain.money import TooManyDecimals, money
from node.domain.party import Agent
from node.domain.payment import Payment, credit_leg, debit_leg, is_cross_currency

CLEARING_SYSTEM = "CORRIDOR"


@dataclass(frozen=True)
class Hop:
    """What is new on this leg; `message_id` must be new for every payment, `created_at` must carry a zone."""

    message_id: str
    created_at: datetime
    instructing_agent: Agent
    instructed_agent: Agent
    settlement_date: date


def forward(message: ParsedMessage, payment: Payment, hop: Hop, catalogue: Catalogue) -> bytes:
    """The credit transfer for the next agent, as a bare Document in the version it came in.

    The same arguments give the same bytes, so its digest can be signed. A rate that the message left to the
    quote is written, because two currencies need one (ISO 20022 pacs.008 rules).
    """
    definition = catalogue.definition(message.identifier)
    document = plain_copy(message.document)
    body = document[0]
    group, transaction = required(body, "GrpHdr"), required(body, "CdtTrfTxInf")
    at = f"{name_of(body)}/CdtTrfTxInf"
    group_order, transaction_order = order_at(definition, f"{name_of(body)}/GrpHdr"), order_at(definition, at)
    _shift_agents(group, transaction, hop, payment, transaction_order)
    write_group_header(group, hop, group_order)
    _write_transaction(transaction, payment, hop, transaction_order)
    identification_order = order_at(definition, f"{at}/PmtId")
    put(required(transaction, "PmtId"), leaf(transaction, "UETR", payment.uetr), identification_order)
    write_amounts_plainly(document)
    fit_for_sending(transaction)
    return serialise(document)


def write_group_header(group: etree._Element, hop: Hop, order: tuple[str, ...]) -> None:
    """Make the group header this hop's: an identification of its own, settled here, no agents of the last hop."""
    put(group, leaf(group, "MsgId", hop.message_id), order)
    put(group, leaf(group, "CreDtTm", timestamp(hop.created_at)), order)
    settlement = leaf(group, "SttlmInf", None)
    add(settlement, "SttlmMtd", "CLRG")
    add(settlement, "ClrSys/Prtry", CLEARING_SYSTEM)
    put(group, settlement, order)
    remove(group, "IntrBkSttlmDt", "InstgAgt", "InstdAgt")


def _write_transaction(transaction: etree._Element, payment: Payment, hop: Hop, order: tuple[str, ...]) -> None:
    put(transaction, leaf(transaction, "IntrBkSttlmDt", hop.settlement_date.isoformat()), order)
    rate = written_rate(payment)
    if rate is not None and find(transaction, "XchgRate") is None:
        put(transaction, leaf(transaction, "XchgRate", rate), order)


def _shift_agents(
    group: etree._Element, transaction: etree._Element, hop: Hop, payment: Payment, order: tuple[str, ...]
) -> None:
    """Move the agents one leg on: the last instructing agent becomes a previous one, reached ones are dropped."""
    previous = find(transaction, "InstgAgt")
    previous = find(group, "InstgAgt") if previous is None else previous
    if previous is not None and _is_between(previous, payment.debtor_agent, hop.instructing_agent):
        free = [number for number in (1, 2, 3) if find(transaction, f"PrvsInstgAgt{number}") is None]
        if free:
            previous.tag = _tag(transaction, f"PrvsInstgAgt{free[0]}")
            put(transaction, previous, order)
    for number in (1, 2, 3):
        remove(transaction, f"IntrmyAgt{number}", f"IntrmyAgt{number}Acct")
    for tag, agent in (("InstgAgt", hop.instructing_agent), ("InstdAgt", hop.instructed_agent)):
        put(transaction, write_agent(leaf(transaction, "CdtTrfTxInf", None), tag, agent), order)


def _is_between(node: etree._Element, debtor_agent: Agent, instructing_agent: Agent) -> bool:
    """Whether this agent is neither the debtor agent nor we ourselves, whose names stand elsewhere."""
    bic = text_at(node, "FinInstnId/BICFI")
    return bic is None or bic[:8] not in (debtor_agent.bic[:8], instructing_agent.bic[:8])


def written_rate(payment: Payment) -> str | None:
    """Credit over debit leg in the eleven digits that XchgRate has, where two currencies need a rate."""
    if not is_cross_currency(payment) or debit_leg(payment).minor <= 0:
        return None
    exact = Fraction(credit_leg(payment).decimal()) / Fraction(debit_leg(payment).decimal())
    with localcontext() as context:
        context.prec, context.rounding = 11, ROUND_HALF_EVEN
        rate = Decimal(exact.numerator) / Decimal(exact.denominator)
        rate = rate if rate >= 1 else rate.quantize(Decimal("1e-10"))
    return format(rate, "f") if 0 < rate < 10**11 else None


def write_amounts_plainly(document: etree._Element) -> None:
    """`.5` and `+5.00` are legal and trip the next reader; amounts get their currency's decimals."""
    for node in document.iter("{*}*"):
        if node.get("Ccy") is None or len(node):
            continue
        amount = amount_of(node)
        try:
            node.text = money(amount.number, currencies()[amount.currency]).plain()
        except (KeyError, TooManyDecimals):
            node.text = format(amount.number, "f")


def leaf(beside: etree._Element, tag: str, text: str | None) -> etree._Element:
    """A new element in the namespace of another, not yet put anywhere."""
    node = etree.Element(_tag(beside, tag))
    node.text = text
    return node


def _tag(beside: etree._Element, tag: str) -> str:
    return f"{{{etree.QName(beside).namespace}}}{tag}"


def remove(parent: etree._Element, *tags: str) -> None:
    """Take these elements out, where they are."""
    for tag in tags:
        node = find(parent, tag)
        if node is not None:
            parent.remove(node)
