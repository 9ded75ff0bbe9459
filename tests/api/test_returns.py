"""A settled payment goes back, whole or in part, never more than was settled, and both books say so."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
from lxml import etree

from tests.api.expectations import problem, report_of
from tests.conformance.iso20022.corpus import official_schema
from tests.network import (
    CREDITOR_ACCOUNT,
    DEBTOR_ACCOUNT,
    PATIENCE_S,
    Bank,
    Transfer,
    settled,
)

HK_ACCOUNT = "388104567156"


@dataclass(frozen=True)
class Return:
    """A pacs.004 to be written: ten thousand yuan given back by the Hong Kong bank."""

    of: str
    amount: str = "10000.00"
    currency: str = "CNY"
    reason: str = "<Rsn><Cd>AC04</Cd></Rsn>"
    return_id: str = field(default_factory=lambda: f"RTR{uuid.uuid4().hex[:20]}")
    message_id: str = field(default_factory=lambda: f"MSG{uuid.uuid4().hex[:20]}")

    def body(self) -> bytes:
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr>
<GrpHdr><MsgId>{self.message_id}</MsgId><CreDtTm>2026-01-05T09:30:00+08:00</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>
<TxInf><RtrId>{self.return_id}</RtrId><OrgnlEndToEndId>E2E-1</OrgnlEndToEndId><OrgnlUETR>{self.of}</OrgnlUETR>
<RtrdIntrBkSttlmAmt Ccy="{self.currency}">{self.amount}</RtrdIntrBkSttlmAmt>
<RtrRsnInf>{self.reason}<AddtlInf>The account is closed.</AddtlInf></RtrRsnInf></TxInf></PmtRtr></Document>
""".encode()


def paid(debtor_agent: Bank, creditor_agent: Bank, transfer: Transfer | None = None) -> str:
    """A payment that has settled on both sides."""
    transfer = transfer or Transfer()
    settled(debtor_agent, transfer.body(), transfer.uetr)
    assert creditor_agent.ended(transfer.uetr)["state"] == "SETTLED"
    return transfer.uetr


