"""Writes the pacs.004 that the other institution gets, from the one that came in, as `forward` does a pacs.008.

The return's identification is its own UETR without hyphens, so that both sides know it by one name; the roles of
the return are told where the message did not tell them.
"""

from __future__ import annotations

import uuid

from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.forward import Hop, leaf, remove, write_amounts_plainly, write_group_header, written_rate
from api.iso20022.institutions import write_agent
from api.iso20022.parse import ParsedMessage
from api.iso20022.parties import write_party
from api.iso20022.sending import fit_for_sending
from api.iso20022.tree import find, required
from api.iso20022.writing import add, order_at, plain_copy, put, serialise
from node.domain.money import Money
from node.domain.payment import Payment

RETURNS = frozenset(f"pacs.004.001.{version}" for version in ("09", "10", "11", "13"))
"""The versions of pacs.004 that are read, and forwarded in the version they came in."""


def return_id(uetr: str) -> str:
    """A return's identification between institutions (RtrId, Max35Text)."""
    return uuid.UUID(uetr).hex


def forward_return(message: ParsedMessage, payment: Payment, hop: Hop, catalogue: Catalogue) -> bytes:
    """The return for the other institution, as a bare Document; the same arguments give the same bytes."""
    definition = catalogue.definition(message.identifier)
    document = plain_copy(message.document)
    body = document[0]
    group, transaction = required(body, "GrpHdr"), required(body, "TxInf")
    remove(group, "TtlRtrdIntrBkSttlmAmt", "CtrlSum")
    write_group_header(group, hop, order_at(definition, "PmtRtr/GrpHdr"))
    _write_transaction(transaction, payment, hop, order_at(definition, "PmtRtr/TxInf"))
    write_amounts_plainly(document)
    fit_for_sending(transaction)
    return serialise(document)


def _write_transaction(node: etree._Element, payment: Payment, hop: Hop, order: tuple[str, ...]) -> None:
    put(node, leaf(node, "RtrId", return_id(payment.uetr)), order)
    put(node, leaf(node, "OrgnlUETR", payment.return_of), order)
    put(node, _amount(node, "RtrdIntrBkSttlmAmt", payment.interbank_settlement_amount), order)
    put(node, leaf(node, "IntrBkSttlmDt", hop.settlement_date.isoformat()), order)
    if payment.instructed_amount is not None:
        put(node, _amount(node, "RtrdInstdAmt", payment.instructed_amount), order)
    rate = written_rate(payment)
    if rate is not None:
        put(node, leaf(node, "XchgRate", rate), order)
    if find(node, "ChrgBr") is None:
        put(node, leaf(node, "ChrgBr", payment.charge_bearer.value), order)
    for tag, agent in (("InstgAgt", hop.instructing_agent), ("InstdAgt", hop.instructed_agent)):
        put(node, write_agent(leaf(node, "TxInf", None), tag, agent), order)
    if find(node, "RtrChain") is None:
        put(node, _chain(node, payment), order)


def _amount(beside: etree._Element, tag: str, money: Money) -> etree._Element:
    node = leaf(beside, tag, money.plain())
    node.set("Ccy", money.currency.code)
    return node


def _chain(beside: etree._Element, payment: Payment) -> etree._Element:
    """Who returns to whom: the original's creditor side pays, its debtor side is paid."""
    chain = leaf(beside, "RtrChain", None)
    write_party(add(chain, "Dbtr"), "Pty", payment.debtor)
    write_agent(chain, "DbtrAgt", payment.debtor_agent)
    write_agent(chain, "CdtrAgt", payment.creditor_agent)
    write_party(add(chain, "Cdtr"), "Pty", payment.creditor)
    return chain
