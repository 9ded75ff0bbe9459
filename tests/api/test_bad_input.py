"""Everything a caller can get wrong, and what it gets for it: money never moves, nothing stays reserved, and the
answer names the element, the value and the rule.
"""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from lxml import etree

from api.routes.examples import STATUS_REPORT
from api.routes.tokens import ASSERTION_TYPE
from cli.running_network import RunningNetwork
from node.book.records import QuoteDirection, QuoteRecord, QuoteStatus
from node.domain.money import Currency, Money
from node.settlement.office import now
from node.settlement.ports import QuoteRequest, Refused
from node.settlement.quote_desk import give
from node.settlement.terms import Terms
from tests.api.expectations import problem, report_of, suspended
from tests.network import BANK_AE, BANK_CN, CREDITOR_ACCOUNT, PROVIDER, Bank, Transfer

CNY, AED = Currency("CNY", 2), Currency("AED", 2)
UNKNOWN_BIC = "NOSUBEB0XXX"


@pytest.fixture(autouse=True)
def nothing_moves(debtor_agent: Bank) -> Iterator[None]:
    """Hold every test of this file to it: no account changes, nothing stays reserved, book equals chain."""
    before = debtor_agent.accounts()
    yield
    assert debtor_agent.accounts() == before
    assert all(reserved == 0 for _balance, reserved in before.values())
    assert debtor_agent.reconciles()


# What cannot be taken as an instruction: a problem, and no payment.

BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;">]><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08">&c;</Document>"""
UNREADABLE: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "not XML": (lambda _body: b"MT103 {1:F01...", 400, "message_not_xml"),
    "cut off": (lambda body: body[:-40], 400, "message_not_xml"),
    "empty": (lambda _body: b"", 400, "message_empty"),
    "a DOCTYPE": (
        lambda body: body.replace(b"<Document", b"<!DOCTYPE Document><Document", 1),
        400,
        "message_has_document_type",
    ),
    "an entity bomb": (lambda _body: BOMB, 400, "message_has_document_type"),
    "UTF-16": (lambda body: body.decode().replace("UTF-8", "UTF-16").encode("utf-16"), 400, "message_not_utf8"),
    "wrong namespace": (
        lambda body: body.replace(b"urn:iso:std:iso:20022", b"urn:example"),
        400,
        "wrong_namespace",
    ),
    "another message": (lambda _body: STATUS_REPORT.encode(), 422, "unsupported_message"),
    "two messages": (
        lambda body: b"<All>" + body[body.index(b"<Doc") :] * 2 + b"</All>",
        400,
        "several_messages_found",
    ),
    "schema-invalid": (lambda body: body.replace(b"<ChrgBr>SHAR", b"<ChrgBr>FREE"), 422, "schema_invalid"),
    "a negative amount": (lambda body: body.replace(b">10000.00<", b">-1.00<"), 422, "schema_invalid"),
    "too many decimals": (
        lambda body: body.replace(b">10000.00<", b">1.005<"),
        422,
        "amount_has_too_many_decimals",
    ),
    "a currency that is none": (lambda body: body.replace(b'"CNY"', b'"QQQ"'), 422, "currency_unknown"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_instruction_is_a_problem(name: str, debtor_agent: Bank) -> None:
    change, status, code = UNREADABLE[name]
    transfer = Transfer()
    answer = debtor_agent.post(change(transfer.body()))
    document = problem(answer, status, code)
    assert document["iso_reason"]
    assert document["retryable"] is False
    assert document["responsible_party"] == "caller"
    assert document["errors"][0]["rule"]
    assert debtor_agent.http.get(f"/v1/payments/{transfer.uetr}").status_code == 404


@pytest.mark.parametrize(
    ("name", "element", "value"),
    [
        ("schema-invalid", "FIToFICstmrCdtTrf/CdtTrfTxInf/ChrgBr", "FREE"),
        ("a negative amount", "FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt", "-1.00"),
        ("too many decimals", "FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt", "CNY 1.005"),
        ("wrong namespace", "Document", "urn:example:tech:xsd:pacs.008.001.08"),
    ],
)
def test_a_problem_names_element_value_and_rule(name: str, element: str, value: str, debtor_agent: Bank) -> None:
    first = debtor_agent.post(UNREADABLE[name][0](Transfer().body())).json()["errors"][0]
    assert (first["element"], first["value"]) == (element, value)
    assert first["rule"]
    assert first["text"]


def test_fifty_megabytes_are_refused_before_they_are_read(debtor_agent: Bank) -> None:
    def endless() -> Iterator[bytes]:
        yield b"<Document>"
        for _ in range(50):
            yield b" " * 1_000_000

    try:
        answer = debtor_agent.http.post(
            "/v1/iso20022/messages", content=endless(), headers={"Content-Type": "text/xml"}
        )
    except (httpx.WriteError, httpx.ReadError):
        pytest.fail("the connection broke before the answer could be read")
    problem(answer, 413, "body_too_large")


def test_a_body_announced_as_too_large_is_refused_unread(debtor_agent: Bank) -> None:
    url = httpx.URL(debtor_agent.entry["api_url"])
    request = (
        f"POST /v1/iso20022/messages HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: application/xml\r\n"
        f"Authorization: Bearer {debtor_agent.entry['credential']}\r\nContent-Length: 50000000\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port or 80), timeout=5) as connection:
        connection.sendall(request.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_another_media_type_is_refused(debtor_agent: Bank) -> None:
    answer = debtor_agent.http.post("/v1/iso20022/messages", json={"pay": "me"})
    problem(answer, 415, "media_type_not_supported")


# Readable, but a rule of the message is broken: answered 202 with RJCT, recorded as rejected.

REJECTED_AT_ONCE: dict[str, tuple[Transfer, str, str, str]] = {
    "bad IBAN check digits": (
        Transfer(creditor_agent=BANK_AE, creditor_account="AE959990000004200018378"),
        "AC03",
        "CdtrAcct/Id/IBAN",
        "AE959990000004200018378",
    ),
    "amount zero": (Transfer(amount="0.00"), "AM01", "IntrBkSttlmAmt", "CNY 0.00"),
    "no rate for two currencies": (
        Transfer(currency="HKD", amount="100.00", instructed=("CNY", "93.00")),
        "AM12",
        "InstdAmt",
        "CNY 93.00",
    ),
}


@pytest.mark.parametrize("name", REJECTED_AT_ONCE)
def test_a_broken_message_rule_is_rejected_at_once(name: str, debtor_agent: Bank) -> None:
    transfer, code, element, value = REJECTED_AT_ONCE[name]
    transfer = replace(transfer, uetr=str(uuid.uuid4()), message_id=f"MSG{uuid.uuid4().hex[:20]}")
    status, reason, text = report_of(debtor_agent.post(transfer.body()))
    assert (status, reason) == ("RJCT", code)
    assert f"{element}" in text
    assert f"value: {value}" in text
    assert "rule: " in text
    payment = debtor_agent.payment(transfer.uetr)
    assert (payment["state"], payment["status"]) == ("REJECTED", "RJCT")
    assert (payment["reasons"][0]["code"], payment["reasons"][0]["value"]) == (code, value)
    assert payment["chain"] is None


# Found out only by asking registry, account, provider or creditor agent: 202 RCVD, then rejected with the reason.

REJECTED_LATER: dict[str, tuple[Transfer, str]] = {
    "unknown BIC": (Transfer(creditor_agent=UNKNOWN_BIC), "RC04"),
    "own BIC, and no account of ours": (Transfer(creditor_agent=BANK_CN), "AC03"),
    "above the balance": (Transfer(amount="99999999.00"), "AM04"),
    "a currency nobody issues": (Transfer(currency="EUR"), "AM03"),
    "an unknown debtor account": (Transfer(debtor_account="6228000000000000000"), "AC02"),
    "an unknown creditor account": (Transfer(creditor_account="388104000000"), "AC03"),
    "a creditor account in another currency": (Transfer(creditor_account="388104567001"), "AC11"),
    "a quote nobody gave": (
        Transfer(
            currency="AED",
            amount="51.00",
            instructed=("CNY", "100.00"),
            creditor_agent=BANK_AE,
            creditor_account=CREDITOR_ACCOUNT,
            quote_id="5d3c1c52-37a0-4c85-a9b4-3b6c2f1f4b0e",
        ),
        "AM09",
    ),
}


def rejected(debtor_agent: Bank, transfer: Transfer, code: str) -> dict[str, Any]:
    """Post it, see RCVD, wait for the rejection with this code; the first reason."""
    transfer = replace(transfer, uetr=str(uuid.uuid4()), message_id=f"MSG{uuid.uuid4().hex[:20]}")
    assert report_of(debtor_agent.post(transfer.body()))[0] == "RCVD"
    payment = debtor_agent.ended(transfer.uetr)
    assert (payment["state"], payment["status"]) == ("REJECTED", "RJCT"), payment
    reason: dict[str, Any] = payment["reasons"][0]
    assert reason["code"] == code, payment
    assert reason["text"]
    assert payment["chain"] is None
    messages = debtor_agent.http.get(f"/v1/payments/{transfer.uetr}/messages").json()["messages"]
    report = etree.fromstring(messages[-1]["body"].encode())
    assert (report.findtext(".//{*}TxSts"), report.findtext(".//{*}Rsn/{*}Cd")) == ("RJCT", code)
    return reason


@pytest.mark.parametrize("name", REJECTED_LATER)
def test_what_only_the_network_knows_is_rejected_with_its_reason(name: str, debtor_agent: Bank) -> None:
    transfer, code = REJECTED_LATER[name]
    reason = rejected(debtor_agent, transfer, code)
    assert reason["element"]
    assert reason["value"]


def test_an_inactive_participant_is_not_paid(
    network: RunningNetwork, debtor_agent: Bank, third_bank: Bank
) -> None:
    with suspended(network, BANK_AE):
        reason = rejected(
            debtor_agent,
            Transfer(creditor_agent=BANK_AE, creditor_account="AE929990000004200099911"),
            "AG11",
        )
    assert reason["value"] == BANK_AE
    assert third_bank.reconciles()


def cross_currency(quote_id: str, amount: str, instructed: str) -> Transfer:
    return Transfer(
        currency="AED",
        amount=amount,
        instructed=("CNY", instructed),
        creditor_agent=BANK_AE,
        creditor_account=CREDITOR_ACCOUNT,
        quote_id=quote_id,
    )


def test_an_expired_quote_is_not_used(network: RunningNetwork, debtor_agent: Bank) -> None:
    provider, taker = network.institutions[PROVIDER].office, debtor_agent.office
    ourselves = taker.directory.by_bic(taker.bic)
    assert ourselves is not None
    short = replace(provider, terms=Terms(quote_s=1))
    signed = give(short, ourselves, QuoteRequest(taker.bic, "CNY", "AED", Money(100_00, CNY), None))
    assert not isinstance(signed, Refused)
    with taker.book.unit() as unit:
        kept = QuoteRecord(
            signed.quote, signed.signature, PROVIDER, QuoteDirection.TAKEN, QuoteStatus.OPEN, None, now(taker)
        )
        unit.quotes.add(kept)
    time.sleep(2.1)
    transfer = cross_currency(signed.quote.quote_id, signed.quote.buy.plain(), "100.00")
    assert rejected(debtor_agent, transfer, "TM01")["value"] == signed.quote.quote_id


def test_a_quote_for_other_amounts_is_not_used(debtor_agent: Bank) -> None:
    quote = debtor_agent.quote("CNY", "AED", 100_00)
    reason = rejected(debtor_agent, cross_currency(quote["quote_id"], "51.00", "100.00"), "AM09")
    assert reason["reason"] == "quote_amounts_differ"
    assert reason["value"] == quote["quote_id"]


def test_a_better_rate_than_anybody_offers_is_not_made_up(debtor_agent: Bank) -> None:
    transfer = replace(cross_currency("", "90.00", "100.00"), quote_id=None, rate="0.9")
    assert rejected(debtor_agent, transfer, "AM09")["reason"] == "rate_not_offered"


# The same twice.


def test_the_same_uetr_with_another_body_is_a_duplicate(debtor_agent: Bank) -> None:
    transfer = Transfer(amount="99999999.00")
    debtor_agent.post(transfer.body())
    debtor_agent.ended(transfer.uetr)
    other = replace(transfer, message_id="ANOTHER-ID-" + transfer.uetr[:8], amount="1.00")
    document = problem(debtor_agent.post(other.body()), 409, "uetr_already_used")
    assert document["iso_reason"] == "DUPL"
    assert document["errors"][0]["value"] == transfer.uetr


def test_the_same_message_id_with_another_body_is_refused(debtor_agent: Bank) -> None:
    transfer = Transfer(amount="99999999.00")
    debtor_agent.post(transfer.body())
    debtor_agent.ended(transfer.uetr)
    other = replace(transfer, uetr=str(uuid.uuid4()))
    document = problem(debtor_agent.post(other.body()), 409, "message_id_already_used")
    assert document["iso_reason"] == "DU01"
    assert transfer.message_id in document["errors"][0]["value"]


def test_a_body_that_is_no_text_is_malformed(debtor_agent: Bank) -> None:
    """Found by requests made up from the OpenAPI document: it was answered, but not documented."""
    headers = {"Content-Type": "application/json"}
    answer = debtor_agent.http.post("/v1/quotes", content=b'"\xff"', headers=headers)
    problem(answer, 400, "malformed_request")
    document = debtor_agent.http.get("/openapi.json").json()
    assert "400" in document["paths"]["/v1/quotes"]["post"]["responses"]


def test_half_a_character_is_refused_and_shown_as_far_as_it_can_be(debtor_agent: Bank) -> None:
    half = b'{"sell_currency": "\\ud800NY", "buy_currency": "AED", "sell_amount": 1}'
    answer = debtor_agent.http.post("/v1/quotes", content=half, headers={"Content-Type": "application/json"})

    document = problem(answer, 422, "request_does_not_fit_its_schema")
    assert document["errors"][0]["element"] == "body.sell_currency"


def test_the_character_that_no_database_keeps_is_refused_wherever_it_stands(debtor_agent: Bank) -> None:
    """PostgreSQL keeps no NUL: what let one through to it was answered as a fault of ours."""
    http, unsigned = debtor_agent.http, "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJcdTAwMDAifQ.AAAA"  # its `sub` is NUL
    message = b"<Document><MsgId>A\0B</MsgId>"
    refused = http.post("/v1/iso20022/messages", content=message, headers={"Content-Type": "application/xml"})
    problem(refused, 400, "message_not_utf8")
    for address in ("messages/%00", "messages/%00/report", "messages?after=%00"):
        problem(http.get(f"/v1/iso20022/{address}"), 422, "request_does_not_fit_its_schema")
    problem(http.get("/v1/messages?name=%00"), 422, "request_does_not_fit_its_schema")
    wish = {"return_id": "r", "amount": 1, "currency": "CNY", "reason": "AC04", "text": "\0"}
    for address, body in (
        (f"/v1/payments/{uuid.uuid4()}/returns", wish),
        ("/v1/webhook-endpoints", {"url": "https://example.com/\0"}),
        ("/v1/payee-searches", {"alias": "a\0@example.com"}),
    ):
        problem(http.post(address, json=body), 422, "request_does_not_fit_its_schema")
    assertion = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": unsigned}
    answer = http.post("/oauth/token", data={"grant_type": "client_credentials", **assertion})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
