"""A bank's customer pays another customer of the same bank: the same messages, and nothing of it on the chain."""

from __future__ import annotations

from typing import Final

from lxml import etree

from api.routes.message_examples import CUSTOMER_ORDERS
from tests.api.test_inquiries import inquiry
from tests.api.test_messages import orders, text_of
from tests.api.test_recalls import Recall, brought, concluded, decide, opened, told, until
from tests.api.test_returns import HK_ACCOUNT, Return, messages, uetr_of
from tests.api.test_statements import adds_up, balance, closing, request
from tests.conformance.iso20022.corpus import official_schema
from tests.network import BANK_CN, BANK_HK, DEBTOR_ACCOUNT, Bank, Transfer, settled

NEIGHBOUR: Final = "6228901020030040069"
IN_HONG_KONG_DOLLARS: Final = "388104890002"
REPORT, RESOLUTION = "pacs.002.001.10", "camt.029.001.09"


def at_home(amount: str = "10000.00") -> Transfer:
    """From one customer of the bank in China to another."""
    return Transfer(amount=amount, creditor_agent=BANK_CN, creditor_account=NEIGHBOUR)


def paid_at_home(bank: Bank) -> str:
    transfer = at_home()
    settled(bank, transfer.body(), transfer.uetr)
    return transfer.uetr


def notices(bank: Bank, uetr: str) -> dict[str, etree._Element]:
    """The two notifications of a payment, by their direction."""

    def look() -> dict[str, etree._Element]:
        query = {"name": "camt.054.001.08", "direction": "out"}
        kept = bank.http.get("/v1/messages", params=query).json()["messages"]
        bodies = [bank.http.get(f"/v1/messages/{one['digest']}").content for one in kept[:40]]
        found = [etree.fromstring(body) for body in bodies if uetr.encode() in body]
        return {one.findtext(".//{*}Ntry/{*}CdtDbtInd") or "": one for one in found}

    found: dict[str, etree._Element] = until(look, lambda now: len(now) == 2)
    return found


def test_it_is_executed_and_told_like_any_payment(debtor_agent: Bank) -> None:
    debtor, creditor = balance(debtor_agent, DEBTOR_ACCOUNT), balance(debtor_agent, NEIGHBOUR)
    uetr = paid_at_home(debtor_agent)
    assert balance(debtor_agent, DEBTOR_ACCOUNT) == debtor - 10_000
    assert balance(debtor_agent, NEIGHBOUR) == creditor + 10_000
    payment = debtor_agent.payment(uetr)
    assert (payment["status"], payment["chain"]) == ("ACSC", None)
    reports = [etree.fromstring(body) for body in messages(debtor_agent, uetr, REPORT)]
    assert all(official_schema(REPORT).validate(report) for report in reports)
    assert [report.findtext(".//{*}TxSts") for report in reports] == ["RCVD", "ACSC"]
    assert reports[-1].findtext(".//{*}FctvIntrBkSttlmDt/{*}Dt")
    answer = debtor_agent.post(inquiry(uetr))
    assert text_of(answer.content, "TxSts") == ["ACSC"]
    assert debtor_agent.reconciles()


def test_both_customers_are_told_and_their_statements_add_up(debtor_agent: Bank) -> None:
    uetr = paid_at_home(debtor_agent)
    for direction, account, family in (("DBIT", DEBTOR_ACCOUNT, "ICDT"), ("CRDT", NEIGHBOUR, "RCDT")):
        notice = notices(debtor_agent, uetr)[direction]
        assert official_schema("camt.054.001.08").validate(notice)
        assert notice.findtext(".//{*}Ntfctn/{*}Acct/{*}Id/{*}Othr/{*}Id") == account
        codes = [node.text for node in notice.iterfind(".//{*}BkTxCd//{*}*") if (node.text or "").strip()]
        assert codes == ["PMNT", family, "BOOK"]
        assert notice.find(".//{*}Settlement") is None
        body = debtor_agent.post(request(account)).content
        assert [one for one in adds_up(body, "camt.052.001.08") if one.findtext(".//{*}UETR") == uetr]
        assert closing(body) == balance(debtor_agent, account)


def test_of_a_customers_orders_one_stays_here_and_one_is_refused(debtor_agent: Bank) -> None:
    before = balance(debtor_agent, NEIGHBOUR)
    text = CUSTOMER_ORDERS.replace("VPBKHKH0XXX", BANK_CN).replace(HK_ACCOUNT, NEIGHBOUR, 1)
    answer = debtor_agent.post(orders(text=text))
    first, second = (debtor_agent.ended(uetr) for uetr in text_of(answer.content, "OrgnlUETR"))
    assert (first["state"], second["state"]) == ("SETTLED", "REJECTED")
    assert [one["code"] for one in second["reasons"]] == ["AC03"]
    where = answer.headers["location"]
    report = until(
        lambda: debtor_agent.http.get(f"{where}/report").content, lambda body: text_of(body, "GrpSts") == ["PART"]
    )
    assert official_schema("pain.002.001.10").validate(etree.fromstring(report))
    assert text_of(report, "TxSts") == ["ACSC", "RJCT"]
    assert balance(debtor_agent, NEIGHBOUR) > before


