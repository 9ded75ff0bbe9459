"""What account owners are told adds up, entry by entry, and leads to the chain."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, TypeVar

import pytest
from lxml import etree

from api.account_reports import reporter_of
from api.iso20022.fin import FinMessage, read_fin
from cli.running_network import RunningNetwork
from node.settlement import statements
from node.settlement.office import Office
from tests.api.expectations import problem
from tests.api.test_recalls import until
from tests.api.test_returns import HK_ACCOUNT, Return, paid, returned
from tests.conformance.iso20022.corpus import official_schema
from tests.network import BANK_HK, DEBTOR_ACCOUNT, Bank, Transfer

SIGNS = {"CRDT": 1, "DBIT": -1}
ACCOUNT_IN_YUAN: Final = "AE929990000004200099911"  # in the Emirates; no other test closes its day
T = TypeVar("T")


@dataclass(frozen=True)
class Later:
    """A clock so many seconds ahead."""

    office: Office
    ahead_s: float

    def now_s(self) -> float:
        return self.office.clock.now_s() + self.ahead_s


def today(bank: Bank) -> date:
    return datetime.fromtimestamp(bank.office.clock.now_s(), UTC).date()


def within_a_day(bank: Bank, act: Callable[[], T]) -> tuple[date, T]:
    """The day on which all of it was done, and what came of it; where midnight has passed it is done once more."""
    while True:
        day, done = today(bank), act()
        if today(bank) == day:
            return day, done


def request(account: str, name: str = "camt.052.001.08", period: str = "") -> bytes:
    number = (
        f"<IBAN>{account}</IBAN>"
        if account[2:4].isdigit() and account[:2].isalpha()
        else f"<Othr><Id>{account}</Id></Othr>"
    )
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.060.001.05"><AcctRptgReq><GrpHdr>
<MsgId>ASK{uuid.uuid4().hex[:20]}</MsgId><CreDtTm>2026-11-24T09:00:00Z</CreDtTm></GrpHdr><RptgReq>
<ReqdMsgNmId>{name}</ReqdMsgNmId><Acct><Id>{number}</Id></Acct><AcctOwnr><Pty><Nm>Owner</Nm></Pty></AcctOwnr>{period}
</RptgReq></AcctRptgReq></Document>""".encode()


def period(first: date, last: date) -> str:
    return (
        f"<RptgPrd><FrToDt><FrDt>{first}</FrDt><ToDt>{last}</ToDt></FrToDt>"
        "<FrToTm><FrTm>00:00:00Z</FrTm></FrToTm><Tp>ALLL</Tp></RptgPrd>"
    )


def signed(node: etree._Element) -> Decimal:
    return SIGNS[node.findtext("{*}CdtDbtInd") or ""] * Decimal(node.findtext("{*}Amt") or "")


def adds_up(body: bytes, name: str) -> list[etree._Element]:
    """The entries of a statement that is valid by the official schema and whose closing is opening and entries."""
    document = etree.fromstring(body)
    assert official_schema(name).validate(document), official_schema(name).error_log
    opening, closing = document.findall(".//{*}Bal")
    entries = document.findall(".//{*}Ntry")
    assert signed(opening) + sum(map(signed, entries)) == signed(closing)
    return entries


def balance(bank: Bank, account: str) -> Decimal:
    return Decimal(bank.accounts()[account][0]).scaleb(-2)


def closing(body: bytes) -> Decimal:
    return signed(etree.fromstring(body).findall(".//{*}Bal")[1])


def notified(bank: Bank, uetr: str) -> etree._Element:
    """The notification that speaks of a payment."""

    def look() -> list[etree._Element]:
        query = {"name": "camt.054.001.08", "direction": "out"}
        kept = bank.http.get("/v1/messages", params=query).json()["messages"]
        bodies = [bank.http.get(f"/v1/messages/{one['digest']}").content for one in kept[:40]]
        return [etree.fromstring(body) for body in bodies if uetr.encode() in body]

    found: etree._Element = until(look, bool)[0]
    return found


@pytest.fixture
def closed(debtor_agent: Bank, creditor_agent: Bank, network: RunningNetwork) -> date:
    """The day, as if it were over, with a few payments in it."""
    day, _ = within_a_day(creditor_agent, lambda: paid(debtor_agent, creditor_agent))
    office = replace(creditor_agent.office, clock=Later(creditor_agent.office, 86_400))
    reporter = reporter_of(network.institutions[BANK_HK])
    statements.close_days(office, reporter, HK_ACCOUNT, day)
    return day


