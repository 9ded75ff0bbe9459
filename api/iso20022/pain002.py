"""Writes the status report to a customer (pain.002): each payment by itself, and what that makes of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from lxml import etree

from api.iso20022.codes import STATUS_OF
from api.iso20022.group_report import status_of_all, write_counts, write_group
from api.iso20022.institutions import write_agent
from api.iso20022.pacs002 import write_reasons
from api.iso20022.pain001 import CustomerOrder
from api.iso20022.parse import ParsedMessage
from api.iso20022.writing import add, add_if, new_root, serialise, timestamp
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.reasons import Finding

IDENTIFIER = "pain.002.001.10"


@dataclass(frozen=True)
class OrderStatus:
    """Where one payment of the customer's instruction stands, and why if it went no further."""

    order: CustomerOrder
    state: State
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()


def write_customer_status(
    original: ParsedMessage,
    statuses: tuple[OrderStatus, ...],
    *,
    message_id: str,
    created_at: datetime,
    debtor_agent: Agent,
    findings: tuple[Finding, ...] = (),
) -> bytes:
    """The pain.002 for a pain.001, as a bare Document; `statuses` stand in the instruction's order.

    `findings` refuse the instruction as a whole.
    """
    document = new_root(IDENTIFIER)
    report = add(document, "CstmrPmtStsRpt")
    head = add(report, "GrpHdr")
    add(head, "MsgId", message_id)
    add(head, "CreDtTm", timestamp(created_at))
    write_agent(head, "DbtrAgt", debtor_agent)
    write_group(report, original, [status.state for status in statuses], findings, debtor_agent)
    for information_id, members in groupby(statuses, key=lambda status: status.order.payment_information_id):
        _write_information(report, information_id, tuple(members), debtor_agent)
    return serialise(document)


def _write_information(
    report: etree._Element, information_id: str, statuses: tuple[OrderStatus, ...], originator: Agent
) -> None:
    node = add(report, "OrgnlPmtInfAndSts")
    add(node, "OrgnlPmtInfId", information_id)
    add(node, "OrgnlNbOfTxs", str(len(statuses)))
    states = [status.state for status in statuses]
    add(node, "PmtInfSts", status_of_all(states))
    write_counts(node, states)
    for status in statuses:
        transaction = add(node, "TxInfAndSts")
        add_if(transaction, "OrgnlInstrId", status.order.instruction_id)
        add(transaction, "OrgnlEndToEndId", status.order.end_to_end_id)
        add(transaction, "OrgnlUETR", status.order.uetr)
        add(transaction, "TxSts", STATUS_OF[status.state])
        write_reasons(transaction, status.findings, status.remarks, originator)
