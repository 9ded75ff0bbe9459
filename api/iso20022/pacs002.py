"""Writes the status report (pacs.002) that answers a message, and reads the ones that answer ours.

An answer quotes the identifiers of the very leg it answers, and carries a business header if the message did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from api.iso20022.codes import STATUS_OF, reason_code
from api.iso20022.header import reply_header
from api.iso20022.institutions import write_agent
from api.iso20022.parse import ParsedMessage
from api.iso20022.pieces import REMARK, pieces
from api.iso20022.references import MessageReferences, references_of
from api.iso20022.writing import add, add_if, new_root, serialise, timestamp
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.reasons import Finding

IDENTIFIER = "pacs.002.001.10"
SETTLEMENT_NAMESPACE = "urn:corridor:settlement:1"
MOST_REASONS = 10

_REFUSED = ("RJCT", "CANC")


@dataclass(frozen=True)
class OnChain:
    """Where a payment was settled: the transaction's hash (0x and 64 digits) and the number of its block."""

    transaction_hash: str
    block_number: int


@dataclass(frozen=True)
class Status:
    """What a status report says.

    `message_id` is the report's own, new each time; `created_at` must carry a zone. `uetr` is the payment's,
    for a message that came without. `accepted_at` is when the creditor agent's acceptance was had, `settled_on`
    the day of finality; it is written for a settled payment only. `instructing_agent` is who reports. `remarks`
    refuse nothing: they are told in words, without a reason code.
    """

    message_id: str
    created_at: datetime
    state: State
    instructing_agent: Agent
    instructed_agent: Agent | None = None
    findings: tuple[Finding, ...] = ()
    uetr: str | None = None
    accepted_at: datetime | None = None
    settled_on: date | None = None
    on_chain: OnChain | None = None
    remarks: tuple[Finding, ...] = ()


def write_status_report(original: ParsedMessage, status: Status) -> bytes:
    """The pacs.002 for the state a payment is in, in the form that `original` came in: bare or with a header."""
    references = references_of(original)
    document = new_root(IDENTIFIER)
    report = add(document, "FIToFIPmtStsRpt")
    write_group(report, status)
    write_transaction(add(report, "TxInfAndSts"), status, references)
    header = None
    if original.header is not None:
        created_at = timestamp(status.created_at)
        header = reply_header(original.header, status.instructing_agent, IDENTIFIER, status.message_id, created_at)
    return serialise(document, header)


def write_group(report: etree._Element, status: Status) -> None:
    """Append the group header."""
    group = add(report, "GrpHdr")
    add(group, "MsgId", status.message_id)
    add(group, "CreDtTm", timestamp(status.created_at))
    _write_agents(group, status)


def _write_agents(parent: etree._Element, status: Status) -> None:
    write_agent(parent, "InstgAgt", status.instructing_agent)
    if status.instructed_agent is not None:
        write_agent(parent, "InstdAgt", status.instructed_agent)


def write_transaction(node: etree._Element, status: Status, references: MessageReferences) -> None:
    """Write what is told of one transaction."""
    group = add(node, "OrgnlGrpInf")
    add(group, "OrgnlMsgId", references.message_id)
    add(group, "OrgnlMsgNmId", references.identifier)
    add_if(group, "OrgnlCreDtTm", references.created_at)
    transaction = references.transaction
    add_if(node, "OrgnlInstrId", transaction.instruction_id)
    add_if(node, "OrgnlEndToEndId", transaction.end_to_end_id)
    add_if(node, "OrgnlTxId", transaction.transaction_id)
    add_if(node, "OrgnlUETR", transaction.uetr or status.uetr)
    code = STATUS_OF[status.state]
    add(node, "TxSts", code)
    write_reasons(node, status.findings, status.remarks, status.instructing_agent)
    if status.accepted_at is not None and code not in _REFUSED:
        add(node, "AccptncDtTm", timestamp(status.accepted_at))
    if status.settled_on is not None and code == "ACSC":
        add(node, "FctvIntrBkSttlmDt/Dt", status.settled_on.isoformat())
    if status.on_chain is not None:
        _write_chain(node, status.on_chain)


def write_reasons(
    node: etree._Element, findings: tuple[Finding, ...], remarks: tuple[Finding, ...], originator: Agent
) -> None:
    """Append the reasons, then as many of the remarks as there is room for (ten StsRsnInf in all)."""
    for finding in findings[:MOST_REASONS]:
        write_reason(node, finding, originator)
    for remark in remarks[: MOST_REASONS - len(findings[:MOST_REASONS])]:
        _write_remark(node, remark, originator)


def write_reason(node: etree._Element, finding: Finding, originator: Agent) -> None:
    """Append one reason (StsRsnInf) with its code, who says so, and the finding in words."""
    information = add(node, "StsRsnInf")
    add(information, "Orgtr/Id/OrgId/AnyBIC", originator.bic)
    add(information, "Rsn/Cd", reason_code(finding))
    for piece in pieces_of(finding):
        add(information, "AddtlInf", piece)


def _write_remark(node: etree._Element, remark: Finding, originator: Agent) -> None:
    """Append a warning: who says so and what, and no reason, because nothing was refused for it."""
    information = add(node, "StsRsnInf")
    add(information, "Orgtr/Id/OrgId/AnyBIC", originator.bic)
    for piece in (REMARK, *pieces_of(remark)):
        add(information, "AddtlInf", piece)


def pieces_of(finding: Finding) -> tuple[str, ...]:
    """A finding in words, in pieces of at most 105 characters (Max105Text): the sentence, then what it is about.

    Element, value and rule each begin a piece, so that a machine can find them again.
    """
    parts = [finding.text]
    labelled = (("element", finding.element), ("value", finding.value), ("rule", finding.rule))
    stated = finding.stated_code if finding.stated_code != reason_code(finding) else None
    for label, content in (*labelled, ("stated code", stated)):
        if content:
            parts.append(f"{label}: {content}")
    return tuple(piece for part in parts for piece in pieces(part))


def _write_chain(node: etree._Element, on_chain: OnChain) -> None:
    """The settling transaction; its hash is longer than ClrSysRef may be, so it goes into supplementary data."""
    envelope = add(node, "SplmtryData/Envlp")
    namespace = SETTLEMENT_NAMESPACE
    settlement = etree.SubElement(envelope, f"{{{namespace}}}Settlement", nsmap={None: namespace})
    etree.SubElement(settlement, f"{{{namespace}}}Transaction").text = on_chain.transaction_hash
    etree.SubElement(settlement, f"{{{namespace}}}Block").text = str(on_chain.block_number)
