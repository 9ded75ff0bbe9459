"""Writes the report on a whole message in the inbox: pain.002 to a customer, pacs.002 to a bank, or a reject."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from api.elements import all_in_message_words
from api.iso20022.admi002 import IDENTIFIER as REJECT
from api.iso20022.admi002 import write_message_reject
from api.iso20022.catalogue import Catalogue
from api.iso20022.group_report import LineStatus, write_group_report
from api.iso20022.pacs002 import IDENTIFIER as STATUS_REPORT
from api.iso20022.pain001 import TRANSFER_OF, CustomerOrder
from api.iso20022.pain002 import IDENTIFIER as CUSTOMER_REPORT
from api.iso20022.pain002 import OrderStatus, write_customer_status
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.refusal import Refusal, RefusalKind
from node.book.inbox_records import InboxLine, InboxRecord, InboxVerdict
from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.reasons import Finding, Reason
from node.settlement.ports import NOTHING_SAID, Remarks, Written


def report_on(
    entry: InboxRecord,
    records: Mapping[str, PaymentRecord],
    catalogue: Catalogue,
    ourselves: Agent,
    created_at: datetime,
    remarks: Remarks = NOTHING_SAID,
) -> Written:
    """The report on `entry` as it stands now; `records` are the payments that its lines became."""
    message_id = "STS" + uuid.uuid4().hex
    if entry.verdict is InboxVerdict.REFUSED:
        return Written(REJECT, message_id, _reject(entry, message_id, created_at, ourselves))
    original = _original(entry, catalogue)
    if entry.name in TRANSFER_OF:
        statuses = tuple(_order_status(entry, line, records, remarks) for line in entry.lines)
        body = write_customer_status(
            original,
            statuses,
            message_id=message_id,
            created_at=created_at,
            debtor_agent=ourselves,
            findings=entry.findings,
        )
        return Written(CUSTOMER_REPORT, message_id, body)
    lines = tuple(_line_status(entry, line, records, remarks) for line in entry.lines)
    body = write_group_report(
        original,
        lines,
        message_id=message_id,
        created_at=created_at,
        instructing_agent=ourselves,
        findings=entry.findings,
    )
    return Written(STATUS_REPORT, message_id, body)


def _original(entry: InboxRecord, catalogue: Catalogue) -> ParsedMessage:
    match parse(entry.body, catalogue, len(entry.body)):
        case ParsedMessage() as message:
            return message
        case Refusal(findings=findings):
            raise LookupError(f"message {entry.key} in the book cannot be read any more: {findings[0].text}")


def state_of(
    entry: InboxRecord, line: InboxLine, records: Mapping[str, PaymentRecord]
) -> tuple[State, tuple[Finding, ...]]:
    """Where a line of a message stands and why: its payment's state, or REJECTED where it became none."""
    record = records.get(line.uetr or "")
    if record is None:
        return State.REJECTED, all_in_message_words(line.findings, entry.name)
    return record.state, all_in_message_words(record.findings, entry.name)


def _line_status(
    entry: InboxRecord, line: InboxLine, records: Mapping[str, PaymentRecord], remarks: Remarks
) -> LineStatus:
    state, findings = state_of(entry, line, records)
    return LineStatus(
        line.instruction_id,
        line.end_to_end_id,
        line.transaction_id,
        line.stated_uetr,
        state,
        findings,
        _remarks_on(entry, line, remarks),
    )


def _remarks_on(entry: InboxRecord, line: InboxLine, remarks: Remarks) -> tuple[Finding, ...]:
    return all_in_message_words(remarks.get(line.uetr or "", ()), entry.name)


def _order_status(
    entry: InboxRecord, line: InboxLine, records: Mapping[str, PaymentRecord], remarks: Remarks
) -> OrderStatus:
    state, findings = state_of(entry, line, records)
    order = CustomerOrder(line.block, line.instruction_id, line.end_to_end_id, line.stated_uetr, None, ())
    return OrderStatus(order, state, findings, _remarks_on(entry, line, remarks))


def _reject(entry: InboxRecord, message_id: str, created_at: datetime, ourselves: Agent) -> bytes:
    kind = next((kind for kind in RefusalKind if entry.findings and _is_of(entry.findings[0], kind)), None)
    findings = entry.findings or (_unsaid(),)
    refusal = Refusal(kind or RefusalKind.SCHEMA_INVALID, findings, entry.name)
    return write_message_reject(
        refusal, entry.body, message_id=message_id, created_at=created_at, rejecting_agent=ourselves
    )


def _is_of(finding: Finding, kind: RefusalKind) -> bool:
    return finding.rule == "message." + kind.value.replace("_", "-")


def _unsaid() -> Finding:
    return Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, "The message was refused.", rule="message")
