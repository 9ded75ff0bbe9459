"""What one institution asks another: believed only if signed, answered under signature, refused in detail."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from api.institution import Institution
from api.signatures import (
    RequestHead,
    ResponseHead,
    Signatory,
    SignatureRefused,
    sign_request,
    verify_response,
)
from cli.running_network import RunningNetwork
from tests.api.expectations import suspended
from tests.network import BANK_AE, BANK_CN, BANK_HK, PROVIDER, Transfer
from wallet.message_key import MessageKey
from wallet.secret import Secret

ASKED = {
    "sell_currency": "CNY",
    "sell_amount": "10000",
    "buy_currency": "AED",
    "buy_amount": None,
    "taker_bic": BANK_CN,
}
INSTRUCTION = {
    "uetr": str(uuid.uuid4()),
    "debtor_agent": "0x0000000000000000000000000000000000000001",
    "creditor_agent": "0x0000000000000000000000000000000000000002",
    "debtor_account": "0x0000000000000000000000000000000000000001",
    "creditor_account": "0x0000000000000000000000000000000000000002",
    "debit_token": "0x0000000000000000000000000000000000000003",
    "debit_amount": "1",
    "credit_token": "0x0000000000000000000000000000000000000003",
    "credit_amount": "1",
    "message_digest": "0x" + "00" * 32,
    "return_of": "00000000-0000-0000-0000-000000000000",
    "sequence": "0",
    "expiry": "1900000000",
}


class Asker:
    """A participant that signs requests, rightly or not."""

    def __init__(self, asked: Institution, signatory: Signatory) -> None:
        self.asked = asked
        self.signatory = signatory

    def head(self, path: str, content: bytes, now_s: float | None = None) -> RequestHead:
        head = RequestHead("POST", self.asked.api_address + path, {"content-type": "application/json"})
        sign_request(head, content, self.signatory, now_s or time.time())
        return head

    def send(self, head: RequestHead, content: bytes) -> httpx.Response:
        return httpx.post(head.url, content=content, headers=dict(head.headers), trust_env=False, timeout=60)

    def ask(self, path: str, body: Mapping[str, Any] | bytes) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = self.head(path, content)
        answer = self.send(head, content)
        self.verify(head, answer)
        return answer

    def ask_in_vain(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """The refusal of a signature that is not good: it is signed, and no word on any question."""
        content = json.dumps(body).encode()
        head = self.head(path, content)
        answer = self.send(head, content)
        self.verify_no_answer_to(head, answer)
        return answer

    def verify_no_answer_to(self, head: RequestHead, answer: httpx.Response) -> None:
        assert "signature" in answer.headers
        with pytest.raises(SignatureRefused):
            self.verify(head, answer)

    def verify(self, head: RequestHead, answer: httpx.Response) -> None:
        registered = {self.asked.office.bic: self.asked.signatory.key.public_key}
        seen = ResponseHead(answer.status_code, dict(answer.headers), head)
        verify_response(seen, answer.content, registered.get, time.time())


def asker(network: RunningNetwork, of: str, by: str = BANK_CN) -> Asker:
    return Asker(network.institutions[of], network.institutions[by].signatory)


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json()
    assert document["code"] == code, document
    return document


def test_a_signed_question_gets_a_signed_answer(network: RunningNetwork) -> None:
    answer = asker(network, PROVIDER).ask("/v1/interbank/quotes", ASKED)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"quote", "signature"}


def test_an_answer_to_one_question_does_not_answer_another(network: RunningNetwork) -> None:
    ask = asker(network, PROVIDER)
    content = json.dumps(ASKED).encode()
    first, second = ask.head("/v1/interbank/quotes", content), ask.head("/v1/interbank/quotes", content)
    answer = ask.send(first, content)
    ask.verify(first, answer)
    with pytest.raises(SignatureRefused):
        ask.verify(second, answer)


def test_a_replayed_question_is_refused(network: RunningNetwork) -> None:
    ask = asker(network, PROVIDER)
    content = json.dumps(ASKED).encode()
    head = ask.head("/v1/interbank/quotes", content)
    assert ask.send(head, content).status_code == 200
    document = refused(ask.send(head, content), 401, "message_signature_refused")
    assert document["errors"][0]["rule"] == "rfc9421.replay"


def test_whoever_stands_between_gets_no_refusal_that_answers_what_was_asked(network: RunningNetwork) -> None:
    """A signature that was seen on its way, on a question of the middle's own: no answer to it may be carried."""
    ask, content = asker(network, PROVIDER), json.dumps(ASKED).encode()
    head = ask.head("/v1/interbank/quotes", content)
    seen = dict(head.headers)

    def middle(
        method: str = "POST", path: str = "quotes", body: bytes = content, key: str | None = None
    ) -> httpx.Response:
        url = f"{ask.asked.api_address}/v1/interbank/{path}"
        headers = seen if key is None else {**seen, "Idempotency-Key": key}
        return httpx.request(method, url, content=body, headers=headers, trust_env=False, timeout=60)

    for answer, status in (
        (middle("GET"), 405),
        (middle(path="nothing"), 404),
        (middle(path="rates"), 401),
        (middle(body=b"{}"), 401),
        (middle(body=b" " * (ask.asked.limits.max_bytes + 1)), 413),
        (middle(key="no key"), 422),
        (middle(), 401),  # the one before has used it up
    ):
        assert answer.status_code == status, answer.text
        ask.verify_no_answer_to(head, answer)


