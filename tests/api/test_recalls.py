"""A recall asks and never takes: it stops what can be stopped, else the other institution decides, once."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from lxml import etree

from api.correspondent import HttpCorrespondent
from api.iso20022.camt056 import read_recalls
from api.iso20022.catalogue import Catalogue
from api.iso20022.parse import ParsedMessage, parse
from cli.running_network import RunningNetwork
from node.domain.party import Participant
from node.settlement import follow_up, sender, worker
from node.settlement.ports import AcceptanceRequest, Accepted, Refused, Unreachable
from tests.api.expectations import problem, suspended
from tests.api.test_interbank import Asker
from tests.api.test_returns import HK_ACCOUNT, messages, paid
from tests.conformance.iso20022.corpus import official_schema
from tests.network import BANK_AE, BANK_CN, BANK_HK, PATIENCE_S, Bank, Transfer

CODES = {"PDCR", "CNCL", "RJCR"}


@dataclass(frozen=True)
class Recall:
    """A camt.056 to be written: sent twice, please give it back."""

    of: str
    reason: str = "DUPL"
    case_id: str = field(default_factory=lambda: f"CASE-{uuid.uuid4().hex[:12]}")
    assignment_id: str = field(default_factory=lambda: f"ASG{uuid.uuid4().hex[:20]}")
    assigner: str = BANK_CN
    assignee: str = BANK_HK

    def body(self) -> bytes:
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.056.001.08"><FIToFIPmtCxlReq>
<Assgnmt><Id>{self.assignment_id}</Id><Assgnr><Agt><FinInstnId><BICFI>{self.assigner}</BICFI></FinInstnId></Agt></Assgnr>
<Assgne><Agt><FinInstnId><BICFI>{self.assignee}</BICFI></FinInstnId></Agt></Assgne>
<CreDtTm>2026-01-06T09:30:00+08:00</CreDtTm></Assgnmt>
<Case><Id>{self.case_id}</Id><Cretr><Agt><FinInstnId><BICFI>{self.assigner}</BICFI></FinInstnId></Agt></Cretr></Case>
<Undrlyg><TxInf><OrgnlUETR>{self.of}</OrgnlUETR>
<CxlRsnInf><Rsn><Cd>{self.reason}</Cd></Rsn><AddtlInf>Sent twice.</AddtlInf></CxlRsnInf></TxInf></Undrlyg>
</FIToFIPmtCxlReq></Document>
""".encode()