def test_each_credit_and_debit_is_notified_with_its_place_on_chain(
    debtor_agent: Bank, creditor_agent: Bank
) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    chain = debtor_agent.payment(uetr)["chain"]
    for bank, direction, account in (
        (creditor_agent, "CRDT", HK_ACCOUNT),
        (debtor_agent, "DBIT", DEBTOR_ACCOUNT),
    ):
        document = notified(bank, uetr)
        assert official_schema("camt.054.001.08").validate(document)
        assert document.findtext(".//{*}Ntfctn/{*}Acct/{*}Id/{*}Othr/{*}Id") == account
        (entry,) = document.findall(".//{*}Ntry")
        assert (entry.findtext("{*}CdtDbtInd"), entry.findtext("{*}Amt")) == (direction, "10000.00")
        assert entry.findtext(".//{*}Refs/{*}EndToEndId") == "E2E-1"
        assert entry.findtext(".//{*}RltdPties/{*}Dbtr/{*}Pty/{*}Nm") == "Jiangnan Textile Trading Co., Ltd."
        assert entry.findtext(".//{*}Settlement/{*}Transaction") == chain["transaction_hash"]
        assert entry.findtext(".//{*}Settlement/{*}Block") == str(chain["block_number"])


def test_a_return_is_notified_as_one_under_the_originals_uetr(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    returned(creditor_agent, debtor_agent, Return(uetr, amount="123.45"))

    def both() -> list[str | None]:
        kept = debtor_agent.http.get("/v1/messages", params={"name": "camt.054.001.08"}).json()["messages"]
        bodies = [debtor_agent.http.get(f"/v1/messages/{one['digest']}").content for one in kept[:20]]
        return [etree.fromstring(body).findtext(".//{*}SubFmlyCd") for body in bodies if uetr.encode() in body]

    assert until(both, lambda codes: len(codes) == 2) == ["RRTN", "XBCT"]


def test_a_report_on_the_running_day_ends_at_the_balance(debtor_agent: Bank, creditor_agent: Bank) -> None:
    _, (uetr, answer) = within_a_day(
        creditor_agent, lambda: (paid(debtor_agent, creditor_agent), creditor_agent.post(request(HK_ACCOUNT)))
    )
    assert answer.status_code == 202
    entries = adds_up(answer.content, "camt.052.001.08")
    assert uetr in [entry.findtext(".//{*}UETR") for entry in entries]
    assert closing(answer.content) == balance(creditor_agent, HK_ACCOUNT)
    with creditor_agent.office.book.view() as unit:
        booked = {(one.transaction_hash, str(one.log_index)) for one in unit.accounts.entries(HK_ACCOUNT)}
    events = {
        (entry.findtext(".//{*}Transaction"), entry.findtext(".//{*}Log"))
        for entry in entries
        if entry.find(".//{*}Settlement") is not None
    }
    assert events <= booked


def test_the_institutions_own_account_is_reported_too(creditor_agent: Bank, debtor_agent: Bank) -> None:
    answer = debtor_agent.post(request("OWN-CNY"))
    adds_up(answer.content, "camt.052.001.08")  # it may be empty: other tests close this account's day
    assert closing(answer.content) == balance(debtor_agent, "OWN-CNY")


def test_a_closed_day_has_one_statement_for_ever(closed: date, creditor_agent: Bank) -> None:
    path, query = f"/v1/accounts/{HK_ACCOUNT}/statements", {"date": str(closed)}
    answer = creditor_agent.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert adds_up(answer.content, "camt.053.001.08")
    assert int(answer.headers["statement-pages"]) >= 1
    assert creditor_agent.http.get(path, params=query).content == answer.content
    asked = creditor_agent.post(request(HK_ACCOUNT, "camt.053.001.08", period(closed, closed)))
    assert asked.content == answer.content
    answer = creditor_agent.post(request(HK_ACCOUNT))
    assert closing(answer.content) == balance(creditor_agent, HK_ACCOUNT)


def test_fin_says_what_the_statement_says(closed: date, creditor_agent: Bank) -> None:
    path = f"/v1/accounts/{HK_ACCOUNT}/statements"
    xml = creditor_agent.http.get(path, params={"date": str(closed)}).content
    entries = adds_up(xml, "camt.053.001.08")
    fin = creditor_agent.http.get(path, params={"date": str(closed), "format": "mt940"})
    assert fin.headers["content-type"].startswith("text/plain")
    message = read_fin(fin.content)
    assert isinstance(message, FinMessage)
    assert (message.type, message.sender) == ("940", BANK_HK)
    assert [one.value for one in message.all("25")] == [HK_ACCOUNT]
    opening, last = message.first("60F"), message.first("62F")
    assert opening is not None
    assert last is not None
    moves = [line.value for line in message.all("61")]
    assert len(moves) == len(entries)
    total = fin_amount(opening.value[0] + opening.value[10:])
    assert total + sum(fin_amount(move[10:].split("N")[0]) for move in moves) == fin_amount(
        last.value[0] + last.value[10:]
    )
    assert fin_amount(last.value[0] + last.value[10:]) == closing(xml)


def fin_amount(text: str) -> Decimal:
    """`C1234,5` as a signed number."""
    return {"C": 1, "D": -1}[text[0]] * Decimal(text[1:].replace(",", "."))


def test_an_advice_is_written_in_fin_on_request(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    for bank, kind in ((debtor_agent, "900"), (creditor_agent, "910")):
        notified(bank, uetr)
        kept = bank.http.get("/v1/messages", params={"name": "camt.054.001.08"}).json()["messages"]
        advices = [bank.http.get(f"/v1/messages/{one['digest']}", params={"format": "fin"}) for one in kept[:20]]
        messages = [read_fin(answer.content) for answer in advices]
        (found,) = [one for one in messages if isinstance(one, FinMessage) and one.user_header.get("121") == uetr]
        assert found.type == kind
        amount = found.first("32A")
        assert amount is not None
        assert amount.value[6:] == "CNY10000,00"
        assert found.first("21") is not None


def test_a_long_day_has_pages_that_follow_one_another(
    network: RunningNetwork, debtor_agent: Bank, third_bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "ENTRIES_A_PAGE", 1)
    account = ACCOUNT_IN_YUAN

    def pay_twice() -> None:
        for _ in range(2):
            transfer = Transfer(amount="1.00", creditor_agent=third_bank.bic, creditor_account=account)
            paid(debtor_agent, third_bank, transfer)

    day, _ = within_a_day(third_bank, pay_twice)
    office = replace(third_bank.office, clock=Later(third_bank.office, 86_400))
    statements.close_days(office, reporter_of(network.institutions[third_bank.bic]), account, day)
    path, bodies = f"/v1/accounts/{account}/statements", list[bytes]()
    first = third_bank.http.get(path, params={"date": str(day)})
    pages = int(first.headers["statement-pages"])
    for page in range(1, pages + 1):
        bodies.append(third_bank.http.get(path, params={"date": str(day), "page": page}).content)
    assert pages > 1
    balances = [etree.fromstring(body).findall(".//{*}Bal") for body in bodies]
    for body in bodies:
        assert len(adds_up(body, "camt.053.001.08")) == 1
    for (_, before), (after, _) in pairwise(balances):
        assert signed(before) == signed(after)
    lasts = [etree.fromstring(body).findtext(".//{*}LastPgInd") for body in bodies]
    assert lasts == ["false"] * (pages - 1) + ["true"]
    problem(third_bank.http.get(path, params={"date": str(day), "page": pages + 1}), 404, "statement_not_found")


def test_what_cannot_be_told_is_a_problem(creditor_agent: Bank) -> None:
    tomorrow = today(creditor_agent) + timedelta(days=1)
    path = f"/v1/accounts/{HK_ACCOUNT}/statements"
    problem(creditor_agent.http.get(path, params={"date": str(tomorrow)}), 404, "statement_not_found")
    problem(creditor_agent.http.get(path), 422, "request_does_not_fit_its_schema")
    nobody = creditor_agent.http.get("/v1/accounts/NOBODY/statements", params={"date": str(tomorrow)})
    problem(nobody, 404, "account_not_found")
    problem(creditor_agent.post(request("NOBODY")), 404, "account_not_found")
    other = request(HK_ACCOUNT, "camt.054.001.08")
    problem(creditor_agent.post(other), 422, "message_does_not_fit_its_schema")
    days = request(HK_ACCOUNT, "camt.053.001.08", period(tomorrow - timedelta(days=9), tomorrow))
    problem(creditor_agent.post(days), 422, "message_does_not_fit_its_schema")
    problem(creditor_agent.http.get(f"/v1/messages/{'0' * 64}"), 404, "message_not_found")
