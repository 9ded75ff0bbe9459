from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from lxml import etree

from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from api.iso20022.pain001 import CustomerOrder, NewIds, read_orders
from api.iso20022.pain002 import OrderStatus, write_customer_status
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.payment import ChargeBearer, Payment
from node.domain.reasons import Finding, Reason
from tests.api.iso20022.messages import MINTED, TODAY, changed, parsed, without

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
UETR = "3f1c2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41"


def transaction(number: int, amount: str) -> str:
    return f"""<CdtTrfTxInf><PmtId><EndToEndId>E2E-{number}</EndToEndId></PmtId>
<Amt><InstdAmt Ccy="CNY">{amount}</InstdAmt></Amt>
<CdtrAgt><FinInstnId><BIC>CRDCCNBJ</BIC></FinInstnId></CdtrAgt>
<Cdtr><Nm>Creditor {number}</Nm><PstlAdr><AdrTp>ADDR</AdrTp><Ctry>CN</Ctry></PstlAdr>
<Id><OrgId><BICOrBEI>CRDCCNBJ</BICOrBEI></OrgId></Id></Cdtr>
<CdtrAcct><Id><Othr><Id>40{number}</Id></Othr></Id></CdtrAcct>
<RmtInf><Ustrd>Salary {number}</Ustrd></RmtInf></CdtTrfTxInf>"""


