"""A back office answers a recall that was brought to its bank by a camt.029, and it is decided once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from lxml import etree

from tests.api.expectations import problem
from tests.api.test_recalls import Recall, brought, concluded, confirmation, opened
from tests.api.test_returns import HK_ACCOUNT, messages, paid
from tests.conformance.iso20022.corpus import official_schema
from tests.network import BANK_CN, BANK_HK, Bank


@dataclass(frozen=True)
class Resolution:
    """A camt.029 to be written, as the bank in Hong Kong answers the one in China."""

    confirmation: str
    case_id: str | None
    uetr: str | None
    reason: str = ""
    version: str = "09"
    assignment_id: str = field(default_factory=lambda: f"RSL{uuid.uuid4().hex[:20]}")

    def body(self) -> bytes:
        agent = "<Agt><FinInstnId><BICFI>{}</BICFI></FinInstnId></Agt>".format
        case = f"<RslvdCase><Id>{self.case_id}</Id><Cretr>{agent(BANK_CN)}</Cretr></RslvdCase>"
        original = f"<OrgnlUETR>{self.uetr}</OrgnlUETR>" if self.uetr else ""
        code = f"<Rsn><Cd>{self.reason}</Cd></Rsn>" if self.reason else ""
        why = f"<CxlStsRsnInf>{code}<AddtlInf>So says the customer.</AddtlInf></CxlStsRsnInf>"
        return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.029.001.{self.version}"><RsltnOfInvstgtn>
<Assgnmt><Id>{self.assignment_id}</Id><Assgnr>{agent(BANK_HK)}</Assgnr><Assgne>{agent(BANK_CN)}</Assgne>
<CreDtTm>2026-11-24T09:00:00Z</CreDtTm></Assgnmt>{case if self.case_id else ""}
<Sts><Conf>{self.confirmation}</Conf></Sts>
<CxlDtls><TxInfAndSts>{original}{why}</TxInfAndSts></CxlDtls></RsltnOfInvstgtn></Document>""".encode()


def asked_back(debtor_agent: Bank, creditor_agent: Bank) -> tuple[str, Recall, str]:
    """A settled payment that is asked for, its recall, and the reference of the case at who asks."""
    uetr = paid(debtor_agent, creditor_agent)
    recall = Recall(uetr)
    reference = opened(debtor_agent, recall)
    brought(creditor_agent, uetr)
    return uetr, recall, reference


def test_an_acceptance_gives_the_payment_back_once(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr, recall, reference = asked_back(debtor_agent, creditor_agent)
    before = creditor_agent.accounts()[HK_ACCOUNT][0]
    body = Resolution("CNCL", recall.case_id, uetr).body()
    assert official_schema("camt.029.001.09").validate(etree.fromstring(body))
    answer = creditor_agent.post(body)
    assert answer.status_code == 202, answer.text
    assert confirmation(answer.content) == "CNCL"
    ended = concluded(debtor_agent, reference)
    assert ended["state"] == "ACCEPTED"
    assert creditor_agent.ended(ended["return_uetr"])["state"] == "SETTLED"
    assert creditor_agent.post(body).content == answer.content
    assert creditor_agent.accounts()[HK_ACCOUNT][0] == before - 1_000_000
    assert body in messages(creditor_agent, uetr, "camt.029.001.09")
    otherwise = Resolution("RJCR", recall.case_id, uetr, "CUST").body()
    problem(creditor_agent.post(otherwise), 409, "case_decided_already")


def test_a_refusal_without_a_case_is_known_by_its_payment(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr, _, reference = asked_back(debtor_agent, creditor_agent)
    answer = creditor_agent.post(Resolution("RJCR", None, uetr, "LEGL", version="13").body())
    assert confirmation(answer.content) == "RJCR"
    ended = concluded(debtor_agent, reference)
    assert (ended["state"], ended["answer_code"], ended["answer_text"]) == (
        "REFUSED",
        "LEGL",
        "So says the customer.",
    )
    assert creditor_agent.http.get(f"/v1/payments/{uetr}/returns").json()["returns"] == []


def test_what_decides_nothing_changes_nothing(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr, recall, _ = asked_back(debtor_agent, creditor_agent)
    pending = creditor_agent.post(Resolution("PDCR", recall.case_id, None).body())
    assert confirmation(pending.content) == "PDCR"
    for wrong in (
        Resolution("RJCR", recall.case_id, uetr),
        Resolution("RJCR", recall.case_id, uetr, "ZZZZ"),
        Resolution("INFO", recall.case_id, uetr),
    ):
        problem(creditor_agent.post(wrong.body()), 422, "message_does_not_fit_its_schema")
    for unknown in (Resolution("CNCL", "ANOTHER", uetr), Resolution("CNCL", None, None)):
        problem(creditor_agent.post(unknown.body()), 404, "original_unknown")
    assert brought(creditor_agent, uetr)["state"] == "AWAITING_DECISION"
    problem(debtor_agent.post(Resolution("CNCL", recall.case_id, uetr).body()), 404, "original_unknown")


def test_one_identification_is_one_answer(debtor_agent: Bank, creditor_agent: Bank) -> None:
    uetr, recall, _ = asked_back(debtor_agent, creditor_agent)
    first = Resolution("PDCR", recall.case_id, uetr)
    assert creditor_agent.post(first.body()).status_code == 202
    again = Resolution("CNCL", recall.case_id, uetr, assignment_id=first.assignment_id)
    answer = creditor_agent.post(again.body())
    assert (answer.status_code, answer.json()["code"]) == (409, "message_id_already_used")
    assert brought(creditor_agent, uetr)["state"] == "AWAITING_DECISION"
