"""A return or recall without UETR finds its payment by other references, where exactly one payment fits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from lxml import etree

from tests.api.expectations import problem
from tests.api.test_messages import orders
from tests.api.test_recalls import Recall, confirmation
from tests.api.test_returns import Return, uetr_of
from tests.conformance.iso20022.corpus import official_schema
from tests.network import Bank, Transfer, settled


def fresh() -> str:
    return uuid.uuid4().hex[:12].upper()


@dataclass(frozen=True)
class Named(Transfer):
    """A transfer of twelve yuan fifty with an instruction identification of its own."""

    instruction_id: str = field(default_factory=fresh)
    end_to_end_id: str = field(default_factory=fresh)
    amount: str = "12.50"

    def body(self) -> bytes:
        named = f"<InstrId>{self.instruction_id}</InstrId><EndToEndId>{self.end_to_end_id}</EndToEndId>"
        return super().body().replace(b"<EndToEndId>E2E-1</EndToEndId>", named.encode())


def credited(debtor_agent: Bank, creditor_agent: Bank, transfer: Named) -> None:
    settled(debtor_agent, transfer.body(), transfer.uetr)
    assert creditor_agent.ended(transfer.uetr)["state"] == "SETTLED"


def without_uetr(of: Named, amount: str = "12.50", **references: str) -> bytes:
    """A pacs.004 that names its original by these references only."""
    stated = "".join(f"<{name}>{value}</{name}>" for name, value in references.items())
    body = Return(of.uetr, amount=amount).body()
    shared = b"<OrgnlEndToEndId>E2E-1</OrgnlEndToEndId><OrgnlUETR>" + of.uetr.encode() + b"</OrgnlUETR>"
    assert shared in body
    return body.replace(shared, stated.encode())


def fin(bank: Bank, text: str) -> httpx.Response:
    return bank.http.post("/v1/iso20022/messages", content=text, headers={"Content-Type": "text/plain"})


def fin_return(of: Named, entries: str) -> str:
    return (
        f"{{1:F01VPBKHKH0AXXX0000000000}}{{2:I103JHCBCNB0XXXXN}}{{4:\n:20:RET{fresh()}\n:23B:CRED\n"
        ":32A:251124CNY12,50\n:50K:/388104567156\nKOWLOON INSTRUMENTS LIMITED\nHONG KONG\n"
        ":59:/6228901020030040051\nJIANGNAN TEXTILE TRADING CO LTD\nSHANGHAI\n"
        f":71A:SHA\n:72:/RETN/99\n/AC04/closed\n{entries}\n-}}"
    )


def test_a_return_finds_its_payment_by_references_that_only_one_has(
    debtor_agent: Bank, creditor_agent: Bank
) -> None:
    one = Named()
    twin = Named(instruction_id=one.instruction_id)
    credited(debtor_agent, creditor_agent, one)
    credited(debtor_agent, creditor_agent, twin)
    both = creditor_agent.post(without_uetr(one, OrgnlInstrId=one.instruction_id))
    problem(both, 422, "uetr_malformed")
    neither = without_uetr(one, OrgnlInstrId=one.instruction_id, OrgnlEndToEndId="ANOTHER")
    problem(creditor_agent.post(neither), 422, "uetr_malformed")
    references = {"OrgnlInstrId": one.instruction_id, "OrgnlEndToEndId": one.end_to_end_id}
    problem(creditor_agent.post(without_uetr(one, "12.51", **references)), 422, "uetr_malformed")
    back = creditor_agent.ended(uetr_of(creditor_agent.post(without_uetr(one, "12.00", **references))))
    assert (back["state"], back["return_of"]) == ("SETTLED", one.uetr)


def test_a_return_that_states_no_reference_at_all_is_asked_for_one(
    debtor_agent: Bank, creditor_agent: Bank
) -> None:
    transfer = Named()
    credited(debtor_agent, creditor_agent, transfer)
    problem(creditor_agent.post(without_uetr(transfer, OrgnlEndToEndId="NOTPROVIDED")), 422, "uetr_malformed")


def test_a_fin_return_keeps_its_bytes_and_names_its_original_by_reference(
    debtor_agent: Bank, creditor_agent: Bank
) -> None:
    transfer = Named()
    credited(debtor_agent, creditor_agent, transfer)
    text = fin_return(transfer, f"/MREF/{transfer.instruction_id}\n/TREF/{transfer.end_to_end_id}")
    answer = fin(creditor_agent, text)
    back = creditor_agent.ended(uetr_of(answer))
    assert (back["state"], back["return_of"]) == ("SETTLED", transfer.uetr)
    kept = creditor_agent.http.get(f"/v1/payments/{back['uetr']}/messages").json()["messages"]
    assert [one["name"] for one in kept[:2]] == ["MT103", "pacs.004.001.09"]
    assert kept[0]["body"] == text
    again = fin(creditor_agent, text)
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")


def test_a_fin_recall_names_the_message_that_it_recalls(debtor_agent: Bank, creditor_agent: Bank) -> None:
    transfer = Named()
    credited(debtor_agent, creditor_agent, transfer)
    text = (
        "{1:F01JHCBCNB0AXXX0000000000}{2:I192VPBKHKH0XXXXN}{4:\n"
        f":20:CXL{fresh()}\n:21:{transfer.message_id}\n:11S:103\n251123\n:79:/DUPL/sent twice\n-}}"
    )
    answer = fin(debtor_agent, text)
    assert answer.status_code == 202, answer.text
    assert confirmation(answer.content) == "PDCR"
    kept = debtor_agent.http.get(f"/v1/payments/{transfer.uetr}/messages").json()["messages"]
    (mt192,) = [one for one in kept if one["name"] == "MT192"]
    assert mt192["body"] == text
    again = fin(debtor_agent, text)
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")
    unknown = text.replace(transfer.message_id, "NOBODYS").replace(":20:CXL", ":20:CXM")
    problem(fin(debtor_agent, unknown), 422, "uetr_malformed")


def asked(**references: str) -> bytes:
    """A pacs.028 about a payment that is named by these references only."""
    group = "".join(f"<{name}>{value}</{name}>" for name, value in references.items() if name == "OrgnlMsgId")
    own = "".join(f"<{name}>{value}</{name}>" for name, value in references.items() if name != "OrgnlMsgId")
    head = f"<OrgnlGrpInf>{group}<OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>" if group else ""
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.028.001.03"><FIToFIPmtStsReq><GrpHdr>
<MsgId>ASK{fresh()}</MsgId><CreDtTm>2026-11-24T09:00:00Z</CreDtTm></GrpHdr>
<TxInf>{head}{own}</TxInf></FIToFIPmtStsReq></Document>""".encode()