def test_a_question_for_another_institution_is_refused(network: RunningNetwork) -> None:
    content = json.dumps(ASKED).encode()
    head = asker(network, BANK_AE).head("/v1/interbank/quotes", content)
    provider = network.institutions[PROVIDER].api_address
    other = {**head.headers, "host": head.url.split("/")[2]}
    answer = httpx.post(
        provider + "/v1/interbank/quotes", content=content, headers=other, trust_env=False, timeout=60
    )
    refused(answer, 401, "message_signature_refused")


@pytest.mark.parametrize(
    ("signatory", "rule"),
    [
        (Signatory(BANK_CN, MessageKey(Secret(secrets.token_bytes(32)))), "signature-wrong"),
        (Signatory("NOSUBEB0XXX", MessageKey(Secret(secrets.token_bytes(32)))), "keyid-unknown"),
    ],
)
def test_a_wrong_signer_is_refused(network: RunningNetwork, signatory: Signatory, rule: str) -> None:
    answer = Asker(network.institutions[PROVIDER], signatory).ask_in_vain("/v1/interbank/quotes", ASKED)
    document = refused(answer, 401, "message_signature_refused")
    assert document["errors"][0]["rule"] == f"rfc9421.{rule}"


def test_a_participant_cannot_sign_as_another(network: RunningNetwork) -> None:
    impostor = Signatory(BANK_CN, network.institutions[BANK_AE].signatory.key)
    answer = Asker(network.institutions[PROVIDER], impostor).ask_in_vain("/v1/interbank/quotes", ASKED)
    refused(answer, 401, "message_signature_refused")


def test_a_tampered_question_is_refused(network: RunningNetwork) -> None:
    ask = asker(network, PROVIDER)
    head = ask.head("/v1/interbank/quotes", json.dumps(ASKED).encode())
    tampered = json.dumps({**ASKED, "sell_amount": "99999"}).encode()
    refused(ask.send(head, tampered), 401, "message_signature_refused")


def test_an_old_question_is_refused(network: RunningNetwork) -> None:
    ask = asker(network, PROVIDER)
    content = json.dumps(ASKED).encode()
    answer = ask.send(ask.head("/v1/interbank/quotes", content, time.time() - 3600), content)
    assert refused(answer, 401, "message_signature_refused")["errors"][0]["rule"] == "rfc9421.expires"


def test_a_suspended_participant_is_refused(network: RunningNetwork) -> None:
    with suspended(network, BANK_AE):
        suspect = asker(network, PROVIDER, by=BANK_AE)
        answer = suspect.ask_in_vain("/v1/interbank/quotes", {**ASKED, "taker_bic": BANK_AE})
    refused(answer, 403, "participant_not_active")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"taker_bic": BANK_AE}, 403, "not_your_payment"),
        ({"sell_currency": "EUR"}, 422, "currency_not_issued"),
        ({"buy_currency": "CNY"}, 422, "no_provider_quotes_this_pair"),
        ({"sell_amount": "1"}, 422, "rate_not_offered"),
        ({"buy_amount": "999999"}, 422, "rate_not_offered"),
        ({"sell_amount": "9" * 20}, 422, "provider_inventory_too_low"),
        ({"sell_amount": "-1"}, 422, "request_does_not_fit_its_schema"),
        ({"sell_amount": 1}, 422, "request_does_not_fit_its_schema"),
        ({"colour": "red"}, 422, "request_does_not_fit_its_schema"),
    ],
)
def test_a_quote_that_cannot_be_given(
    network: RunningNetwork, changes: dict[str, Any], status: int, code: str
) -> None:
    refused(asker(network, PROVIDER).ask("/v1/interbank/quotes", {**ASKED, **changes}), status, code)


