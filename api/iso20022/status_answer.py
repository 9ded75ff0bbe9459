"""Writes the answer to a request for status (pacs.028): one pacs.002 with every payment that was asked about.

A payment that is not known gets no status, only the sentence that says so: it has not been rejected here.
"""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from api.iso20022.header import reply_header
from api.iso20022.original import OriginalPayment
from api.iso20022.pacs002 import IDENTIFIER, Status, write_group, write_transaction
from api.iso20022.parse import ParsedMessage
from api.iso20022.references import MessageReferences, TransactionReferences
from api.iso20022.writing import add, add_if, new_root, serialise, timestamp

UNKNOWN = "No payment of this UETR, or no single one of these references, is known between these two parties here."


def write_status_answer(
    request: ParsedMessage, head: Status, answers: tuple[tuple[OriginalPayment, Status | None], ...]
) -> bytes:
    """The pacs.002 that answers a pacs.028; `head` gives its identification and ends, the answers the rest."""
    document = new_root(IDENTIFIER)
    report = add(document, "FIToFIPmtStsRpt")
    write_group(report, head)
    for asked, status in answers:
        node = add(report, "TxInfAndSts")
        if status is None:
            _write_unknown(node, asked, head)
        else:
            write_transaction(node, replace(status, instructing_agent=head.instructing_agent), _names(asked))
    header = None
    if request.header is not None:
        created_at = timestamp(head.created_at)
        header = reply_header(request.header, head.instructing_agent, IDENTIFIER, head.message_id, created_at)
    return serialise(document, header)


def _names(asked: OriginalPayment) -> MessageReferences:
    return MessageReferences(
        message_id=asked.message_id or "NOTPROVIDED",
        identifier=asked.message_name or "pacs.008.001.08",
        created_at=None,
        transaction=TransactionReferences(
            asked.instruction_id, asked.end_to_end_id, asked.transaction_id, asked.uetr
        ),
    )


def _write_unknown(node: etree._Element, asked: OriginalPayment, head: Status) -> None:
    if asked.message_id and asked.message_name:
        add(node, "OrgnlGrpInf/OrgnlMsgId", asked.message_id)
        add(node[0], "OrgnlMsgNmId", asked.message_name)
    add_if(node, "OrgnlInstrId", asked.instruction_id)
    add_if(node, "OrgnlEndToEndId", asked.end_to_end_id)
    add_if(node, "OrgnlTxId", asked.transaction_id)
    add_if(node, "OrgnlUETR", asked.uetr)
    information = add(node, "StsRsnInf")
    add(information, "Orgtr/Id/OrgId/AnyBIC", head.instructing_agent.bic)
    add(information, "Rsn/Cd", "NARR")
    add(information, "AddtlInf", UNKNOWN)
