"""Writes the status report (pacs.002) on a message of several transactions: of the whole and of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from api.iso20022.codes import STATUS_OF
from api.iso20022.header import reply_header
from api.iso20022.institutions import write_agent
from api.iso20022.pacs002 import IDENTIFIER, MOST_REASONS, write_reason, write_reasons
from api.iso20022.parse import ParsedMessage
from api.iso20022.references import references_of
from api.iso20022.tree import children, text_at
from api.iso20022.writing import add, add_if, new_root, serialise, timestamp
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.reasons import Finding


@dataclass(frozen=True)
class LineStatus:
    """Where one transaction of a message stands, by the identifiers that an answer quotes."""

    instruction_id: str | None
    end_to_end_id: str
    transaction_id: str | None
    uetr: str
    state: State
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()


def status_of_all(states: Iterable[State]) -> str:
    """One code for several payments: theirs where it is one, PART where some are refused, else the least far.

    >>> status_of_all([State.SETTLED, State.REJECTED])
    'PART'
    """
    codes = {STATUS_OF[state] for state in states}
    if len(codes) == 1:
        return codes.pop()
    if not codes:
        return "RJCT"
    return "PART" if codes & {"RJCT", "CANC"} else "ACTC"


def write_counts(node: etree._Element, states: Iterable[State]) -> None:
    """Append how many transactions have each status."""
    for code, number in sorted(Counter(STATUS_OF[state] for state in states).items()):
        counted = add(node, "NbOfTxsPerSts")
        add(counted, "DtldNbOfTxs", str(number))
        add(counted, "DtldSts", code)


def _write_original_sums(node: etree._Element, original: etree._Element) -> None:
    """Repeat the number of transactions and the control sum that the original stated."""
    add_if(node, "OrgnlNbOfTxs", text_at(original, "NbOfTxs"))
    add_if(node, "OrgnlCtrlSum", text_at(original, "CtrlSum"))


def write_group(
    report: etree._Element,
    original: ParsedMessage,
    states: Sequence[State],
    findings: tuple[Finding, ...],
    originator: Agent,
) -> None:
    """Append what became of a message as a whole; `findings` refuse it as such, and `originator` says so."""
    references = references_of(original)
    group = add(report, "OrgnlGrpInfAndSts")
    add(group, "OrgnlMsgId", references.message_id)
    add(group, "OrgnlMsgNmId", references.identifier)
    add_if(group, "OrgnlCreDtTm", references.created_at)
    _write_original_sums(group, next(children(original.body)))
    add(group, "GrpSts", status_of_all(states))
    for finding in findings[:MOST_REASONS]:
        write_reason(group, finding, originator)
    write_counts(group, states)


def write_group_report(
    original: ParsedMessage,
    lines: tuple[LineStatus, ...],
    *,
    message_id: str,
    created_at: datetime,
    instructing_agent: Agent,
    findings: tuple[Finding, ...] = (),
) -> bytes:
    """The pacs.002 for a message of several, with a header if that had one; `findings` refuse it as a whole."""
    document = new_root(IDENTIFIER)
    report = add(document, "FIToFIPmtStsRpt")
    head = add(report, "GrpHdr")
    add(head, "MsgId", message_id)
    add(head, "CreDtTm", timestamp(created_at))
    write_agent(head, "InstgAgt", instructing_agent)
    write_group(report, original, [line.state for line in lines], findings, instructing_agent)
    for line in lines:
        _write_line(report, line, instructing_agent)
    header = None
    if original.header is not None:
        header = reply_header(original.header, instructing_agent, IDENTIFIER, message_id, timestamp(created_at))
    return serialise(document, header)


def _write_line(report: etree._Element, line: LineStatus, originator: Agent) -> None:
    node = add(report, "TxInfAndSts")
    add_if(node, "OrgnlInstrId", line.instruction_id)
    add_if(node, "OrgnlEndToEndId", line.end_to_end_id)
    add_if(node, "OrgnlTxId", line.transaction_id)
    add(node, "OrgnlUETR", line.uetr)
    add(node, "TxSts", STATUS_OF[line.state])
    write_reasons(node, line.findings, line.remarks, originator)
