"""A bank's message comes in, and what became of the payment can be asked for until it is settled."""

from __future__ import annotations

import uuid
from datetime import datetime

import httpx
import pytest
from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.parse import ParsedMessage, parse
from tests.network import CREDITOR_ACCOUNT, DEBTOR_ACCOUNT, Bank, Transfer, settled

BESIDE = ("return_of", "warnings", "waits_for", "part_of")


def status_of(report: bytes) -> str:
    """The transaction status a pacs.002 gives; it is valid by its schema."""
    message = parse(report, Catalogue())
    assert isinstance(message, ParsedMessage)
    assert message.identifier == "pacs.002.001.10"
    return str(etree.fromstring(report).findtext(".//{*}TxSts"))


def test_one_currency_settles_and_is_told_exactly(debtor_agent: Bank, creditor_agent: Bank) -> None:
    transfer = Transfer()
    before, creditors = debtor_agent.accounts(), creditor_agent.accounts()
    answer = debtor_agent.post(transfer.body())
    assert (answer.status_code, status_of(answer.content)) == (202, "RCVD")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["location"] == f"/v1/payments/{transfer.uetr}"

    payment = debtor_agent.ended(transfer.uetr)
    assert set(payment) == {"uetr", "state", "status", "reasons", "debit", "credit", "history", "chain", *BESIDE}
    assert (payment["uetr"], payment["state"], payment["status"]) == (transfer.uetr, "SETTLED", "ACSC")
    assert payment["debit"] == payment["credit"] == {"amount": 1_000_000, "currency": "CNY"}
    assert [(step["state"], step["status"]) for step in payment["history"]] == [
        ("RECEIVED", "RCVD"),
        ("VALIDATED", "ACTC"),
        ("ACCEPTED", "ACCP"),
        ("SUBMITTED", "ACSP"),
        ("INCLUDED", "ACSP"),
        ("SETTLED", "ACSC"),
    ]
    moments = [datetime.fromisoformat(step["at"]) for step in payment["history"]]
    assert moments == sorted(moments)
    assert moments[0].tzinfo is not None
    block = debtor_agent.office.client.block(payment["chain"]["block_number"])
    assert block is not None
    assert payment["chain"]["block_hash"] == block.hash
    assert payment["chain"]["transaction_hash"].startswith("0x")

    assert creditor_agent.ended(transfer.uetr)["state"] == "SETTLED"
    assert debtor_agent.accounts()[DEBTOR_ACCOUNT] == (before[DEBTOR_ACCOUNT][0] - 1_000_000, 0)
    assert creditor_agent.accounts()["388104567156"][0] == creditors["388104567156"][0] + 1_000_000
    assert debtor_agent.reconciles()
    assert creditor_agent.reconciles()


def test_two_currencies_settle_with_the_quote_that_was_taken(debtor_agent: Bank, third_bank: Bank) -> None:
    quote = debtor_agent.quote("CNY", "AED", 500_000)
    assert quote["sell"] == {"amount": 500_000, "currency": "CNY"}
    bought = quote["buy"]["amount"]
    transfer = Transfer(
        currency="AED",
        amount=f"{bought // 100}.{bought % 100:02d}",
        instructed=("CNY", "5000.00"),
        creditor_agent=third_bank.bic,
        creditor_account=CREDITOR_ACCOUNT,
        quote_id=quote["quote_id"],
    )
    before = third_bank.accounts()[CREDITOR_ACCOUNT][0]
    payment = settled(debtor_agent, transfer.body(), transfer.uetr)
    assert payment["debit"] == {"amount": 500_000, "currency": "CNY"}
    assert payment["credit"] == {"amount": bought, "currency": "AED"}
    assert third_bank.ended(transfer.uetr)["state"] == "SETTLED"
    assert third_bank.accounts()[CREDITOR_ACCOUNT][0] == before + bought
    assert debtor_agent.reconciles()
    assert third_bank.reconciles()


def test_a_quote_can_be_asked_for_by_what_is_bought(debtor_agent: Bank) -> None:
    wish = {"sell_currency": "CNY", "buy_currency": "THB", "buy_amount": 1_000_000}
    quote = debtor_agent.http.post("/v1/quotes", json=wish).json()
    assert quote["buy"] == {"amount": 1_000_000, "currency": "THB"}
    assert quote["sell"]["amount"] > 0
    assert datetime.fromisoformat(quote["expires_at"]).tzinfo is not None


