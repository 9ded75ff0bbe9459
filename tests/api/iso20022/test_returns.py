"""Returns, recalls, their answers and inquiries: what is written is valid and reads back as what was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from api.iso20022.amounts import Amount
from api.iso20022.camt029 import Answer, read_resolutions, write_resolution
from api.iso20022.camt056 import read_recalls, write_recall
from api.iso20022.original import OriginalPayment
from api.iso20022.pacs004 import ReturnOrder, read_returns, write_return
from api.iso20022.pacs028 import read_status_request
from api.iso20022.status_report import StatedReason
from node.domain.money import Currency, Money
from node.domain.party import Agent
from node.domain.payment import ChargeBearer
from tests.api.iso20022.messages import parsed

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CREDITOR_AGENT, DEBTOR_AGENT = Agent("CRDBAEADXXX"), Agent("CRDACNSHXXX")
ORIGINAL = OriginalPayment(
    message_id="CRDA-HOP-1",
    message_name="pacs.008.001.08",
    instruction_id="INSTR-0001",
    end_to_end_id="PO-2026-7781",
    uetr="3f1c2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41",
    amount=Amount(Decimal("5114.97"), "AED"),
    settlement_date=date(2026, 11, 23),
)
REASON = StatedReason("FOCR", None, "Returned as asked. " * 10)


def recall_message() -> bytes:
    return write_recall(
        assignment_id="RCL-1",
        case_id="CASE-1",
        created_at=NOW,
        assigner=DEBTOR_AGENT,
        assignee=CREDITOR_AGENT,
        original=ORIGINAL,
        reasons=(StatedReason("DUPL", None, "Sent twice."),),
    )


def test_return_reads_back_as_written() -> None:
    order = ReturnOrder(
        message_id="RTR-1",
        return_id="RTR-1-1",
        created_at=NOW,
        original=ORIGINAL,
        returned=Money(511_000, Currency("AED", 2)),
        settlement_date=date(2026, 11, 24),
        charge_bearer=ChargeBearer.SHARED,
        instructing_agent=CREDITOR_AGENT,
        instructed_agent=DEBTOR_AGENT,
        reasons=(REASON,),
    )

    (found,) = read_returns(parsed(write_return(order)))

    assert found.message_id == "RTR-1"
    assert found.return_id == "RTR-1-1"
    assert found.original == ORIGINAL
    assert found.returned == Amount(Decimal("5110.00"), "AED")
    assert found.settlement_date == date(2026, 11, 24)
    assert (found.instructing_agent, found.instructed_agent) == (CREDITOR_AGENT, DEBTOR_AGENT)
    assert [(reason.code, reason.text) for reason in found.reasons] == [("FOCR", REASON.text.strip())]


def test_recall_reads_back_as_written() -> None:
    (recall,) = read_recalls(parsed(recall_message()))

    assert recall.original == ORIGINAL
    assert recall.cancellation_id == "RCL-1"
    assert recall.reasons == (StatedReason("DUPL", None, "Sent twice."),)
    assert recall.assignment.case_id == "CASE-1"
    assert recall.assignment.case_creator == DEBTOR_AGENT
    assert (recall.assignment.assigner, recall.assignment.assignee) == (DEBTOR_AGENT, CREDITOR_AGENT)


@pytest.mark.parametrize("answer", list(Answer))
def test_answer_to_a_recall_reads_back_as_written(answer: Answer) -> None:
    (recall,) = read_recalls(parsed(recall_message()))
    raw = write_resolution(
        recall,
        answer,
        assignment_id="RSL-1",
        created_at=NOW,
        assigner=CREDITOR_AGENT,
        assignee=DEBTOR_AGENT,
        reasons=(StatedReason("NOOR", None, "Never received."),) if answer is Answer.REFUSED else (),
    )

    (resolution,) = read_resolutions(parsed(raw))

    assert (resolution.confirmation, resolution.status) == (answer.confirmation, answer.status)
    assert resolution.original == ORIGINAL
    assert resolution.assignment.case_id == "CASE-1"
    assert resolution.assignment.case_creator == DEBTOR_AGENT
    assert [reason.code for reason in resolution.reasons] == (["NOOR"] if answer is Answer.REFUSED else [])


def test_answer_without_transactions_is_read() -> None:
    raw = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.029.001.09"><RsltnOfInvstgtn><Assgnmt><Id>A</Id>'
        "<Assgnr><Pty><Nm>X</Nm></Pty></Assgnr><Assgne><Pty><Nm>Y</Nm></Pty></Assgne>"
        "<CreDtTm>2026-11-24T09:00:00Z</CreDtTm></Assgnmt><Sts><Conf>RJCR</Conf></Sts></RsltnOfInvstgtn></Document>"
    )

    (resolution,) = read_resolutions(parsed(raw))

    assert (resolution.confirmation, resolution.status) == ("RJCR", None)
    assert resolution.assignment.assigner is None


def test_status_request_by_transaction_or_by_group() -> None:
    head = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.028.001.03"><FIToFIPmtStsReq><GrpHdr>'
        "<MsgId>Q</MsgId><CreDtTm>2026-11-24T09:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInf><OrgnlMsgId>M</OrgnlMsgId>"
        "<OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>"
    )
    transaction = f"<TxInf><OrgnlUETR>{ORIGINAL.uetr}</OrgnlUETR></TxInf>"
    tail = "</FIToFIPmtStsReq></Document>"

    by_group = read_status_request(parsed(head + tail))
    by_transaction = read_status_request(parsed(head + transaction + tail))

    assert [(asked.message_id, asked.uetr) for asked in by_group] == [("M", None)]
    assert [(asked.message_id, asked.uetr) for asked in by_transaction] == [("M", ORIGINAL.uetr)]