def statuses(answer: httpx.Response) -> list[tuple[str | None, str | None]]:
    """UETR and status of each payment in a pacs.002 that is valid by the official schema."""
    assert answer.status_code == 202, answer.text
    document = etree.fromstring(answer.content)
    assert official_schema("pacs.002.001.10").validate(document)
    lines = document.findall(".//{*}TxInfAndSts")
    return [(line.findtext("{*}OrgnlUETR"), line.findtext("{*}TxSts")) for line in lines]


def test_a_question_finds_its_payment_by_references_that_only_one_has(
    debtor_agent: Bank, creditor_agent: Bank
) -> None:
    one = Named()
    twin = Named(instruction_id=one.instruction_id)
    credited(debtor_agent, creditor_agent, one)
    credited(debtor_agent, creditor_agent, twin)
    for bank, references in (
        (debtor_agent, {"OrgnlMsgId": one.message_id}),
        (debtor_agent, {"OrgnlEndToEndId": one.end_to_end_id}),
        (debtor_agent, {"OrgnlInstrId": one.instruction_id, "OrgnlEndToEndId": one.end_to_end_id}),
        (creditor_agent, {"OrgnlEndToEndId": one.end_to_end_id}),
    ):
        assert statuses(bank.post(asked(**references))) == [(one.uetr, "ACSC")], references
    for unclear in ({"OrgnlInstrId": one.instruction_id}, {"OrgnlEndToEndId": "NOBODYS"}):
        assert statuses(debtor_agent.post(asked(**unclear))) == [(None, None)]


def test_a_question_about_nothing_is_refused(debtor_agent: Bank) -> None:
    """Version 4 of the message allows it, and there is nothing that could be answered."""
    body = asked().replace(b"pacs.028.001.03", b"pacs.028.001.04").replace(b"<TxInf></TxInf>", b"")
    problem(debtor_agent.post(body), 422, "number_of_transactions_wrong")


def test_a_recall_finds_its_payment_by_references_of_the_transaction(
    debtor_agent: Bank, creditor_agent: Bank
) -> None:
    transfer = Named()
    credited(debtor_agent, creditor_agent, transfer)
    named = f"<OrgnlInstrId>{transfer.instruction_id}</OrgnlInstrId>"
    named += f"<OrgnlEndToEndId>{transfer.end_to_end_id}</OrgnlEndToEndId>"
    uetr = f"<OrgnlUETR>{transfer.uetr}</OrgnlUETR>"
    body = Recall(transfer.uetr).body().decode().replace(uetr, named)
    answer = debtor_agent.post(body.encode())
    assert answer.status_code == 202, answer.text
    case = debtor_agent.http.get(answer.headers["location"]).json()
    assert case["uetr"] == transfer.uetr


ORDERS = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.028.001.03"><FIToFIPmtStsReq><GrpHdr>
<MsgId>ASK{asked}</MsgId><CreDtTm>2026-11-24T09:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInf><OrgnlMsgId>{named}</OrgnlMsgId>
<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInf></FIToFIPmtStsReq></Document>"""


def told(bank: Bank, message_id: str) -> dict[str, Any]:
    """Status by end-to-end identification in the pain.002 that answers a question about a pain.001."""
    answer = bank.post(ORDERS.format(asked=fresh(), named=message_id).encode())
    assert answer.status_code == 202, answer.text
    document = etree.fromstring(answer.content)
    assert official_schema("pain.002.001.10").validate(document)
    assert document.findtext(".//{*}OrgnlMsgId") == message_id
    lines = document.findall(".//{*}TxInfAndSts")
    return {one.findtext("{*}OrgnlEndToEndId") or "": one.findtext("{*}TxSts") for one in lines}


def test_a_question_about_a_customers_instruction_is_answered_as_the_customer_reads_it(debtor_agent: Bank) -> None:
    body = orders()
    message_id = etree.fromstring(body).findtext(".//{*}GrpHdr/{*}MsgId") or ""
    answer = debtor_agent.post(body)
    assert answer.status_code == 202, answer.text
    for uetr in [one.text or "" for one in etree.fromstring(answer.content).iter("{*}OrgnlUETR")]:
        debtor_agent.ended(uetr)
    assert set(told(debtor_agent, message_id).values()) == {"ACSC"}
    problem(debtor_agent.post(ORDERS.format(asked=fresh(), named="NEVER-SENT").encode()), 404, "original_unknown")
