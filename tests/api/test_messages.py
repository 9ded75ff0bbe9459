"""What may be posted beside one pacs.008: FIN, transfers of institutions, covers, several at once, orders."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.parse import ParsedMessage, parse
from api.routes.message_examples import CUSTOMER_ORDERS, MT103
from tests.api.expectations import problem
from tests.network import BANK_CN, BANK_HK, DEBTOR_ACCOUNT, PATIENCE_S, XML, Bank, Transfer

FIN = {"Content-Type": "text/plain"}
CREDITORS_YUAN = "388104567156"


def text_of(body: bytes | str, tag: str) -> list[str]:
    """The text of every element of this name, in a message that is valid by its schema."""
    raw = body.encode() if isinstance(body, str) else body
    message = parse(raw, Catalogue())
    assert isinstance(message, ParsedMessage), message
    return [node.text or "" for node in message.document.iter(f"{{*}}{tag}")]


def fin(bank: Bank, text: str) -> httpx.Response:
    return bank.http.post("/v1/iso20022/messages", content=text.encode(), headers=FIN)


def own(bank: Bank, code: str = "CNY") -> int:
    return bank.accounts().get(f"OWN-{code}", (0, 0))[0]


@dataclass(frozen=True)
class Cover:
    """A pacs.009 between the two banks; with `underlying` it is the cover of a customer's payment."""

    uetr: str = field(default_factory=lambda: str(uuid.uuid4()))
    message_id: str = field(default_factory=lambda: f"FIN{uuid.uuid4().hex[:20]}")
    amount: str = "700.00"
    underlying: bool = False

    def body(self) -> bytes:
        below = ""
        if self.underlying:
            below = (
                "<UndrlygCstmrCdtTrf><Dbtr><Nm>Jiangnan Textile Trading Co., Ltd.</Nm></Dbtr>"
                f"<DbtrAgt><FinInstnId><BICFI>{BANK_CN}</BICFI></FinInstnId></DbtrAgt>"
                f"<CdtrAgt><FinInstnId><BICFI>{BANK_HK}</BICFI></FinInstnId></CdtrAgt>"
                "<Cdtr><Nm>Kowloon Instruments Limited</Nm></Cdtr></UndrlygCstmrCdtTrf>"
            )
        return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.009.001.08"><FICdtTrf>
<GrpHdr><MsgId>{self.message_id}</MsgId><CreDtTm>2026-01-05T09:30:00+08:00</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>INDA</SttlmMtd></SttlmInf></GrpHdr>
<CdtTrfTxInf><PmtId><InstrId>COV1</InstrId><EndToEndId>E2E-1</EndToEndId><UETR>{self.uetr}</UETR></PmtId>
<IntrBkSttlmAmt Ccy="CNY">{self.amount}</IntrBkSttlmAmt><IntrBkSttlmDt>2026-01-05</IntrBkSttlmDt>
<Dbtr><FinInstnId><BICFI>{BANK_CN}</BICFI></FinInstnId></Dbtr>
<Cdtr><FinInstnId><BICFI>{BANK_HK}</BICFI></FinInstnId></Cdtr>{below}
</CdtTrfTxInf></FICdtTrf></Document>""".encode()


def covered(cover: Cover, **changes: Any) -> bytes:
    """The customer's payment that a cover is for."""
    transfer = replace(Transfer(uetr=cover.uetr, amount=cover.amount), **changes)
    return transfer.body().replace(b"<SttlmMtd>CLRG", b"<SttlmMtd>COVE")


# FIN


@pytest.mark.parametrize("kind", ["", "{119:STP}", "{119:REMIT}"])
def test_an_mt103_settles_like_the_pacs_008_that_it_becomes(
    debtor_agent: Bank, creditor_agent: Bank, kind: str
) -> None:
    uetr = str(uuid.uuid4())
    text = MT103.replace("1c0e7a52-6f0b-4d3c-9a57-2b8f4f6f2b11", uetr).replace("JHCB-FIN-0017", uetr[:16])
    text = text.replace("{3:", "{3:" + kind)
    before = creditor_agent.accounts()[CREDITORS_YUAN][0]
    answer = fin(debtor_agent, text)
    assert answer.status_code == 202, answer.text
    assert text_of(answer.content, "OrgnlUETR") == [uetr]
    assert text_of(answer.content, "TxSts") == ["RCVD"]
    assert "warning" in text_of(answer.content, "AddtlInf")
    payment = debtor_agent.ended(uetr)
    assert payment["state"] == "SETTLED", payment
    assert {one["rule"] for one in payment["warnings"]} >= {"cbpr.address"}
    assert creditor_agent.ended(uetr)["state"] == "SETTLED"
    assert creditor_agent.accounts()[CREDITORS_YUAN][0] == before + 120_050
    messages = debtor_agent.http.get(f"/v1/payments/{uetr}/messages").json()["messages"]
    assert [one["name"] for one in messages[:2]] == ["MT103", "pacs.008.001.08"]
    assert messages[0]["body"] == text
    again = fin(debtor_agent, text)
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")


