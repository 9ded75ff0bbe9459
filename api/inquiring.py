"""Answers a request for the status of payments (pacs.028), from our back office or from the other institution."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from api.institution import Institution
from api.iso20022.original import OriginalPayment
from api.iso20022.pacs002 import Status
from api.iso20022.pacs028 import read_status_request
from api.iso20022.parse import ParsedMessage
from api.iso20022.status_answer import write_status_answer
from api.originals import uetr_of_original
from api.problems import problem_of
from api.translation import status_of
from api.views import name_of_instruction
from node.book.book import Unit
from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.party import Agent, Participant
from node.domain.payment import Side
from node.domain.reasons import Finding, Reason
from node.settlement.batch_report import remarks_of
from node.settlement.intake import BACK_OFFICE, outbound
from node.settlement.office import Office, participant
from node.settlement.ports import Written

INQUIRIES: Final = frozenset(f"pacs.028.001.{version}" for version in ("03", "04", "05"))


def answer_inquiry(institution: Institution, message: ParsedMessage, asker: Participant | None) -> bytes:
    """The pacs.002 with the present state of every payment asked about; `asker` is None for our back office.

    Another institution is told of the payments between it and us, and of no others. The answer is kept.
    """
    office = institution.office
    ourselves = Agent(office.bic, institution.name)
    head = Status(
        message_id="STS" + uuid.uuid4().hex,
        created_at=datetime.fromtimestamp(office.clock.now_s(), UTC),
        state=State.RECEIVED,
        instructing_agent=ourselves,
        instructed_agent=Agent(asker.bic) if asker else None,
    )
    asked = _asked(institution, message, asker)
    with office.book.unit() as unit:
        found = [(one, _told(office, unit.payments.find(one.uetr or ""), asker)) for one in asked]
        body = write_status_answer(
            message, head, tuple((one, _status(unit, head, record)) for one, record in found)
        )
        uetr = next((record.uetr for _, record in found if record), None)
        written = Written("pacs.002.001.10", head.message_id, body)
        unit.messages.add(outbound(office, uetr, asker.bic if asker else BACK_OFFICE, written))
    return body


def _asked(
    institution: Institution, message: ParsedMessage, asker: Participant | None
) -> tuple[OriginalPayment, ...]:
    """The payments asked about; our back office may name one by other references, where they fit no other."""
    asked = read_status_request(message)
    if not asked:
        text = "The request names no payment; there is nothing to be answered."
        rule, element = "inquiry.names-a-payment", "FIToFIPmtStsReq/TxInf"
        raise problem_of((Finding(Reason.NUMBER_OF_TRANSACTIONS_WRONG, text, element, rule=rule),))
    if asker is not None:
        return asked
    return tuple(replace(one, uetr=_named(institution, one)) for one in asked)


def _named(institution: Institution, one: OriginalPayment) -> str | None:
    """The payment's UETR: one that we sent, or else one that we received."""
    named = (uetr_of_original(institution, one, side) for side in (Side.DEBTOR_AGENT, Side.CREDITOR_AGENT))
    return next((uetr for uetr in named if uetr), None)


def answer_back_office(institution: Institution, message: ParsedMessage) -> bytes:
    """The answer to our own back office: a pain.002 for a pain.001 that it names, else a pacs.002."""
    asked = read_status_request(message)
    order = asked[0] if asked and (asked[0].message_name or "").startswith("pain.001.") else None
    if order is None:
        return answer_inquiry(institution, message, None)
    office = institution.office
    with office.book.unit() as unit:
        entry = unit.inbox.find_taken(BACK_OFFICE, order.message_id)
        if entry is None or entry.name != order.message_name:
            text = f"No {order.message_name} of the identification {order.message_id} was taken here."
            element = "FIToFIPmtStsReq/OrgnlGrpInf/OrgnlMsgId"
            finding = Finding(Reason.ORIGINAL_UNKNOWN, text, element, order.message_id, "inquiry.order-known")
            raise problem_of((finding,))
        found = unit.payments.find_many([line.uetr for line in entry.lines if line.uetr])
        records = {one.uetr: one for one in found}
        written = office.translator.report_batch(entry, records, remarks_of(unit, records))
        unit.messages.add(outbound(office, None, BACK_OFFICE, written))
    return written.body


def _told(office: Office, record: PaymentRecord | None, asker: Participant | None) -> PaymentRecord | None:
    if record is None or asker is None:
        return record
    payment = record.payment
    other = payment.creditor_agent if record.side is Side.DEBTOR_AGENT else payment.debtor_agent
    return record if participant(office, other.bic) == asker else None


def _status(unit: Unit, head: Status, record: PaymentRecord | None) -> Status | None:
    return None if record is None else status_of(record, head, name_of_instruction(unit, record.uetr))