def uetr_of(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return answer.headers["location"].rpartition("/")[2]


def returned(bank: Bank, other: Bank, order: Return) -> dict[str, Any]:
    """The return once it has settled at both."""
    uetr = uetr_of(bank.post(order.body()))
    payment = bank.ended(uetr)
    assert payment["state"] == "SETTLED", payment
    assert other.ended(uetr)["state"] == "SETTLED"
    return payment


def messages(bank: Bank, uetr: str, name: str) -> list[bytes]:
    kept = bank.http.get(f"/v1/payments/{uetr}/messages").json()["messages"]
    return [one["body"].encode() for one in kept if one["name"] == name]


def test_a_payment_is_returned_whole_and_both_books_say_so(debtor_agent: Bank, creditor_agent: Bank) -> None:
    debtor, creditor = debtor_agent.accounts()[DEBTOR_ACCOUNT], creditor_agent.accounts()[HK_ACCOUNT]
    original = paid(debtor_agent, creditor_agent)
    payment = returned(creditor_agent, debtor_agent, Return(original))
    assert payment["debit"] == payment["credit"] == {"amount": 1_000_000, "currency": "CNY"}
    assert payment["return_of"] == original
    assert debtor_agent.accounts()[DEBTOR_ACCOUNT] == debtor
    assert creditor_agent.accounts()[HK_ACCOUNT] == creditor
    assert debtor_agent.reconciles()
    assert creditor_agent.reconciles()
    once_more = creditor_agent.ended(uetr_of(creditor_agent.post(Return(original, amount="0.01").body())))
    assert (once_more["state"], once_more["reasons"][0]["code"]) == ("REJECTED", "AM09")


def test_what_goes_out_is_valid_and_names_the_original(debtor_agent: Bank, creditor_agent: Bank) -> None:
    original = paid(debtor_agent, creditor_agent)
    payment = returned(creditor_agent, debtor_agent, Return(original, amount="4000.00"))
    sent = messages(creditor_agent, payment["uetr"], "pacs.004.001.09")
    assert sent == [*sent[:1], *messages(debtor_agent, payment["uetr"], "pacs.004.001.09")]
    document = etree.fromstring(sent[1])
    assert official_schema("pacs.004.001.09").validate(document)
    assert document.findtext(".//{*}OrgnlUETR") == original
    assert uuid.UUID(document.findtext(".//{*}RtrId") or "") == uuid.UUID(payment["uetr"])
    assert document.findtext(".//{*}RtrChain/{*}Cdtr/{*}Pty/{*}Nm") == "Jiangnan Textile Trading Co., Ltd."
    assert document.findtext(".//{*}RtrRsnInf/{*}Rsn/{*}Cd") == "AC04"
    for report in messages(creditor_agent, payment["uetr"], "pacs.002.001.10"):
        told = etree.fromstring(report)
        assert official_schema("pacs.002.001.10").validate(told)
        assert told.findtext(".//{*}OrgnlUETR") == original
        assert told.findtext(".//{*}OrgnlMsgNmId") == "pacs.004.001.09"


def test_parts_add_up_to_what_was_settled_and_no_further(debtor_agent: Bank, creditor_agent: Bank) -> None:
    original = paid(debtor_agent, creditor_agent)
    returned(creditor_agent, debtor_agent, Return(original, amount="6000.00"))
    refused = creditor_agent.ended(uetr_of(creditor_agent.post(Return(original, amount="4000.01").body())))
    assert (refused["state"], refused["reasons"][0]["code"]) == ("REJECTED", "AM09")
    assert refused["reasons"][0]["reason"] == "return_exceeds_original"
    returned(creditor_agent, debtor_agent, Return(original, amount="4000.00"))


def test_of_parts_that_race_only_what_was_settled_goes_back(debtor_agent: Bank, creditor_agent: Bank) -> None:
    original = paid(debtor_agent, creditor_agent)
    orders = [Return(original, amount="3000.00") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        uetrs = [uetr_of(answer) for answer in pool.map(lambda order: creditor_agent.post(order.body()), orders)]
    ends = [creditor_agent.ended(uetr)["state"] for uetr in uetrs]
    assert sorted(ends) == ["REJECTED"] * 5 + ["SETTLED"] * 3
    assert creditor_agent.reconciles()


def test_one_return_in_many_copies_is_one_return(debtor_agent: Bank, creditor_agent: Bank) -> None:
    original = paid(debtor_agent, creditor_agent)
    before = creditor_agent.accounts()[HK_ACCOUNT][0]
    order = Return(original, amount="2500.00")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: creditor_agent.post(order.body()), range(8)))
    assert len({answer.content for answer in answers}) == 1
    assert len({uetr_of(answer) for answer in answers}) == 1
    assert creditor_agent.ended(uetr_of(answers[0]))["state"] == "SETTLED"
    assert creditor_agent.accounts()[HK_ACCOUNT][0] == before - 250_000
    again = Return(original, amount="2500.00", return_id=order.return_id)
    problem(creditor_agent.post(again.body()), 409, "uetr_already_used")


def test_two_currencies_come_back_through_a_new_quote(debtor_agent: Bank, third_bank: Bank) -> None:
    quote = debtor_agent.quote("CNY", "AED", 500_000)
    bought = quote["buy"]["amount"]
    transfer = Transfer(
        currency="AED",
        amount=f"{bought // 100}.{bought % 100:02d}",
        instructed=("CNY", "5000.00"),
        creditor_agent=third_bank.bic,
        creditor_account=CREDITOR_ACCOUNT,
        quote_id=quote["quote_id"],
    )
    original = paid(debtor_agent, third_bank, transfer)
    before = third_bank.accounts()[CREDITOR_ACCOUNT][0]
    payment = returned(third_bank, debtor_agent, Return(original, amount="1000.00", currency="AED"))
    assert payment["debit"] == {"amount": 100_000, "currency": "AED"}
    assert payment["credit"]["currency"] == "CNY"
    assert third_bank.accounts()[CREDITOR_ACCOUNT][0] == before - 100_000
    sent = messages(third_bank, payment["uetr"], "pacs.004.001.09")[1]
    assert official_schema("pacs.004.001.09").validate(etree.fromstring(sent))
    assert third_bank.reconciles()
    assert debtor_agent.reconciles()