def test_an_mt202_moves_the_banks_own_money(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = str(uuid.uuid4())
    text = (
        "{1:F01JHCBCNB0AXXX0000000000}{2:I202VPBKHKH0XXXXN}{3:{121:"
        + uetr
        + "}}{4:\n:20:"
        + uetr[:16]
        + "\n:21:NONREF\n:32A:251123CNY5000,\n:58A:VPBKHKH0XXX\n-}"
    )
    here, there = own(debtor_agent), own(creditor_agent)
    answer = fin(debtor_agent, text)
    assert answer.status_code == 202, answer.text
    assert debtor_agent.ended(uetr)["state"] == "SETTLED"
    assert creditor_agent.ended(uetr)["state"] == "SETTLED"
    assert (own(debtor_agent), own(creditor_agent)) == (here - 500_000, there + 500_000)
    assert debtor_agent.reconciles()
    assert creditor_agent.reconciles()


def test_what_refuses_a_fin_message_is_told_by_its_field(debtor_agent: Bank) -> None:
    uetr = str(uuid.uuid4())
    text = MT103.replace("1c0e7a52-6f0b-4d3c-9a57-2b8f4f6f2b11", uetr).replace("JHCB-FIN-0017", uetr[:16])
    answer = fin(debtor_agent, text.replace(f"/{CREDITORS_YUAN}", "/000000000000"))
    assert answer.status_code == 202, answer.text
    told = "FIToFICstmrCdtTrf/CdtTrfTxInf/CdtrAcct/Id (MT103 :59a:)"
    payment = debtor_agent.ended(uetr)
    assert [one["element"] for one in payment["reasons"]] == [told]
    assert all("(MT103 :" in one["element"] for one in payment["warnings"] if one["element"])
    messages = debtor_agent.http.get(f"/v1/payments/{uetr}/messages").json()["messages"]
    assert f"element: {told}" in text_of(messages[-1]["body"], "AddtlInf")
    other = fin(debtor_agent, text.replace(f":20:{uetr[:16]}", f":20:{uetr[-16:]}"))
    (again,) = problem(other, 409, "uetr_already_used")["errors"]
    assert again["element"] == "FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId/UETR (MT103 :121:)"


def test_what_refuses_a_pacs_009_is_told_in_its_own_elements(debtor_agent: Bank) -> None:
    cover = Cover(amount="99999999.00")
    assert debtor_agent.post(cover.body()).status_code == 202
    (reason,) = debtor_agent.ended(cover.uetr)["reasons"]
    assert (reason["code"], reason["element"]) == ("AM04", "FICdtTrf/CdtTrfTxInf/IntrBkSttlmAmt")


def test_what_refuses_a_customers_order_is_told_in_its_own_elements(debtor_agent: Bank) -> None:
    text = CUSTOMER_ORDERS.replace(CREDITORS_YUAN, "000000000000")
    entry = finished(debtor_agent, debtor_agent.post(orders(text=text)).headers["location"])
    told = "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAcct/Id"
    assert {one["reasons"][0]["element"] for one in entry["instructions"]} == {told}
    assert f"element: {told}" in text_of(entry["final_answer"], "AddtlInf")
    payment = debtor_agent.ended(entry["instructions"][0]["uetr"])
    assert [one["element"] for one in payment["reasons"]] == [told]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        (MT103.replace("{2:I103", "{2:I199"), 422, "unsupported_message"),
        (MT103.replace(":71A:SHA", ":71A:ALL"), 400, "field_invalid"),
        (MT103.replace("{4:", "{5:"), 400, "message_not_fin"),
    ],
)
def test_a_fin_message_that_cannot_be_taken_is_rejected_and_kept(
    debtor_agent: Bank, text: str, status: int, code: str
) -> None:
    refused = problem(fin(debtor_agent, text), status, code)
    assert text_of(refused["message"], "RjctgPtyRsn") == [code]
    kept = debtor_agent.http.get("/v1/iso20022/messages", params={"verdict": "refused", "limit": 1}).json()
    assert kept["messages"][0]["body"] == text
    assert kept["messages"][0]["answer"] == refused["message"]