def test_what_names_the_paying_account_twice_is_refused_at_that_element(debtor_agent: Bank) -> None:
    transfer = Transfer(creditor_agent=BANK_CN, creditor_account=DEBTOR_ACCOUNT)
    assert debtor_agent.post(transfer.body()).status_code == 202
    (reason,) = debtor_agent.ended(transfer.uetr)["reasons"]
    assert (reason["code"], reason["rule"]) == ("AC03", "book-transfer.two-accounts")
    assert reason["element"].endswith("CdtTrfTxInf/CdtrAcct/Id")


def test_it_is_given_back_in_parts_and_never_twice(debtor_agent: Bank) -> None:
    before = debtor_agent.accounts()
    uetr = paid_at_home(debtor_agent)
    for amount, wanted in (("6000.00", "SETTLED"), ("4000.01", "REJECTED"), ("4000.00", "SETTLED")):
        returned = debtor_agent.ended(uetr_of(debtor_agent.post(Return(uetr, amount=amount).body())))
        assert (returned["state"], returned["return_of"]) == (wanted, uetr), amount
    assert debtor_agent.accounts() == before
    listed = debtor_agent.http.get(f"/v1/payments/{uetr}/returns").json()
    assert listed["returned"] == listed["credited"]


def test_a_recall_is_decided_by_the_same_bank(debtor_agent: Bank) -> None:
    before = debtor_agent.accounts()
    uetr = paid_at_home(debtor_agent)
    reference = opened(debtor_agent, Recall(uetr, assignee=BANK_CN))
    asked = brought(debtor_agent, uetr)
    assert (asked["state"], asked["counterparty"]) == ("AWAITING_DECISION", BANK_CN)
    answer = decide(debtor_agent, asked["reference"], decision="accept")
    assert answer.status_code == 200, answer.text
    returning = answer.json()["return_uetr"]
    assert debtor_agent.ended(returning)["state"] == "SETTLED"
    ended = concluded(debtor_agent, reference)
    assert (ended["state"], ended["return_uetr"]) == ("ACCEPTED", returning)
    assert debtor_agent.accounts() == before
    assert told(debtor_agent, uetr)[-1] == "CNCL"


def test_a_recall_that_the_bank_refuses_moves_nothing(debtor_agent: Bank) -> None:
    uetr = paid_at_home(debtor_agent)
    reference = opened(debtor_agent, Recall(uetr, assignee=BANK_CN))
    before = debtor_agent.accounts()
    said = {"decision": "refuse", "code": "LEGL", "text": "The customer does not agree."}
    assert decide(debtor_agent, brought(debtor_agent, uetr)["reference"], **said).status_code == 200
    assert concluded(debtor_agent, reference)["state"] == "REFUSED"
    assert debtor_agent.accounts() == before


def test_between_two_currencies_it_settles_through_a_provider_and_comes_back(creditor_agent: Bank) -> None:
    quote = creditor_agent.quote("CNY", "HKD", 100_000)
    bought = f"{quote['buy']['amount'] / 100:.2f}"
    transfer = Transfer(
        currency="HKD",
        amount=bought,
        instructed=("CNY", "1000.00"),
        debtor_agent=BANK_HK,
        debtor_account=HK_ACCOUNT,
        creditor_account=IN_HONG_KONG_DOLLARS,
        quote_id=quote["quote_id"],
    )
    before = balance(creditor_agent, IN_HONG_KONG_DOLLARS)
    payment = settled(creditor_agent, transfer.body(), transfer.uetr)
    assert payment["chain"]["block_number"]
    assert balance(creditor_agent, IN_HONG_KONG_DOLLARS) * 100 == before * 100 + quote["buy"]["amount"]
    assert set(notices(creditor_agent, transfer.uetr)) == {"CRDT", "DBIT"}
    back = Return(transfer.uetr, amount=bought, currency="HKD")
    returned = creditor_agent.ended(uetr_of(creditor_agent.post(back.body())))
    assert (returned["state"], returned["reasons"]) == ("SETTLED", [])
    assert balance(creditor_agent, IN_HONG_KONG_DOLLARS) == before
    assert creditor_agent.reconciles()