def test_every_message_of_a_payment_is_kept_byte_for_byte(debtor_agent: Bank, creditor_agent: Bank) -> None:
    transfer = Transfer()
    settled(debtor_agent, transfer.body(), transfer.uetr)
    messages = debtor_agent.http.get(f"/v1/payments/{transfer.uetr}/messages").json()["messages"]
    assert messages[0]["body"].encode() == transfer.body()
    assert [(one["direction"], one["name"], one["counterparty"]) for one in messages] == [
        ("in", "pacs.008.001.08", "back-office"),
        ("out", "pacs.002.001.10", "back-office"),
        ("out", "pacs.008.001.08", creditor_agent.bic),
        ("in", "pacs.002.001.10", creditor_agent.bic),
        ("out", "pacs.002.001.10", "back-office"),
    ]
    assert status_of(messages[-2]["body"].encode()) == "ACCP"
    assert status_of(messages[-1]["body"].encode()) == "ACSC"


def test_the_same_message_again_gets_the_same_bytes(debtor_agent: Bank) -> None:
    transfer = Transfer(amount="1.00")
    first, second = debtor_agent.post(transfer.body()), debtor_agent.post(transfer.body())
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    debtor_agent.ended(transfer.uetr)
    third = debtor_agent.post(transfer.body())
    assert third.content == first.content


def test_payments_are_listed_newest_first_page_by_page(debtor_agent: Bank) -> None:
    sent = [Transfer(amount="1.00") for _ in range(3)]
    for transfer in sent:
        settled(debtor_agent, transfer.body(), transfer.uetr)
    page = debtor_agent.http.get("/v1/payments", params={"limit": 2}).json()
    assert [one["uetr"] for one in page["payments"]] == [sent[2].uetr, sent[1].uetr]
    following = debtor_agent.http.get("/v1/payments", params={"limit": 2, "after": page["next"]}).json()
    assert following["payments"][0]["uetr"] == sent[0].uetr
    assert following["payments"][0]["side"] == "debtor_agent"
    none = debtor_agent.http.get("/v1/payments", params={"state": "SCREENING_HOLD"}).json()
    assert none == {"payments": [], "next": None}


def test_participants_and_accounts_are_told(debtor_agent: Bank) -> None:
    participants = debtor_agent.http.get("/v1/participants").json()["participants"]
    assert len(participants) == 9
    ourselves = next(one for one in participants if one["bic"] == debtor_agent.bic)
    assert ourselves["roles"] == ["bank"]
    assert ourselves["status"] == "active"
    assert ourselves["settlement_address"] == debtor_agent.entry["settlement_address"]
    accounts = debtor_agent.http.get("/v1/accounts").json()["accounts"]
    assert {one["kind"] for one in accounts} == {"own", "customer"}


def test_health_needs_no_credential_and_readiness_says_what_it_checked(debtor_agent: Bank) -> None:
    anonymous = httpx.Client(base_url=debtor_agent.entry["api_url"], trust_env=False, timeout=60)
    with anonymous:
        assert anonymous.get("/healthz").json()["status"] == "ok"
        ready = anonymous.get("/readyz")
    assert ready.status_code == 200, ready.text
    assert {check["name"] for check in ready.json()["checks"]} == {"chain", "cursor", "worker", "lanes"}


def test_a_message_without_uetr_gets_one_and_is_still_taken_once(debtor_agent: Bank) -> None:
    transfer = Transfer(amount="2.00")
    body = transfer.body().replace(f"<UETR>{transfer.uetr}</UETR>".encode(), b"")
    first, second = debtor_agent.post(body), debtor_agent.post(body)
    assert first.status_code == 202, first.text
    assert first.content == second.content
    uetr = first.headers["location"].rpartition("/")[2]
    assert uuid.UUID(uetr).version == 4
    assert debtor_agent.ended(uetr)["state"] == "SETTLED"


@pytest.mark.parametrize("version", ["10", "12", "13"])
def test_a_later_version_of_the_message_settles_too(
    debtor_agent: Bank, creditor_agent: Bank, version: str
) -> None:
    transfer = Transfer()
    body = transfer.body().replace(b"pacs.008.001.08", f"pacs.008.001.{version}".encode())
    assert settled(debtor_agent, body, transfer.uetr)["status"] == "ACSC"
    assert creditor_agent.ended(transfer.uetr)["state"] == "SETTLED"