# Refusals in ISO 20022


def test_text_that_is_no_fin_message_is_told_what_to_do(debtor_agent: Bank) -> None:
    refused = problem(fin(debtor_agent, '{"pay": "me"}'), 400, "message_not_fin")
    assert refused["detail"].endswith("begins with {1:F01; send XML as application/xml.")


def test_a_version_that_is_not_taken_is_told_which_are(debtor_agent: Bank) -> None:
    body = Transfer().body().replace(b"pacs.008.001.08", b"pacs.008.001.07")
    refused = problem(debtor_agent.post(body), 422, "unsupported_message")
    assert "pacs.008.001.08 (.09 .10 .11 .12 .13)" in refused["detail"]
    assert refused["detail"].endswith("not pacs.008.001.07.")
    assert len(refused["detail"]) < 350, "RsnDesc of the admi.002 holds no more"


def test_who_asks_for_xml_gets_the_message_reject_itself(debtor_agent: Bank) -> None:
    body = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.999.001.01"><A><MsgId>M-9</MsgId></A></Document>'
    headers = {**XML, "Accept": "application/xml"}
    answer = debtor_agent.http.post("/v1/iso20022/messages", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/xml")
    assert text_of(answer.content, "Ref") == ["M-9"]
    where = answer.headers["link"].partition(">")[0].removeprefix("<")
    entry = debtor_agent.http.get(where).json()
    assert (entry["verdict"], entry["message_id"], entry["name"]) == ("refused", "M-9", "camt.999.001.01")
    report = debtor_agent.http.get(f"{where}/report")
    assert text_of(report.content, "Ref") == ["M-9"]


# Institutions


def test_a_pacs_009_moves_the_banks_own_money(debtor_agent: Bank, creditor_agent: Bank) -> None:
    cover = Cover()
    here, there = own(debtor_agent), own(creditor_agent)
    answer = debtor_agent.post(cover.body())
    assert answer.status_code == 202, answer.text
    assert debtor_agent.ended(cover.uetr)["state"] == "SETTLED"
    assert creditor_agent.ended(cover.uetr)["state"] == "SETTLED"
    assert (own(debtor_agent), own(creditor_agent)) == (here - 70_000, there + 70_000)


@pytest.mark.parametrize("first", ["payment", "cover"])
def test_a_covered_payment_settles_once_its_cover_is_there(
    debtor_agent: Bank, creditor_agent: Bank, first: str
) -> None:
    cover = Cover(underlying=True)
    bodies = [covered(cover), cover.body()]
    before, there = creditor_agent.accounts()[CREDITORS_YUAN][0], own(creditor_agent)
    if first == "cover":
        bodies.reverse()
    answer = debtor_agent.post(bodies[0])
    assert answer.status_code == 202, answer.text
    waiting = debtor_agent.payment(cover.uetr)
    assert waiting["state"] == "RECEIVED"
    assert waiting["waits_for"]["kind"] == ("cover" if first == "payment" else "underlying")
    answer = debtor_agent.post(bodies[1])
    assert answer.status_code == 202, answer.text
    payment = debtor_agent.ended(cover.uetr)
    assert (payment["state"], payment["waits_for"]) == ("SETTLED", None)
    assert creditor_agent.ended(cover.uetr)["state"] == "SETTLED"
    assert creditor_agent.accounts()[CREDITORS_YUAN][0] == before + 70_000
    assert own(creditor_agent) == there
    messages = debtor_agent.http.get(f"/v1/payments/{cover.uetr}/messages").json()["messages"]
    reports = [one["body"] for one in messages if one["direction"] == "out" and one["name"] == "pacs.002.001.10"]
    ends = [text_of(one, "OrgnlMsgNmId")[0] for one in reports if text_of(one, "TxSts") == ["ACSC"]]
    assert sorted(ends) == ["pacs.008.001.08", "pacs.009.001.08"]


def test_a_cover_without_its_payment_settles_between_the_banks(debtor_agent: Bank, creditor_agent: Bank) -> None:
    cover = Cover(underlying=True)
    there = own(creditor_agent)
    assert debtor_agent.post(cover.body()).status_code == 202
    assert debtor_agent.ended(cover.uetr)["state"] == "SETTLED"
    assert creditor_agent.ended(cover.uetr)["state"] == "SETTLED"
    assert own(creditor_agent) == there + 70_000


def test_a_cover_of_another_amount_is_refused_and_the_payment_waits_on(debtor_agent: Bank) -> None:
    cover = Cover(underlying=True)
    assert debtor_agent.post(covered(cover)).status_code == 202
    refused = problem(debtor_agent.post(replace(cover, amount="699.00").body()), 409, "cover_differs")
    assert refused["errors"][0]["element"] == "FICdtTrf/CdtTrfTxInf/IntrBkSttlmAmt"
    assert debtor_agent.payment(cover.uetr)["waits_for"]["kind"] == "cover"
    assert debtor_agent.post(cover.body()).status_code == 202
    assert debtor_agent.ended(cover.uetr)["state"] == "SETTLED"


# Several at once


def several(*transfers: Transfer, count: int | None = None, control: str | None = None) -> bytes:
    """One pacs.008 of all these transfers."""
    whole = transfers[0].body().decode()
    start, end = whole.index("<CdtTrfTxInf>"), whole.index("</FIToFICstmrCdtTrf>")
    parts = []
    for transfer in transfers:
        body = transfer.body().decode()
        parts.append(body[body.index("<CdtTrfTxInf>") : body.index("</FIToFICstmrCdtTrf>")])
    head = whole[:start].replace("<NbOfTxs>1<", f"<NbOfTxs>{count or len(transfers)}<")
    if control is not None:
        head = head.replace("</NbOfTxs>", f"</NbOfTxs><CtrlSum>{control}</CtrlSum>")
    return (head + "".join(parts) + whole[end:]).encode()


def finished(bank: Bank, where: str) -> dict[str, Any]:
    """The message once all of it has ended."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        entry: dict[str, Any] = bank.http.get(where).json()
        if entry["final_answer"]:
            return entry
        assert time.monotonic() < deadline, entry
        time.sleep(0.05)


def warned(bank: Bank, entry: dict[str, Any]) -> list[list[str]]:
    """By which rules each payment of a message was warned about."""
    return [[one["rule"] for one in bank.payment(line["uetr"])["warnings"]] for line in entry["instructions"]]


def test_several_transfers_of_a_message_have_each_its_own_fate(debtor_agent: Bank, creditor_agent: Bank) -> None:
    good, unknown, large = (Transfer(amount="11.00") for _ in range(3))
    unknown = replace(unknown, creditor_account="000000000000")
    large = replace(large, amount="99999999.00")
    answer = debtor_agent.post(several(good, unknown, large, control="100000021.00"))
    assert answer.status_code == 202, answer.text
    assert text_of(answer.content, "GrpSts") == ["RCVD"]
    assert text_of(answer.content, "OrgnlNbOfTxs") == ["3"]
    assert text_of(answer.content, "OrgnlCtrlSum") == ["100000021.00"]
    entry = finished(debtor_agent, answer.headers["location"])
    assert [line["status"] for line in entry["instructions"]] == ["ACSC", "RJCT", "RJCT"]
    assert [line["reasons"][0]["code"] for line in entry["instructions"][1:]] == ["AC03", "AM04"]
    assert text_of(entry["final_answer"], "GrpSts") == ["PART"]
    assert text_of(entry["final_answer"], "TxSts") == ["ACSC", "RJCT", "RJCT"]
    assert "rule: creditor-agent.name-no-match" in text_of(entry["final_answer"], "AddtlInf")
    assert text_of(entry["final_answer"], "DtldNbOfTxs") == ["1", "2"]
    payment = debtor_agent.ended(good.uetr)
    assert payment["part_of"] == {"message": answer.headers["location"], "position": 1}
    assert creditor_agent.ended(good.uetr)["state"] == "SETTLED"
    again = debtor_agent.post(several(good, unknown, large, control="100000021.00"))
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")


def test_one_bad_transfer_of_a_message_fails_alone_at_once(debtor_agent: Bank) -> None:
    good, twin, bad = (Transfer(amount="12.00") for _ in range(3))
    bad = replace(bad, currency="QQQ")
    answer = debtor_agent.post(several(good, replace(twin, uetr=good.uetr), bad))
    assert text_of(answer.content, "GrpSts") == ["PART"]
    assert text_of(answer.content, "TxSts") == ["RCVD", "RJCT", "RJCT"]
    assert text_of(answer.content, "Cd")[-2:] == ["DUPL", "AM11"]
    assert debtor_agent.ended(good.uetr)["state"] == "SETTLED"


@pytest.mark.parametrize(("wrong", "code"), [({"count": 3}, "AM18"), ({"control": "1.00"}, "AM10")])
def test_wrong_totals_refuse_the_whole_message(debtor_agent: Bank, wrong: dict[str, Any], code: str) -> None:
    before = debtor_agent.accounts()
    answer = debtor_agent.post(several(Transfer(), Transfer(), **wrong))
    assert answer.status_code == 202
    assert text_of(answer.content, "GrpSts") == ["RJCT"]
    assert text_of(answer.content, "TxSts") == ["RJCT", "RJCT"]
    assert text_of(answer.content, "Cd")[0] == code
    assert debtor_agent.accounts() == before


# A customer's orders


def orders(version: str = "09", text: str = CUSTOMER_ORDERS) -> bytes:
    """The documented orders in a version, with an identification of their own."""
    renamed = text.replace("JNTX-20251123-1", f"ORD{uuid.uuid4().hex[:20]}")
    if version == "03":
        renamed = renamed.replace(
            "<ReqdExctnDt><Dt>2025-11-23</Dt></ReqdExctnDt>", "<ReqdExctnDt>2025-11-23</ReqdExctnDt>"
        )
        renamed = renamed.replace("BICFI>", "BIC>")
    return renamed.replace("pain.001.001.09", f"pain.001.001.{version}").encode()


@pytest.mark.parametrize("version", ["03", "09", "11"])
def test_a_customers_orders_settle_and_are_reported_together(
    debtor_agent: Bank, creditor_agent: Bank, version: str
) -> None:
    before = creditor_agent.accounts()[CREDITORS_YUAN][0]
    answer = debtor_agent.post(orders(version))
    assert answer.status_code == 202, answer.text
    assert text_of(answer.content, "GrpSts") == ["RCVD"]
    assert str(etree.fromstring(answer.content).tag).startswith("{urn:iso:std:iso:20022:tech:xsd:pain.002.001.10}")
    where = answer.headers["location"]
    entry = finished(debtor_agent, where)
    assert entry["status"] == "ACSC"
    assert text_of(entry["final_answer"], "TxSts") == ["ACSC", "ACSC"]
    name_rules = [line for line in text_of(entry["final_answer"], "AddtlInf") if "creditor-agent.name-" in line]
    assert len(name_rules) == sum("name-" in str(one) for one in warned(debtor_agent, entry))
    assert text_of(debtor_agent.http.get(f"{where}/report").content, "GrpSts") == ["ACSC"]
    for line in entry["instructions"]:
        assert creditor_agent.ended(line["uetr"])["state"] == "SETTLED"
    assert creditor_agent.accounts()[CREDITORS_YUAN][0] == before + 175_050


def test_an_order_from_an_account_elsewhere_fails_alone(debtor_agent: Bank) -> None:
    text = CUSTOMER_ORDERS.replace("</PmtInf>", "</PmtInf>" + _second_block(DEBTOR_ACCOUNT, BANK_HK), 1)
    text = text.replace("</PmtInf>\n  </Cst", "</PmtInf>" + _second_block("777", BANK_CN) + "\n  </Cst", 1)
    answer = debtor_agent.post(orders(text=text.replace("<NbOfTxs>2", "<NbOfTxs>4").replace("1750.50", "1752.50")))
    assert text_of(answer.content, "GrpSts") == ["PART"]
    entry = finished(debtor_agent, answer.headers["location"])
    assert [line["status"] for line in entry["instructions"]] == ["ACSC", "ACSC", "RJCT", "RJCT"]
    assert [line["reasons"][0]["reason"] for line in entry["instructions"][2:]] == [
        "agent_in_chain_is_wrong",
        "debtor_account_unknown",
    ]


def _second_block(account: str, agent: str) -> str:
    start, end = CUSTOMER_ORDERS.index("<PmtInf>"), CUSTOMER_ORDERS.index("</PmtInf>")
    block = CUSTOMER_ORDERS[start:end]
    first, second = block.index("<CdtTrfTxInf>"), block.rindex("<CdtTrfTxInf>")
    one = block[:first] + block[first:second]
    one = one.replace("SUPPLIERS-47", f"BLOCK-{account}").replace(DEBTOR_ACCOUNT, account)
    return one.replace(BANK_CN, agent).replace("1500.00", "1.00").strip() + "</PmtInf>"


def test_a_wrong_sum_of_a_block_refuses_its_orders(debtor_agent: Bank) -> None:
    text = CUSTOMER_ORDERS.replace("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRF</PmtMtd><CtrlSum>1.00</CtrlSum>")
    answer = debtor_agent.post(orders(text=text))
    assert text_of(answer.content, "GrpSts") == ["RJCT"]
    assert text_of(answer.content, "Cd") == ["AM10", "AM10"]
