"""The same POST under the same key is done once, over real HTTP, whoever asks and however many ask at once."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from api.idempotency import LEASE_S
from cli.running_network import RunningNetwork
from node.book.idempotency import Claimed, KeyedRequest
from node.settlement.office import now
from tests.api.expectations import problem
from tests.api.test_interbank import ASKED, Asker
from tests.api.test_transfers import authorised
from tests.network import BANK_CN, PATIENCE_S, PROVIDER, XML, Bank, Transfer

COPIES = 100
RETRYABLE = {409: "request_under_way", 503: "book_busy"}
WISH = {"sell_currency": "CNY", "buy_currency": "AED", "sell_amount": 1000}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def post(bank: Bank, body: bytes, keyed: Mapping[str, str]) -> httpx.Response:
    return bank.http.post("/v1/iso20022/messages", content=body, headers={**XML, **keyed})


def patiently(ask: Any) -> httpx.Response:
    """The answer, asking again while the first copy is under way, as the answer says.

    A hundred at once may also be told, on a machine slow enough, that the book is not to be had within its time.
    """
    deadline = time.monotonic() + PATIENCE_S
    while (answer := ask()).status_code in RETRYABLE:
        problem(answer, answer.status_code, RETRYABLE[answer.status_code])
        assert answer.headers["retry-after"] == "1"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    result: httpx.Response = answer
    return result


@pytest.mark.parametrize("keyed", [True, False])
def test_a_hundred_copies_at_once_are_one_payment(debtor_agent: Bank, keyed: bool) -> None:
    transfer = Transfer(amount="3.00")
    before = debtor_agent.accounts()[transfer.debtor_account][0]
    headers = key() if keyed else {}
    with ThreadPoolExecutor(COPIES) as pool:
        asked = [
            pool.submit(patiently, lambda: post(debtor_agent, transfer.body(), headers)) for _ in range(COPIES)
        ]
        answers = [one.result() for one in asked]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == COPIES - 1
    assert debtor_agent.ended(transfer.uetr)["state"] == "SETTLED"
    assert debtor_agent.accounts()[transfer.debtor_account] == (before - 300, 0)
    with debtor_agent.office.book.view() as unit:
        inbound = [one for one in unit.messages.of(transfer.uetr) if one.direction == "in"]
        assert [one.name for one in inbound if one.name.startswith("pacs.008")] == ["pacs.008.001.08"]
        assert [one.purpose for one in unit.lanes.of(transfer.uetr)] == ["settle"]


def test_a_replay_is_the_same_bytes_and_says_so(debtor_agent: Bank) -> None:
    transfer, keyed = Transfer(amount="99999999.00"), key()
    first = post(debtor_agent, transfer.body(), keyed)
    again = post(debtor_agent, transfer.body(), keyed)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("content-type", "location"):
        assert first.headers[name] == again.headers[name]
    assert (first.status_code, first.content) == (again.status_code, again.content)


def test_the_same_key_with_another_body_is_refused_and_does_nothing(debtor_agent: Bank) -> None:
    transfer, keyed = Transfer(amount="99999999.00"), key()
    post(debtor_agent, transfer.body(), keyed)
    other = Transfer(amount="1.00")
    document = problem(post(debtor_agent, other.body(), keyed), 422, "idempotency_key_reused")
    assert document["errors"][0]["element"] == "header.idempotency-key"
    assert transfer.message_id not in json.dumps(document)
    assert debtor_agent.http.get(f"/v1/payments/{other.uetr}").status_code == 404


def test_a_key_is_its_callers_own(debtor_agent: Bank, third_bank: Bank) -> None:
    keyed = key()
    first = debtor_agent.http.post("/v1/quotes", json=WISH, headers=keyed)
    elsewhere = third_bank.http.post("/v1/quotes", json=WISH, headers=keyed)
    assert (first.status_code, elsewhere.status_code) == (201, 201)
    assert first.json()["quote_id"] != elsewhere.json()["quote_id"]


def test_a_quote_is_taken_once(debtor_agent: Bank) -> None:
    keyed = key()
    first, again = (debtor_agent.http.post("/v1/quotes", json=WISH, headers=keyed) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    assert debtor_agent.http.post("/v1/quotes", json=WISH, headers=key()).content != first.content


def test_a_relayed_transfer_is_answered_again_even_when_it_is_final(
    network: RunningNetwork, debtor_agent: Bank
) -> None:
    body, keyed = authorised(network), key()
    first = debtor_agent.http.post("/v1/transfers", json=body, headers=keyed)
    assert first.status_code == 202, first.text
    deadline = time.monotonic() + PATIENCE_S
    while debtor_agent.http.post("/v1/transfers", json=body).status_code == 202:
        assert time.monotonic() < deadline, "without the key, the token refuses it once it is final"
        time.sleep(0.1)
    again = debtor_agent.http.post("/v1/transfers", json=body, headers=keyed)
    assert (again.status_code, again.content) == (202, first.content)


def test_another_institutions_question_is_answered_once_under_our_signature(network: RunningNetwork) -> None:
    ask = Asker(network.institutions[PROVIDER], network.institutions[BANK_CN].signatory)
    content, keyed = json.dumps(ASKED).encode(), key()

    def send() -> httpx.Response:
        head = ask.head("/v1/interbank/quotes", content)
        head.headers.update(keyed)
        return ask.send(head, content)

    first, again = send(), send()
    assert first.status_code == 200, first.text
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["signature"] != again.headers["signature"]


def test_a_refusal_is_not_kept(debtor_agent: Bank) -> None:
    keyed = key()
    problem(
        debtor_agent.http.post("/v1/quotes", json={**WISH, "buy_currency": "EUR"}, headers=keyed),
        422,
        "currency_not_issued",
    )
    assert debtor_agent.http.post("/v1/quotes", json=WISH, headers=keyed).status_code == 201


@pytest.mark.parametrize("bad", ["", "two words", "x" * 256, 'quo"te'])
def test_what_is_no_key_is_refused(debtor_agent: Bank, bad: str) -> None:
    answer = debtor_agent.http.post("/v1/quotes", json=WISH, headers={"Idempotency-Key": bad})
    problem(answer, 422, "request_does_not_fit_its_schema")


def test_a_key_may_be_quoted_as_the_draft_standard_writes_it(debtor_agent: Bank) -> None:
    name = str(uuid.uuid4())
    plain = debtor_agent.http.post("/v1/quotes", json=WISH, headers={"Idempotency-Key": name})
    quoted = debtor_agent.http.post("/v1/quotes", json=WISH, headers={"Idempotency-Key": f'"{name}"'})
    assert plain.content == quoted.content


def test_a_copy_of_a_request_under_way_is_told_to_wait(debtor_agent: Bank) -> None:
    """The first copy is stood still between its claim and its work, as a slow provider would."""
    keyed, office = key(), debtor_agent.office
    body = json.dumps(WISH).encode()
    headers = {"Content-Type": "application/json", **keyed}
    probe = debtor_agent.http.post("/v1/quotes", content=body, headers={**headers, **key()})
    assert probe.status_code == 201
    request = _kept_request(debtor_agent, "POST /v1/quotes")
    said = hashlib.sha256(b"/v1/quotes\n\napplication/json\n" + body).digest()
    assert request.fingerprint == office.book.vault.marked(said), "the book keeps it under its own key"
    waiting = replace(request, key=keyed["Idempotency-Key"], fingerprint=said)
    with office.book.unit() as unit:
        assert unit.idempotency.claim(waiting, "t", now(office), LEASE_S) == Claimed("t")
    answer = debtor_agent.http.post("/v1/quotes", content=body, headers=headers)
    problem(answer, 409, "request_under_way")
    assert answer.headers["retry-after"] == "1"
    with office.book.unit() as unit:
        unit.idempotency.release(waiting, "t")
    assert debtor_agent.http.post("/v1/quotes", content=body, headers=headers).status_code == 201


def _kept_request(bank: Bank, route: str) -> KeyedRequest:
    with bank.office.book._reader.connect() as connection:
        query = text(
            "SELECT caller, route, key, fingerprint FROM idempotency_keys"
            " WHERE route = :r ORDER BY id DESC LIMIT 1"
        )
        return KeyedRequest(*connection.execute(query, {"r": route}).one())


def test_every_post_takes_a_key_and_says_what_may_come_of_it(debtor_agent: Bank) -> None:
    document = debtor_agent.http.get("/openapi.json").json()
    posts = [methods["post"] for methods in document["paths"].values() if "post" in methods]
    posts = [operation for operation in posts if operation.get("security")]
    assert len(posts) >= 5
    for operation in posts:
        assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}, operation["operationId"]
        conflicts = operation["responses"]["409"]["content"]["application/problem+json"]["examples"]
        assert "request_under_way" in conflicts
        assert "idempotency_key_reused" in operation["responses"]["422"]["description"]