def test_a_bank_gives_no_quotes(network: RunningNetwork) -> None:
    refused(asker(network, BANK_HK).ask("/v1/interbank/quotes", ASKED), 404, "not_an_fx_provider")


def proposal(**changes: Any) -> dict[str, Any]:
    body = Transfer().body().decode()
    return {"message": body, "instruction": INSTRUCTION, "quote": None, "quote_signature": None, **changes}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "request_does_not_fit_its_schema"),
        (proposal(instruction={**INSTRUCTION, "sequence": "-1"}), 422, "request_does_not_fit_its_schema"),
        (proposal(instruction={}), 422, "request_does_not_fit_its_schema"),
        (proposal(quote_signature="0x00"), 422, "request_does_not_fit_its_schema"),
        (proposal(message="hello"), 400, "message_not_xml"),
        (proposal(message=Transfer(currency="QQQ").body().decode()), 422, "currency_unknown"),
    ],
)
def test_a_proposal_that_cannot_be_read(
    network: RunningNetwork, body: dict[str, Any] | bytes, status: int, code: str
) -> None:
    refused(asker(network, BANK_HK).ask("/v1/interbank/payments", body), status, code)


def test_a_proposal_that_does_not_fit_its_instruction_is_refused_and_answered_the_same_twice(
    network: RunningNetwork,
) -> None:
    ask = asker(network, BANK_HK)
    body = proposal()
    first, second = (ask.ask("/v1/interbank/payments", body) for _ in range(2))
    assert first.status_code == 200, first.text
    assert first.json()["acceptance"] is None
    assert "RJCT" in first.json()["message"]
    assert second.json() == first.json()


def test_anothers_uetr_is_a_duplicate(network: RunningNetwork) -> None:
    transfer = Transfer()
    ask = asker(network, BANK_HK)
    ask.ask("/v1/interbank/payments", proposal(message=transfer.body().decode()))
    other = replace(transfer, amount="2.00", message_id="ANOTHER")
    answer = ask.ask("/v1/interbank/payments", proposal(message=other.body().decode()))
    assert refused(answer, 409, "uetr_already_used")["iso_reason"] == "DUPL"


def test_only_the_debtor_agent_may_propose(network: RunningNetwork) -> None:
    answer = asker(network, BANK_HK, by=BANK_AE).ask("/v1/interbank/payments", proposal())
    assert answer.status_code == 200, answer.text
    assert answer.json()["acceptance"] is None
    assert "AGNT" in answer.json()["message"]


def test_many_proposals_are_answered_one_for_one(network: RunningNetwork) -> None:
    """Those that cannot be read are problems in their places, and hold up none of the others."""
    unreadable = {"message": "<nothing/>", "instruction": INSTRUCTION, "quote": None, "quote_signature": None}
    untyped = {**unreadable, "instruction": {**INSTRUCTION, "expiry": "soon"}}
    answer = asker(network, BANK_HK).ask("/v1/interbank/payments/together", {"payments": [unreadable, untyped]})
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["answers"]
    assert first["answer"] is second["answer"] is None
    assert first["problem"]["code"] == "no_message_found"
    assert second["problem"]["errors"][0]["rule"] == "eip712.typed-data"
    assert first["problem"]["trace_id"]


@pytest.mark.parametrize("many", [0, 101])
def test_none_and_too_many_proposals_are_refused(network: RunningNetwork, many: int) -> None:
    one = {"message": "<nothing/>", "instruction": INSTRUCTION, "quote": None, "quote_signature": None}
    answer = asker(network, BANK_HK).ask("/v1/interbank/payments/together", {"payments": [one] * many})
    refused(answer, 422, "request_does_not_fit_its_schema")
