from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from api.iso20022.codes import STATUS_OF, reason_code
from api.iso20022.pacs002 import MOST_REASONS, OnChain, Status, pieces_of, write_status_report
from api.iso20022.status_report import (
    StatedReason,
    TransactionStatus,
    name_remarks,
    read_status_report,
    refusal_findings,
)
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.reasons import Finding, Reason
from tests.api.iso20022.messages import MINTED, ONE_CURRENCY, full, parsed

NOW = datetime(2026, 11, 23, 9, 30, 1, 250_000, tzinfo=UTC)
REPORTER = Agent("CRDCCNBJXXX")
STATUS = Status("STS-1", NOW, State.RECEIVED, REPORTER)


def written(status: Status, original: bytes | str = ONE_CURRENCY) -> etree._Element:
    raw = write_status_report(parsed(original), status)
    parsed(raw)
    return etree.fromstring(raw)


def texts(root: etree._Element, path: str) -> list[str | None]:
    return [node.text for node in root.findall(path)]


def read_back(status: Status, original: bytes | str = ONE_CURRENCY) -> TransactionStatus:
    report = read_status_report(parsed(write_status_report(parsed(original), status)))
    assert report.message_id == status.message_id
    assert len(report.transactions) == 1
    return report.transactions[0]


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_reported_and_read_back(state: State) -> None:
    findings = (Finding(Reason.BALANCE_TOO_LOW, "Too low."),) if STATUS_OF[state] in ("RJCT", "CANC") else ()

    status = read_back(replace(STATUS, state=state, findings=findings))

    assert status.status == STATUS_OF[state]
    assert [reason.code for reason in status.reasons] == [reason_code(finding) for finding in findings]


def test_original_identifiers_are_quoted() -> None:
    status = read_back(STATUS, full())

    assert status.message_id == "CRDA-20261123-0001"
    assert status.message_name == "pacs.008.001.08"
    assert status.instruction_id == "INSTR-0001"
    assert status.end_to_end_id == "PO-2026-7781"
    assert status.transaction_id is None
    assert status.uetr == "3f1c2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41"


def test_minted_uetr_is_told() -> None:
    assert read_back(replace(STATUS, uetr=MINTED)).uetr == MINTED
    assert read_back(STATUS).uetr is None


def test_answer_comes_in_the_form_asked() -> None:
    bare, wrapped = written(STATUS), written(STATUS, full())

    assert etree.QName(bare).localname == "Document"
    assert etree.QName(wrapped) == etree.QName("urn:swift:xsd:envelope", "Envelope")
    assert texts(wrapped, "{*}AppHdr/{*}Fr//{*}BICFI") == ["CRDCCNBJXXX"]
    assert texts(wrapped, "{*}AppHdr/{*}To//{*}BICFI") == ["CRDACNSHXXX"]
    assert texts(wrapped, "{*}AppHdr/{*}MsgDefIdr") == ["pacs.002.001.10"]
    assert texts(wrapped, "{*}AppHdr/{*}BizMsgIdr") == ["STS-1"]
    assert texts(wrapped, "{*}AppHdr/{*}Rltd/{*}BizMsgIdr") == ["CRDA-20261123-0001"]


@pytest.mark.parametrize("version", ["head.001.001.01", "head.001.001.02", "head.001.001.03"])
def test_header_of_any_version_is_answered_with_ours(version: str) -> None:
    original = full().replace(b"head.001.001.02", version.encode()).replace(b"58+08:00</CreDt>", b"58Z</CreDt>")

    wrapped = written(STATUS, original)

    assert texts(wrapped, "{*}AppHdr/{*}Rltd/{*}Fr//{*}BICFI") == ["CRDACNSHXXX"]
    assert {etree.QName(node).namespace for node in wrapped[0].iter("{*}*")} == {
        "urn:iso:std:iso:20022:tech:xsd:head.001.001.02"
    }


def test_settlement_day_and_chain_are_told_of_a_settled_payment_only() -> None:
    facts = replace(STATUS, accepted_at=NOW, settled_on=date(2026, 11, 23))

    settled = written(replace(facts, state=State.SETTLED, on_chain=OnChain("0xab", 7)))
    included = written(replace(facts, state=State.INCLUDED))
    rejected = written(replace(facts, state=State.REJECTED))

    assert texts(settled, ".//{*}FctvIntrBkSttlmDt/{*}Dt") == ["2026-11-23"]
    assert texts(settled, ".//{*}AccptncDtTm") == ["2026-11-23T09:30:01.250+00:00"]
    assert texts(settled, ".//{urn:corridor:settlement:1}Transaction") == ["0xab"]
    assert texts(settled, ".//{urn:corridor:settlement:1}Block") == ["7"]
    assert texts(included, ".//{*}FctvIntrBkSttlmDt/{*}Dt") == []
    assert texts(included, ".//{*}AccptncDtTm") == ["2026-11-23T09:30:01.250+00:00"]
    assert texts(rejected, ".//{*}AccptncDtTm") == []