def until(look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not wanted(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def case(bank: Bank, reference: str) -> dict[str, Any]:
    answer = bank.http.get(f"/v1/cases/{reference}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def opened(bank: Bank, recall: Recall) -> str:
    """Post a recall, which is answered "pending"; its reference."""
    answer = bank.post(recall.body())
    assert answer.status_code == 202, answer.text
    assert confirmation(answer.content) == "PDCR"
    return answer.headers["location"].rpartition("/")[2]


def concluded(bank: Bank, reference: str) -> dict[str, Any]:
    found: dict[str, Any] = until(
        lambda: case(bank, reference), lambda now: now["state"] not in ("OPEN", "PASSED_ON", "AWAITING_DECISION")
    )
    return found


def brought(bank: Bank, uetr: str) -> dict[str, Any]:
    """The case about a payment once it has come to the bank that is asked."""

    def mine() -> list[dict[str, Any]]:
        cases = bank.http.get("/v1/cases").json()["cases"]
        return [one for one in cases if one["uetr"] == uetr and one["side"] == "asked"]

    found: dict[str, Any] = until(mine, bool)[0]
    return found


def confirmation(body: bytes) -> str:
    """What a camt.029 says; it is valid by the official schema."""
    document = etree.fromstring(body)
    assert official_schema("camt.029.001.09").validate(document)
    return document.findtext(".//{*}Sts/{*}Conf") or ""


def told(bank: Bank, uetr: str) -> list[str]:
    return [confirmation(body) for body in messages(bank, uetr, "camt.029.001.09")]


def decide(bank: Bank, reference: str, **decision: Any) -> httpx.Response:
    return bank.http.post(f"/v1/cases/{reference}/decision", json=decision)


def events_of(bank: Bank, reference: str) -> list[str]:
    """What the institution's stream tells of a case, in order."""
    kinds: list[str] = []
    after = -1
    following = 0
    while following != after:
        after = following
        page = bank.http.get("/v1/events", params={"after": after, "limit": 500}).json()
        kinds += [one["type"] for one in page["events"] if one["data"].get("reference") == reference]
        following = page["next"]
    return kinds


def test_an_accepted_recall_brings_the_money_back(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    credited = creditor_agent.accounts()[HK_ACCOUNT][0]
    recall = Recall(uetr)
    reference = opened(debtor_agent, recall)
    asked = brought(creditor_agent, uetr)
    assert (asked["case_id"], asked["counterparty"]) == (recall.case_id, debtor_agent.bic)
    assert (asked["state"], asked["reason"]) == ("AWAITING_DECISION", "DUPL")
    (sent,) = messages(creditor_agent, uetr, "camt.056.001.08")
    assert official_schema("camt.056.001.08").validate(etree.fromstring(sent))
    read = parse(sent, Catalogue())
    assert isinstance(read, ParsedMessage)
    assert read_recalls(read)[0].original.uetr == uetr

    answer = decide(creditor_agent, asked["reference"], decision="accept")
    assert answer.status_code == 200, answer.text
    returning = answer.json()["return_uetr"]
    assert creditor_agent.ended(returning)["state"] == "SETTLED"
    assert debtor_agent.ended(returning)["return_of"] == uetr
    ended = concluded(debtor_agent, reference)
    assert (ended["state"], ended["return_uetr"]) == ("ACCEPTED", returning)
    assert told(debtor_agent, uetr) == ["PDCR", "PDCR", "CNCL", "CNCL"]
    last = etree.fromstring(messages(debtor_agent, uetr, "camt.029.001.09")[-1])
    assert last.findtext(".//{*}TxInfAndSts/{*}RsltnRltdInf/{*}UETR") == returning
    assert events_of(debtor_agent, reference) == ["case.open", "case.passed_on", "case.accepted"]
    assert events_of(creditor_agent, asked["reference"]) == ["case.awaiting_decision", "case.accepted"]
    assert creditor_agent.accounts()[HK_ACCOUNT][0] == credited - 1_000_000
    back = etree.fromstring(messages(debtor_agent, returning, "pacs.004.001.09")[0])
    assert back.findtext(".//{*}RtrRsnInf/{*}Rsn/{*}Cd") == "FOCR"
    assert recall.case_id in (back.findtext(".//{*}RtrRsnInf/{*}AddtlInf") or "")
    listed = creditor_agent.http.get(f"/v1/payments/{uetr}/returns").json()
    assert [one["state"] for one in listed["returns"]] == ["SETTLED"]
    assert listed["returned"] == listed["credited"]
    assert debtor_agent.reconciles()
    assert creditor_agent.reconciles()


def test_a_refused_recall_moves_nothing_and_says_why(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    reference = opened(debtor_agent, Recall(uetr))
    asked = brought(creditor_agent, uetr)
    problem(
        decide(creditor_agent, asked["reference"], decision="refuse", code="ZZZZ"),
        422,
        "request_does_not_fit_its_schema",
    )
    answer = decide(
        creditor_agent, asked["reference"], decision="refuse", code="CUST", text="The customer says no."
    )
    assert answer.json()["state"] == "REFUSED"
    ended = concluded(debtor_agent, reference)
    assert (ended["state"], ended["answer_code"]) == ("REFUSED", "CUST")
    assert ended["answer_text"] == "The customer says no."
    assert told(debtor_agent, uetr)[-1] == "RJCR"
    assert creditor_agent.http.get(f"/v1/payments/{uetr}/returns").json()["returns"] == []
    problem(decide(creditor_agent, asked["reference"], decision="accept"), 409, "case_decided_already")
    problem(decide(debtor_agent, reference, decision="accept"), 404, "case_not_found")


def test_a_case_is_decided_once_however_many_decide_it(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    opened(debtor_agent, Recall(uetr))
    asked = brought(creditor_agent, uetr)
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda number: decide(
                    creditor_agent, asked["reference"], decision="refuse" if number % 2 else "accept"
                ),
                range(6),
            )
        )
    assert {answer.status_code for answer in answers} <= {200, 409, 422}
    final = case(creditor_agent, asked["reference"])["state"]
    assert {answer.json()["state"] for answer in answers if answer.status_code == 200} == {final}
    returns = creditor_agent.http.get(f"/v1/payments/{uetr}/returns").json()["returns"]
    assert len(returns) == (1 if final == "ACCEPTED" else 0)
    for one in returns:
        creditor_agent.ended(one["uetr"])


def test_a_recall_can_be_accepted_in_part(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    opened(debtor_agent, Recall(uetr))
    asked = brought(creditor_agent, uetr)
    too_much = decide(creditor_agent, asked["reference"], decision="accept", amount=1_000_001)
    problem(too_much, 422, "return_exceeds_original")
    answer = decide(
        creditor_agent, asked["reference"], decision="accept", amount=250_000, from_own_account=False
    ).json()
    assert creditor_agent.ended(answer["return_uetr"])["credit"]["amount"] == 250_000


def test_the_same_recall_again_is_the_same_case(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    recall = Recall(uetr)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: debtor_agent.post(recall.body()), range(6)))
    assert len({answer.headers["location"] for answer in answers}) == 1
    brought(creditor_agent, uetr)
    other = replace(recall, reason="CUST")
    problem(debtor_agent.post(other.body()), 409, "message_id_already_used")
    elsewhere = Recall(paid(debtor_agent, creditor_agent), case_id=recall.case_id)
    problem(debtor_agent.post(elsewhere.body()), 409, "message_id_already_used")


def test_what_was_returned_already_is_refused_at_once(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    wish = {"return_id": "R-1", "amount": 1_000_000, "currency": "CNY", "reason": "AC04"}
    answer = creditor_agent.http.post(f"/v1/payments/{uetr}/returns", json=wish)
    assert creditor_agent.ended(answer.headers["location"].rpartition("/")[2])["state"] == "SETTLED"
    ended = concluded(debtor_agent, opened(debtor_agent, Recall(uetr)))
    assert (ended["state"], ended["answer_code"]) == ("REFUSED", "ARDT")
    (asked,) = [one for one in creditor_agent.http.get("/v1/cases").json()["cases"] if one["uetr"] == uetr]
    problem(decide(creditor_agent, asked["reference"], decision="accept"), 409, "case_decided_already")


def test_a_payment_nobody_has_signed_is_stopped_by_its_recall(
    debtor_agent: Bank, creditor_agent: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpCorrespondent, "ask_acceptance", lambda *_: Unreachable("the line is cut"))
    transfer = Transfer()
    before = debtor_agent.accounts()
    debtor_agent.post(transfer.body())
    until(lambda: debtor_agent.payment(transfer.uetr)["state"], lambda state: state == "VALIDATED")
    reference = opened(debtor_agent, Recall(transfer.uetr))
    assert concluded(debtor_agent, reference)["state"] == "STOPPED"
    payment = debtor_agent.payment(transfer.uetr)
    assert (payment["state"], payment["status"]) == ("CANCELLED", "CANC")
    assert told(debtor_agent, transfer.uetr) == ["PDCR", "CNCL"]
    assert debtor_agent.accounts() == before


def test_a_signed_payment_is_withdrawn_on_chain_where_it_cannot_settle_meanwhile(
    network: RunningNetwork, debtor_agent: Bank, creditor_agent: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = sender.send_pending
    monkeypatch.setattr(worker, "send_pending", lambda _office: False)
    transfer = Transfer()
    debtor_agent.post(transfer.body())
    until(lambda: debtor_agent.payment(transfer.uetr)["state"], lambda state: state == "SUBMITTED")
    reference = opened(debtor_agent, Recall(transfer.uetr))
    office = debtor_agent.office

    def withdrawn() -> bool:
        with office.book.view() as unit:
            return any(sent.purpose == "cancel" for sent in unit.lanes.of(transfer.uetr))

    until(withdrawn, bool)
    with suspended(network, BANK_HK):
        monkeypatch.setattr(worker, "send_pending", sends)
        assert debtor_agent.ended(transfer.uetr)["state"] == "CANCELLED"
        assert concluded(debtor_agent, reference)["state"] == "STOPPED"
    assert told(debtor_agent, transfer.uetr)[-1] == "CNCL"
    assert debtor_agent.reconciles()


def test_a_recall_that_crosses_the_settlement_goes_on_to_the_creditor_agent(
    debtor_agent: Bank, creditor_agent: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = sender.send_pending
    monkeypatch.setattr(worker, "send_pending", lambda _office: False)
    transfer = Transfer()
    debtor_agent.post(transfer.body())
    until(lambda: debtor_agent.payment(transfer.uetr)["state"], lambda state: state == "SUBMITTED")
    opened(debtor_agent, Recall(transfer.uetr))
    monkeypatch.setattr(worker, "send_pending", sends)
    payment = debtor_agent.ended(transfer.uetr)
    assert (payment["state"], payment["reasons"]) == ("SETTLED", [])
    assert brought(creditor_agent, transfer.uetr)["state"] == "AWAITING_DECISION"


def test_the_answer_waits_for_an_institution_that_is_away(
    debtor_agent: Bank, creditor_agent: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    reference = opened(debtor_agent, Recall(uetr))
    asked = brought(creditor_agent, uetr)
    until(lambda: case(debtor_agent, reference)["state"], lambda state: state == "PASSED_ON")
    passes, tried = HttpCorrespondent.pass_on, list[bytes]()

    def away(_self: HttpCorrespondent, _peer: object, message: bytes) -> Unreachable:
        if uetr.encode() in message:  # cases of other tests may be under way as well
            tried.append(message)
        return Unreachable("the line is cut")

    monkeypatch.setattr(HttpCorrespondent, "pass_on", away)
    decide(creditor_agent, asked["reference"], decision="refuse", code="LEGL")
    until(lambda: len(tried), lambda count: count >= 2)
    assert len(set(tried)) == 1
    assert case(debtor_agent, reference)["state"] == "PASSED_ON"
    monkeypatch.setattr(HttpCorrespondent, "pass_on", passes)
    assert concluded(debtor_agent, reference)["answer_code"] == "LEGL"


@pytest.mark.parametrize("money_first", [True, False])
def test_the_asking_case_names_its_return_where_the_answer_does_not(
    debtor_agent: Bank, creditor_agent: Bank, monkeypatch: pytest.MonkeyPatch, money_first: bool
) -> None:
    """As other systems answer: a camt.029 without RsltnRltdInf, before or after the pacs.004."""
    uetr = paid(debtor_agent, creditor_agent)
    reference = opened(debtor_agent, Recall(uetr))
    asked = brought(creditor_agent, uetr)
    until(lambda: case(debtor_agent, reference)["state"], lambda state: state == "PASSED_ON")
    passes, may_pass = HttpCorrespondent.pass_on, [not money_first]
    asks, may_ask = HttpCorrespondent.ask_acceptance, [money_first]

    def unnamed(ours: HttpCorrespondent, peer: Participant, message: bytes) -> bytes | Refused | Unreachable:
        plain = re.sub(rb"(?s)<RsltnRltdInf>.*?</RsltnRltdInf>", b"", message)
        assert b"camt.029" not in plain or b"RsltnRltdInf" not in plain
        return passes(ours, peer, plain) if may_pass[0] else Unreachable("the line is cut")

    def shown(
        ours: HttpCorrespondent, peer: Participant, request: AcceptanceRequest
    ) -> Accepted | Refused | Unreachable:
        return asks(ours, peer, request) if may_ask[0] else Unreachable("the line is cut")

    monkeypatch.setattr(HttpCorrespondent, "pass_on", unnamed)
    monkeypatch.setattr(HttpCorrespondent, "ask_acceptance", shown)
    returning = decide(creditor_agent, asked["reference"], decision="accept").json()["return_uetr"]
    if money_first:
        assert creditor_agent.ended(returning)["state"] == "SETTLED"
        assert case(debtor_agent, reference)["state"] == "PASSED_ON"
    else:
        assert concluded(debtor_agent, reference)["return_uetr"] is None
    may_pass[0] = may_ask[0] = True
    assert concluded(debtor_agent, reference)["state"] == "ACCEPTED"
    until(lambda: case(debtor_agent, reference)["return_uetr"], lambda named: named == returning)


def test_what_nobody_decides_in_time_is_refused(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    reference = opened(debtor_agent, Recall(uetr))
    asked = brought(creditor_agent, uetr)
    with creditor_agent.office.book.unit() as unit:
        kept = unit.cases.find(asked["reference"])
        assert kept is not None
        assert kept.due_at_s == kept.deadline_s
        unit.cases.save(kept, due_at_s=creditor_agent.office.clock.now_s())
    follow_up.follow_cases(creditor_agent.office)
    ended = concluded(debtor_agent, reference)
    assert (ended["state"], ended["answer_code"]) == ("REFUSED", "NOAS")


def test_only_a_payment_of_ours_is_recalled(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    problem(creditor_agent.post(Recall(uetr).body()), 403, "not_your_payment")
    refused = problem(debtor_agent.post(Recall(str(uuid.uuid4())).body()), 404, "original_unknown")
    assert refused["errors"][0]["element"] == "FIToFIPmtCxlReq/Undrlyg/TxInf/OrgnlUETR"


def test_a_stranger_learns_nothing_of_a_payment_and_can_answer_no_case(
    network: RunningNetwork, debtor_agent: Bank, creditor_agent: Bank
) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    stranger = Asker(network.institutions[BANK_HK], network.institutions[BANK_AE].signatory)
    for of in (uetr, str(uuid.uuid4())):
        answer = stranger.ask("/v1/interbank/messages", {"message": Recall(of, assigner=BANK_AE).body().decode()})
        body = answer.json()["message"].encode()
        assert confirmation(body) == "RJCR"
        assert etree.fromstring(body).findtext(".//{*}CxlStsRsnInf/{*}Rsn/{*}Cd") == "NOOR"
    reference = opened(debtor_agent, Recall(uetr))
    brought(creditor_agent, uetr)
    answer_of_ours = messages(debtor_agent, uetr, "camt.029.001.09")[0].decode()
    liar = Asker(network.institutions[BANK_CN], network.institutions[BANK_AE].signatory)
    problem(liar.ask("/v1/interbank/messages", {"message": answer_of_ours}), 404, "original_unknown")
    assert case(debtor_agent, reference)["state"] in ("OPEN", "PASSED_ON")