def test_only_who_received_it_returns_it(debtor_agent: Bank, creditor_agent: Bank) -> None:
    original = paid(debtor_agent, creditor_agent)
    problem(debtor_agent.post(Return(original).body()), 403, "not_your_payment")
    problem(creditor_agent.post(Return(str(uuid.uuid4())).body()), 404, "original_unknown")


def test_a_return_of_a_return_is_refused(debtor_agent: Bank, creditor_agent: Bank) -> None:
    original = paid(debtor_agent, creditor_agent)
    payment = returned(creditor_agent, debtor_agent, Return(original))
    refused = debtor_agent.ended(uetr_of(debtor_agent.post(Return(payment["uetr"]).body())))
    assert (refused["state"], refused["reasons"][0]["reason"]) == ("REJECTED", "original_unknown")


def test_a_return_says_why_by_a_known_code(debtor_agent: Bank, creditor_agent: Bank) -> None:
    original = paid(debtor_agent, creditor_agent)
    for reason in ("<Rsn><Cd>ZZZZ</Cd></Rsn>", "<Rsn><Prtry>because</Prtry></Rsn>"):
        status, code, text = report_of(creditor_agent.post(Return(original, reason=reason).body()))
        assert (status, code) == ("RJCT", "FF01")
        assert "ExternalReturnReason1Code" in text


def test_an_amount_that_is_no_money_is_refused(debtor_agent: Bank, creditor_agent: Bank) -> None:
    original = paid(debtor_agent, creditor_agent)
    answer = creditor_agent.post(Return(original, amount="1.005").body())
    problem(answer, 422, "amount_has_too_many_decimals")
    problem(creditor_agent.post(Return(original, currency="ZZZ").body()), 422, "currency_unknown")
    refused = creditor_agent.ended(uetr_of(creditor_agent.post(Return(original, currency="AED").body())))
    assert refused["reasons"][0]["reason"] == "return_currency_differs"


def test_a_payment_that_settled_in_a_batch_is_returned_too_within_what_was_settled(
    debtor_agent: Bank, creditor_agent: Bank
) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (batched := _settled_in_a_batch(debtor_agent, creditor_agent)):  # how many meet is up to the machine
        assert time.monotonic() < deadline, "none of so many at once was settled in a batch"
    returned(creditor_agent, debtor_agent, Return(batched[0], amount="10.00"))
    refused = creditor_agent.ended(uetr_of(creditor_agent.post(Return(batched[0], amount="0.01").body())))
    assert refused["reasons"][0]["reason"] == "return_exceeds_original"
    assert creditor_agent.reconciles()


def _settled_in_a_batch(debtor_agent: Bank, creditor_agent: Bank) -> list[str]:
    """Which of two dozen payments at once were."""
    transfers = [Transfer(amount="10.00") for _ in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda transfer: debtor_agent.post(transfer.body()), transfers))
    for transfer in transfers:
        assert debtor_agent.ended(transfer.uetr)["state"] == "SETTLED"
        assert creditor_agent.ended(transfer.uetr)["state"] == "SETTLED"
    with creditor_agent.office.book.view() as unit:
        records = [unit.payments.find(transfer.uetr) for transfer in transfers]
    return [record.uetr for record in records if record is not None and record.sequence is not None]