def test_reason_names_element_value_and_rule() -> None:
    finding = Finding(
        Reason.CREDITOR_ACCOUNT_UNKNOWN, "No such account.", "CdtrAcct/Id/IBAN", "AE07", "node.account-known"
    )

    reason = read_back(replace(STATUS, state=State.REJECTED, findings=(finding,))).reasons[0]

    assert reason.code == "AC03"
    assert reason.is_code_known
    assert reason.text == "No such account."
    assert (reason.element, reason.value, reason.rule) == ("CdtrAcct/Id/IBAN", "AE07", "node.account-known")


def test_what_the_creditor_agent_found_is_told_in_its_words() -> None:
    rule = "creditor-agent.a-rule-whose-name-is-so-long-that-a-line-cannot-hold-it-with-all-its-words-" + "x" * 40
    finding = Finding(Reason.CREDITOR_ACCOUNT_CLOSED, "Closed. " * 20, "FIToFICstmrCdtTrf/CdtTrfTxInf", "12", rule)

    told = refusal_findings(read_back(replace(STATUS, state=State.REJECTED, findings=(finding,))))[0]

    assert (told.text, told.element, told.value) == (("Closed. " * 20).strip(), finding.element, "12")
    assert (told.rule or "").replace(" ", "") == rule


def test_remarks_are_no_reasons_and_those_on_the_name_are_found_again() -> None:
    name = Finding(
        Reason.CREDITOR_NAME_DIFFERS, "Only close (CMTC).", "Cdtr/Nm", "A", "creditor-agent.name-close-match"
    )
    other = Finding(Reason.SETTLEMENT_DATE_NOT_POSSIBLE, "Another day.", rule="calendar.business-day")

    status = read_back(replace(STATUS, state=State.ACCEPTED, remarks=(other, name)))

    assert name_remarks(status) == (name,)
    assert [one.text for one in refusal_findings(status)] == ["The creditor agent gave no reason."]


def test_reasons_are_limited() -> None:
    findings = tuple(Finding(Reason.BALANCE_TOO_LOW, f"{number}") for number in range(50))

    assert len(read_back(replace(STATUS, state=State.REJECTED, findings=findings)).reasons) == MOST_REASONS


@given(text=st.text(max_size=400), value=st.text(max_size=400))
def test_any_finding_can_be_written(text: str, value: str) -> None:
    finding = Finding(Reason.SIGNATURE_WRONG, text, "some/element", value, "some.rule")

    written(replace(STATUS, state=State.FAILED, findings=(finding,)))

    assert all(1 <= len(piece) <= 105 for piece in pieces_of(finding))


def test_unknown_code_of_another_institution_is_passed_on_in_words() -> None:
    finding = Finding(Reason.CREDITOR_AGENT_REFUSED, "Novel.", stated_code="ZZ99")

    status = read_back(replace(STATUS, state=State.REJECTED, findings=(finding,)))

    assert status.reasons[0].code == "NARR"
    assert status.reasons[0].is_code_known
    assert status.reasons[0].text == "Novel. stated code: ZZ99"
    assert not StatedReason("ZZ99", None, "").is_code_known


def test_known_code_of_another_institution_is_passed_on() -> None:
    finding = Finding(Reason.CREDITOR_AGENT_REFUSED, "Closed.", stated_code="AC04")

    status = read_back(replace(STATUS, state=State.REJECTED, findings=(finding,)))

    assert [(reason.code, reason.text) for reason in status.reasons] == [("AC04", "Closed.")]
    assert reason_code(refusal_findings(status)[0]) == "AC04"


def test_refusal_without_a_reason_is_still_a_finding() -> None:
    status = read_back(replace(STATUS, state=State.REJECTED))

    assert [finding.reason for finding in refusal_findings(status)] == [Reason.CREDITOR_AGENT_REFUSED]


def test_report_on_a_whole_group_is_read() -> None:
    raw = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"><FIToFIPmtStsRpt><GrpHdr>'
        "<MsgId>R</MsgId><CreDtTm>2026-11-23T09:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId>"
        "<OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId><GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Prtry>odd</Prtry></Rsn>"
        "</StsRsnInf></OrgnlGrpInfAndSts></FIToFIPmtStsRpt></Document>"
    )

    transactions = read_status_report(parsed(raw)).transactions

    assert [(status.message_id, status.status) for status in transactions] == [("M", "RJCT")]
    assert transactions[0].reasons[0].proprietary == "odd"
    assert transactions[0].uetr is None