OLD = f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>CUST-1</MsgId><CreDtTm>2026-11-23T08:00:00</CreDtTm><NbOfTxs>2</NbOfTxs>
<InitgPty><Nm>Payroll office</Nm></InitgPty></GrpHdr>
<PmtInf><PmtInfId>INF-1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt>2026-11-23</ReqdExctnDt>
<Dbtr><Nm>Employer</Nm></Dbtr><DbtrAcct><Id><Othr><Id>301</Id></Othr></Id></DbtrAcct>
<DbtrAgt><FinInstnId><BIC>CRDACNSH</BIC></FinInstnId></DbtrAgt><ChrgBr>SLEV</ChrgBr>
{transaction(1, "100.50")}{transaction(2, "200")}</PmtInf></CstmrCdtTrfInitn></Document>"""

NEW = (
    OLD.replace("pain.001.001.03", "pain.001.001.09")
    .replace("<BIC>", "<BICFI>")
    .replace("</BIC>", "</BICFI>")
    .replace("BICOrBEI", "AnyBIC")
    .replace("<AdrTp>ADDR</AdrTp>", "<AdrTp><Cd>ADDR</Cd></AdrTp>")
    .replace("<ReqdExctnDt>2026-11-23</ReqdExctnDt>", "<ReqdExctnDt><Dt>2026-11-23</Dt></ReqdExctnDt>")
)


def new_ids() -> Iterator[NewIds]:
    return (NewIds(f"MSG-{number}", MINTED[:-1] + str(number)) for number in count(1))


def orders_of(raw: str | bytes) -> tuple[CustomerOrder, ...]:
    return read_orders(parsed(raw), created_at=NOW, new_ids=new_ids())


def payment_of(order: CustomerOrder) -> Payment:
    assert order.message is not None
    transfer = read_credit_transfer(parsed(order.message), today=TODAY, minted_uetr="never")
    assert isinstance(transfer, CreditTransfer)
    assert transfer.errors == ()
    return transfer.payment


@pytest.mark.parametrize("raw", [OLD, NEW, NEW.replace(".09", ".11"), NEW.replace(".09", ".12")])
def test_each_payment_of_an_instruction_becomes_a_credit_transfer(raw: str) -> None:
    first, second = (payment_of(order) for order in orders_of(raw))

    assert str(first.interbank_settlement_amount) == "CNY 100.50"
    assert str(second.interbank_settlement_amount) == "CNY 200.00"
    assert (first.message_id, second.message_id) == ("MSG-1", "MSG-2")
    assert (first.end_to_end_id, second.end_to_end_id) == ("E2E-1", "E2E-2")
    assert (first.uetr[-1], second.uetr[-1]) == ("1", "2")
    assert first.debtor.name == "Employer"
    assert first.debtor_agent.bic == "CRDACNSHXXX"
    assert first.charge_bearer is ChargeBearer.SERVICE_LEVEL
    assert second.creditor.name == "Creditor 2"
    assert second.creditor_account is not None
    assert second.creditor_account.number == "402"
    assert second.remittance == ("Salary 2",)


def test_customers_uetr_is_kept() -> None:
    raw = NEW.replace("<EndToEndId>E2E-1</EndToEndId>", f"<EndToEndId>E2E-1</EndToEndId><UETR>{UETR}</UETR>")

    assert orders_of(raw)[0].uetr == UETR
    assert payment_of(orders_of(raw)[0]).uetr == UETR


def test_quote_named_to_the_debtor_agent_is_found() -> None:
    raw = NEW.replace("<CdtrAcct>", "<CdtrAcct>", 1).replace(
        "<RmtInf>", f"<InstrForDbtrAgt>/QUOTE/{UETR}</InstrForDbtrAgt><RmtInf>", 1
    )

    assert payment_of(orders_of(raw)[0]).quote_id == UETR


@pytest.mark.parametrize(
    ("raw", "rule", "element"),
    [
        (changed(NEW, ".//{*}PmtMtd", "CHK"), "pain001.no-cheque", "CstmrCdtTrfInitn/PmtInf/PmtMtd"),
        (
            without(NEW, ".//{*}CdtrAgt"),
            "pain001.creditor-agent",
            "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf[1]/CdtrAgt",
        ),
        (without(NEW, ".//{*}Cdtr"), "pain001.creditor", "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf[1]/Cdtr"),
        (
            NEW.replace(
                '<InstdAmt Ccy="CNY">100.50</InstdAmt>',
                '<EqvtAmt><Amt Ccy="CNY">1</Amt><CcyOfTrf>AED</CcyOfTrf></EqvtAmt>',
            ),
            "pain001.amount-fixed",
            "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf[1]/Amt/EqvtAmt",
        ),
    ],
)
def test_payment_that_cannot_be_said_is_refused_by_itself(raw: str | bytes, rule: str, element: str) -> None:
    first, second = orders_of(raw)

    assert first.message is None
    assert [(finding.rule, finding.element) for finding in first.findings] == [(rule, element)]
    assert (second.message is None) == (rule == "pain001.no-cheque")


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ((State.VALIDATED, State.VALIDATED), "ACTC"),
        ((State.REJECTED, State.REJECTED), "RJCT"),
        ((State.REJECTED, State.SETTLED), "PART"),
        ((State.SETTLED, State.SUBMITTED), "ACTC"),
        ((State.SETTLED, State.SETTLED), "ACSC"),
    ],
)
def test_customer_is_told_of_each_payment_and_of_the_whole(states: tuple[State, State], whole: str) -> None:
    finding = Finding(Reason.BALANCE_TOO_LOW, "Too low.")
    statuses = tuple(
        OrderStatus(order, state, (finding,) if state is State.REJECTED else ())
        for order, state in zip(orders_of(OLD), states, strict=True)
    )
    raw = write_customer_status(
        parsed(OLD), statuses, message_id="STS-1", created_at=NOW, debtor_agent=Agent("CRDACNSHXXX")
    )
    parsed(raw)
    root = etree.fromstring(raw)

    assert root.findtext(".//{*}GrpSts") == whole
    assert root.findtext(".//{*}OrgnlMsgId") == "CUST-1"
    assert root.findtext(".//{*}OrgnlMsgNmId") == "pain.001.001.03"
    assert root.findtext(".//{*}OrgnlPmtInfId") == "INF-1"
    assert [node.text for node in root.findall(".//{*}OrgnlEndToEndId")] == ["E2E-1", "E2E-2"]
    assert len(root.findall(".//{*}StsRsnInf")) == states.count(State.REJECTED)
