"""A question about payments is answered with what they are now, and with nothing about anybody else's."""

from __future__ import annotations

import uuid

from lxml import etree

from cli.running_network import RunningNetwork
from tests.api.expectations import problem
from tests.api.test_interbank import Asker
from tests.api.test_returns import Return, paid, returned
from tests.conformance.iso20022.corpus import official_schema
from tests.network import BANK_AE, BANK_CN, BANK_HK, Bank, Transfer


def inquiry(*uetrs: str) -> bytes:
    asked = "".join(
        f"<TxInf><OrgnlGrpInf><OrgnlMsgId>M-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>"
        f"<OrgnlUETR>{uetr}</OrgnlUETR></TxInf>"
        for uetr in uetrs
    )
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.028.001.03"><FIToFIPmtStsReq><GrpHdr>
<MsgId>ASK{uuid.uuid4().hex[:20]}</MsgId><CreDtTm>2026-11-24T09:00:00Z</CreDtTm></GrpHdr>{asked}</FIToFIPmtStsReq>
</Document>""".encode()


def told(body: bytes) -> dict[str, str | None]:
    """Status by UETR; the answer is valid by the official schema."""
    document = etree.fromstring(body)
    assert official_schema("pacs.002.001.10").validate(document)
    return {
        node.findtext("{*}OrgnlUETR") or "": node.findtext("{*}TxSts")
        for node in document.findall(".//{*}TxInfAndSts")
    }


def test_the_back_office_is_told_the_present_state_of_each(debtor_agent: Bank, creditor_agent: Bank) -> None:
    settled = paid(debtor_agent, creditor_agent)
    back = returned(creditor_agent, debtor_agent, Return(settled))["uetr"]
    refused, unknown = Transfer(creditor_account="770077007700"), str(uuid.uuid4())
    debtor_agent.post(refused.body())
    debtor_agent.ended(refused.uetr)
    answer = debtor_agent.post(inquiry(settled, refused.uetr, unknown, back))
    assert answer.status_code == 202
    assert told(answer.content) == {settled: "ACSC", refused.uetr: "RJCT", unknown: None, back: "ACSC"}
    kept = debtor_agent.http.get(f"/v1/payments/{settled}/messages").json()["messages"]
    assert kept[-1]["body"].encode() == answer.content


def test_the_other_institution_is_told_and_a_stranger_is_not(
    network: RunningNetwork, debtor_agent: Bank, creditor_agent: Bank
) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    for asked, by, status in (
        (BANK_HK, BANK_CN, "ACSC"),
        (BANK_CN, BANK_HK, "ACSC"),
        (BANK_CN, BANK_AE, None),
    ):
        asker = Asker(network.institutions[asked], network.institutions[by].signatory)
        answer = asker.ask("/v1/interbank/messages", {"message": inquiry(uetr).decode()})
        assert told(answer.json()["message"].encode()) == {uetr: status}


def test_a_question_that_is_none_is_a_problem(debtor_agent: Bank) -> None:
    broken = inquiry(str(uuid.uuid4())).replace(b"<MsgId>", b"<MsgIdent>").replace(b"</MsgId>", b"</MsgIdent>")
    problem(debtor_agent.post(broken), 422, "schema_invalid")
