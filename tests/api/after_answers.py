"""How every documented answer of what comes after settlement is drawn; `test_openapi` compares and asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import httpx

from api.account_reports import reporter_of
from node.book.records import BookBusy
from node.settlement.statements import close_days
from tests.api.expectations import suspended
from tests.api.test_recalls import Recall, brought, decide
from tests.api.test_returns import paid
from tests.api.test_statements import Later
from tests.network import BANK_AE, BANK_CN, BANK_HK, Bank, bank

UNKNOWN = "00000000-0000-4000-8000-000000000000"
BIG = b" " * 1_500_000
JSON = {"Content-Type": "application/json"}
PASS = "/v1/interbank/messages"
WISH = {"return_id": "R-1", "amount": 100, "currency": "CNY", "reason": "AC04"}
Drawn = Callable[[Any], httpx.Response]


def hong_kong(scene: Any) -> Bank:
    return bank(scene.network, BANK_HK)


def received(scene: Any) -> str:
    return paid(scene.bank, hong_kong(scene))


def returned(of: Callable[[Any], str] = received, **changes: Any) -> Drawn:
    return lambda scene: hong_kong(scene).http.post(f"/v1/payments/{of(scene)}/returns", json={**WISH, **changes})


def _returned_otherwise(scene: Any) -> httpx.Response:
    uetr = received(scene)
    assert returned(lambda _: uetr)(scene).status_code == 202
    return returned(lambda _: uetr, amount=200)(scene)


def _decided(**decision: Any) -> Drawn:
    def draw(scene: Any) -> httpx.Response:
        return decide(hong_kong(scene), _case(scene), **decision)

    return draw


def _case(scene: Any) -> str:
    uetr = received(scene)
    scene.bank.post(Recall(uetr).body())
    reference: str = brought(hong_kong(scene), uetr)["reference"]
    return reference


def _decided_otherwise(scene: Any) -> httpx.Response:
    reference = _case(scene)
    assert decide(hong_kong(scene), reference, decision="refuse").status_code == 200
    return decide(hong_kong(scene), reference, decision="accept")


def _decided_while_busy(scene: Any) -> httpx.Response:
    reference, book = _case(scene), scene.network.institutions[BANK_HK].office.book
    with patch.object(book, "unit", side_effect=BookBusy("another process is writing")):
        return decide(hong_kong(scene), reference, decision="refuse")


def _passed(message: bytes, by: str = BANK_CN) -> Drawn:
    return lambda scene: scene.interbank(PASS, {"message": message.decode()}, BANK_HK, by=by)


def _passed_suspended(scene: Any) -> httpx.Response:
    with suspended(scene.network, BANK_AE):
        return _passed(Recall(UNKNOWN).body(), BANK_AE)(scene)


def _passed_otherwise(scene: Any) -> httpx.Response:
    recall = Recall(received(scene))
    assert _passed(recall.body())(scene).status_code == 200
    return _passed(Recall(recall.of, "CUST", recall.case_id, recall.assignment_id).body())(scene)


def _resolution(scene: Any) -> httpx.Response:
    answer = _passed(Recall(UNKNOWN).body())(scene).json()["message"]
    return _passed(answer.encode())(scene)


def _anonymous(method: str, path: str) -> Drawn:
    return lambda scene: scene.anonymous(method, path)


def _got(path: str, **params: Any) -> Drawn:
    return lambda scene: scene.bank.http.get(path, params=params)


RETURNS, DECISION = f"/v1/payments/{UNKNOWN}/returns", f"/v1/cases/{UNKNOWN}/decision"
ANSWERS: dict[tuple[str, int], Drawn] = {
    ("returnPayment", 202): returned(),
    ("returnPayment", 401): _anonymous("POST", RETURNS),
    ("returnPayment", 403): lambda scene: scene.bank.http.post(
        f"/v1/payments/{scene.settled_uetr}/returns", json=WISH
    ),
    ("returnPayment", 404): returned(lambda _: UNKNOWN),
    ("returnPayment", 408): lambda scene: scene.slow(RETURNS),
    ("returnPayment", 409): _returned_otherwise,
    ("returnPayment", 413): lambda scene: scene.bank.http.post(RETURNS, content=BIG, headers=JSON),
    ("returnPayment", 422): returned(lambda _: UNKNOWN, amount=0),
    ("returnPayment", 503): lambda scene: scene.stranded.http.post(RETURNS, json=WISH),
    ("listReturns", 200): lambda scene: scene.bank.http.get(f"/v1/payments/{scene.settled_uetr}/returns"),
    ("listReturns", 401): _anonymous("GET", RETURNS),
    ("listReturns", 404): _got(RETURNS),
    ("listReturns", 422): _got("/v1/payments/that-one/returns"),
    ("listCases", 200): _got("/v1/cases"),
    ("listCases", 401): _anonymous("GET", "/v1/cases"),
    ("listCases", 422): _got("/v1/cases", limit=0),
    ("getCase", 200): lambda scene: hong_kong(scene).http.get(f"/v1/cases/{_case(scene)}"),
    ("getCase", 401): _anonymous("GET", f"/v1/cases/{UNKNOWN}"),
    ("getCase", 404): _got(f"/v1/cases/{UNKNOWN}"),
    ("getCase", 422): _got("/v1/cases/that-one"),
    ("decideCase", 200): _decided(decision="refuse"),
    ("decideCase", 401): _anonymous("POST", DECISION),
    ("decideCase", 404): lambda scene: decide(scene.bank, UNKNOWN, decision="refuse"),
    ("decideCase", 408): lambda scene: scene.slow(DECISION),
    ("decideCase", 409): _decided_otherwise,
    ("decideCase", 413): lambda scene: scene.bank.http.post(DECISION, content=BIG, headers=JSON),
    ("decideCase", 422): _decided(decision="perhaps"),
    ("decideCase", 503): _decided_while_busy,
    ("passMessage", 200): _passed(Recall(UNKNOWN).body()),
    ("passMessage", 400): _passed(b"not XML"),
    ("passMessage", 401): _anonymous("POST", PASS),
    ("passMessage", 403): _passed_suspended,
    ("passMessage", 404): _resolution,
    ("passMessage", 408): lambda scene: scene.slow(PASS),
    ("passMessage", 409): _passed_otherwise,
    ("passMessage", 413): lambda scene: scene.interbank(PASS, BIG, BANK_HK),
    ("passMessage", 422): lambda scene: scene.interbank(PASS, b"{", BANK_HK),
    ("passMessage", 503): lambda scene: scene.on_the_island(PASS, {"message": ""}),
}


def _kept(scene: Any) -> httpx.Response:
    digest = scene.bank.http.get("/v1/messages").json()["messages"][0]["digest"]
    answer: httpx.Response = scene.bank.http.get(f"/v1/messages/{digest}")
    return answer


def _closed(scene: Any) -> httpx.Response:
    """The statement of the day, as if it were over; of an account that no other test closes."""
    institution = scene.network.institutions[BANK_CN]
    day = datetime.fromtimestamp(institution.office.clock.now_s(), UTC).date()
    later = Later(institution.office, 86_400)
    close_days(replace(institution.office, clock=later), reporter_of(institution), "OWN-CNY", day)
    answer: httpx.Response = scene.bank.http.get("/v1/accounts/OWN-CNY/statements", params={"date": str(day)})
    return answer


ANSWERS |= {
    ("getStatement", 200): _closed,
    ("getStatement", 401): _anonymous("GET", "/v1/accounts/OWN-CNY/statements?date=2026-01-01"),
    ("getStatement", 404): _got("/v1/accounts/OWN-CNY/statements", date="2026-01-01"),
    ("getStatement", 422): _got("/v1/accounts/OWN-CNY/statements"),
    ("listKeptMessages", 200): _got("/v1/messages"),
    ("listKeptMessages", 401): _anonymous("GET", "/v1/messages"),
    ("listKeptMessages", 422): _got("/v1/messages", limit=0),
    ("getKeptMessage", 200): _kept,
    ("getKeptMessage", 401): _anonymous("GET", f"/v1/messages/{'0' * 64}"),
    ("getKeptMessage", 404): _got(f"/v1/messages/{'0' * 64}"),
    ("getKeptMessage", 422): _got("/v1/messages/that-one"),
}
