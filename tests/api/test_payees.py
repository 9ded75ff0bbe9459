"""Aliases are found across institutions, and a payee's name is confirmed by whoever keeps the account."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from cli.running_network import RunningNetwork
from node.book.records import AccountStatus
from node.domain.names import NameCheck
from node.settlement.payee_desk import PayeeQuestion, verify_payee
from tests.api.expectations import problem
from tests.conformance.iso20022.corpus import official_schema
from tests.network import BANK_HK, CREDITOR_ACCOUNT, Bank, Transfer

YUAN_ACCOUNT = "388104567156"


def verified(bank: Bank, **question: Any) -> dict[str, Any]:
    answer = bank.http.post("/v1/payee-verifications", json={"agent": BANK_HK, **question})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_alias_leads_to_an_account_at_another_institution(debtor_agent: Bank, creditor_agent: Bank) -> None:
    alias = f"@k{uuid.uuid4().hex[:12]}"
    given = {"alias": alias.upper(), "account": YUAN_ACCOUNT}
    for _ in range(2):
        answer = creditor_agent.http.post("/v1/aliases", json=given)
        assert answer.status_code == 201, answer.text
        assert answer.json()["alias"] == alias
    found = debtor_agent.http.post("/v1/payee-searches", json={"alias": alias}).json()
    assert found["silent"] == []
    assert [(one["agent"], one["account"], one["currency"]) for one in found["payees"]] == [
        (BANK_HK, YUAN_ACCOUNT, "CNY")
    ]
    assert found["payees"][0]["masked_name"] == "K****** I********** L******"
    assert verified(debtor_agent, alias=alias, name="kowloon instruments")["result"] == "MTCH"
    assert creditor_agent.http.delete(f"/v1/aliases/{alias}").status_code == 204
    assert debtor_agent.http.post("/v1/payee-searches", json={"alias": alias}).json()["payees"] == []


def test_an_alias_names_one_account_that_there_is(creditor_agent: Bank) -> None:
    alias = f"@k{uuid.uuid4().hex[:12]}"
    creditor_agent.http.post("/v1/aliases", json={"alias": alias, "account": YUAN_ACCOUNT})
    other = {"alias": alias, "account": "388104890002"}
    problem(creditor_agent.http.post("/v1/aliases", json=other), 409, "alias_taken")
    nowhere = {"alias": "+85261234567", "account": "1"}
    problem(creditor_agent.http.post("/v1/aliases", json=nowhere), 422, "creditor_account_unknown")
    for alias in ("kowloon", "kow\0loon@bank.example"):
        no_alias = {"alias": alias, "account": YUAN_ACCOUNT}
        problem(creditor_agent.http.post("/v1/aliases", json=no_alias), 422, "request_does_not_fit_its_schema")


@pytest.mark.parametrize(
    ("question", "result", "name", "reason"),
    [
        ({"name": "KOWLOON INSTRUMENTS LTD"}, "MTCH", None, None),
        ({"name": "Kowlon Instrument"}, "CMTC", "Kowloon Instruments Limited", None),
        ({"name": "Chan Wai Man"}, "NMTC", None, "creditor_name_differs"),
        ({}, "NOAP", None, None),
        ({"name": "Kowloon Instruments", "currency": "AED"}, "NOAP", None, "creditor_account_currency_differs"),
        ({"name": "Kowloon", "account": "OWN-CNY"}, "NOAP", None, "creditor_account_unknown"),
        ({"name": "Kowloon", "account": "000"}, "NOAP", None, "creditor_account_unknown"),
    ],
)
def test_a_name_is_confirmed_and_told_only_when_it_comes_close(
    debtor_agent: Bank, question: dict[str, Any], result: str, name: str | None, reason: str | None
) -> None:
    found = verified(debtor_agent, **{"account": YUAN_ACCOUNT, **question})
    assert (found["result"], found["name"], found["reason"]) == (result, name, reason)


def test_who_cannot_be_asked_is_said(debtor_agent: Bank) -> None:
    asked = {"agent": "NOSUBEB0XXX", "account": "1", "name": "N"}
    problem(debtor_agent.http.post("/v1/payee-verifications", json=asked), 422, "creditor_agent_unknown")


def test_our_own_account_is_verified_without_asking_anybody(third_bank: Bank) -> None:
    asked = {"agent": third_bank.bic, "account": CREDITOR_ACCOUNT, "name": "Falcon Marine Supplies"}
    assert third_bank.http.post("/v1/payee-verifications", json=asked).json()["result"] == "MTCH"


def test_a_payment_to_another_name_is_accepted_with_a_remark(debtor_agent: Bank, creditor_agent: Bank) -> None:
    transfer = Transfer(amount="3.00")
    debtor_agent.post(transfer.body())
    assert debtor_agent.ended(transfer.uetr)["state"] == "SETTLED"
    remarks = creditor_agent.payment(transfer.uetr)["warnings"]
    assert "creditor-agent.name-no-match" in {one["rule"] for one in remarks}
    messages = debtor_agent.http.get(f"/v1/payments/{transfer.uetr}/messages").json()["messages"]
    assert "creditor-agent.name-no-match" in messages[3]["body"]
    (told,) = debtor_agent.payment(transfer.uetr)["warnings"]
    assert (told["rule"], told["code"], told["value"]) == ("creditor-agent.name-no-match", "BE01", "A Creditor")
    assert told["text"] == "The creditor's name is not the account holder's (NMTC)."
    final = etree.fromstring(messages[-1]["body"].encode())
    assert messages[-1]["direction"] == "out"
    assert official_schema("pacs.002.001.10").validate(final)
    assert final.findtext(".//{*}TxSts") == "ACSC"
    (said,) = final.findall(".//{*}StsRsnInf")
    assert said.find("{*}Rsn") is None
    lines = [line.text or "" for line in said.findall("{*}AddtlInf")]
    assert told["text"] in lines
    assert "element: FIToFICstmrCdtTrf/CdtTrfTxInf/Cdtr/Nm" in lines


def test_nothing_is_said_at_the_end_of_a_name_that_matches(debtor_agent: Bank) -> None:
    transfer = Transfer(amount="3.00")
    debtor_agent.post(transfer.body().replace(b"A Creditor", b"Kowloon Instruments Ltd"))
    assert debtor_agent.ended(transfer.uetr)["state"] == "SETTLED"
    messages = debtor_agent.http.get(f"/v1/payments/{transfer.uetr}/messages").json()["messages"]
    assert "<TxSts>ACSC</TxSts>" in messages[-1]["body"]
    assert "StsRsnInf" not in messages[-1]["body"]


def test_a_strict_creditor_agent_refuses_another_name(
    network: RunningNetwork, debtor_agent: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = network.institutions[BANK_HK]
    strict = replace(institution.office, name_check=NameCheck.REFUSE)
    # The institution is frozen; its office is exchanged for the length of this test.
    monkeypatch.setitem(institution.__dict__, "office", strict)
    transfer = Transfer(amount="3.00")
    debtor_agent.post(transfer.body())
    payment = debtor_agent.ended(transfer.uetr)
    assert (payment["state"], payment["reasons"][0]["code"]) == ("REJECTED", "BE01")
    assert payment["reasons"][0]["element"] == "FIToFICstmrCdtTrf/CdtTrfTxInf/Cdtr/Nm"
    assert payment["reasons"][0]["rule"] == "creditor-agent.name-no-match"
    close = Transfer(amount="3.00")
    debtor_agent.post(close.body().replace(b"A Creditor", b"Kowloon Instrument"))
    assert debtor_agent.ended(close.uetr)["state"] == "SETTLED"


def test_a_closed_account_is_told_of_as_if_it_were_not_there(creditor_agent: Bank) -> None:
    office = creditor_agent.office
    with office.book.unit() as unit:
        kept = unit.accounts.find("388104890002")
        assert kept is not None
        nothing = kept.balance - kept.balance
        closed = replace(
            kept, number=uuid.uuid4().hex, status=AccountStatus.CLOSED, balance=nothing, reserved=nothing
        )
        unit.accounts.open(closed)
    answer = verify_payee(office, PayeeQuestion(closed.number, None, "Chan Wai Man"))
    assert answer.match.value == "NOAP"
