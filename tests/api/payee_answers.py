"""How each answer about aliases and payees is drawn from the scene of `test_openapi`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.payee_inquiry import SEARCHES_PATH, VERIFICATIONS_PATH
from api.routes.rates import PATH as RATES_PATH
from node.book.records import BookBusy
from tests.api.event_answers import BIG, JSON, Answers
from tests.api.expectations import suspended
from tests.network import BANK_AE, BANK_CN, BANK_HK, DEBTOR_ACCOUNT, PROVIDER

if TYPE_CHECKING:
    from tests.api.test_openapi import Scene

ALIASES, SEARCHES, VERIFICATIONS = "/v1/aliases", "/v1/payee-searches", "/v1/payee-verifications"
WISH = {"sell_currency": "CNY", "buy_currency": "AED", "sell_amount": 1000}
RATE = {
    "sell_currency": "CNY",
    "sell_amount": "1000",
    "buy_currency": "AED",
    "buy_amount": None,
    "taker_bic": BANK_CN,
}
GIVEN = {"alias": "@jiangnan", "account": DEBTOR_ACCOUNT}
ASKED = {"account": DEBTOR_ACCOUNT, "name": "Jiangnan Textile Trading"}


def _post(path: str, body: dict[str, Any]) -> Callable[[Scene], httpx.Response]:
    return lambda scene: scene.bank.http.post(path, json=body)


def _posted(operation: str, path: str, body: dict[str, Any], good: int) -> Answers:
    """What every POST of the back office may answer."""
    return {
        (operation, good): _post(path, body),
        (operation, 401): lambda scene: scene.anonymous("POST", path),
        (operation, 408): lambda scene: scene.slow(path),
        (operation, 413): lambda scene: scene.bank.http.post(path, content=BIG, headers=JSON),
        (operation, 422): _post(path, {}),
    }


def _asked(operation: str, path: str, body: dict[str, Any]) -> Answers:
    """What every question between institutions may answer."""

    def suspended_asks(scene: Scene) -> httpx.Response:
        with suspended(scene.network, BANK_AE):
            return scene.interbank(path, body, BANK_CN, by=BANK_AE)

    return {
        (operation, 200): lambda scene: scene.interbank(path, body, BANK_CN, by=BANK_HK),
        (operation, 401): lambda scene: scene.anonymous("POST", path),
        (operation, 403): suspended_asks,
        (operation, 408): lambda scene: scene.slow(path),
        (operation, 413): lambda scene: scene.interbank(path, BIG, BANK_AE),
        (operation, 422): lambda scene: scene.interbank(path, b"{", BANK_AE),
        (operation, 503): lambda scene: scene.on_the_island(path, body),
    }


def _taken(scene: Scene) -> httpx.Response:
    scene.bank.http.post(ALIASES, json=GIVEN)
    return scene.bank.http.post(ALIASES, json={**GIVEN, "account": "6228901020030040069"})


def _busy_book(scene: Scene) -> httpx.Response:
    def held() -> None:
        raise BookBusy("another process is writing")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scene.stranded_institution.office.book, "unit", held)
        return scene.stranded.http.post(ALIASES, json=GIVEN)


def _withdrawn(scene: Scene) -> httpx.Response:
    scene.bank.http.post(ALIASES, json=GIVEN)
    return scene.bank.http.delete(f"{ALIASES}/@jiangnan")


PAYEE_ANSWERS: Answers = {
    **_posted("giveAlias", ALIASES, GIVEN, 201),
    ("giveAlias", 409): _taken,
    ("giveAlias", 503): _busy_book,
    ("listAliases", 200): lambda scene: scene.bank.http.get(ALIASES),
    ("listAliases", 401): lambda scene: scene.anonymous("GET", ALIASES),
    ("withdrawAlias", 204): _withdrawn,
    ("withdrawAlias", 401): lambda scene: scene.anonymous("DELETE", f"{ALIASES}/@x"),
    ("withdrawAlias", 404): lambda scene: scene.bank.http.delete(f"{ALIASES}/@nobody"),
    ("withdrawAlias", 422): lambda scene: scene.bank.http.delete(f"{ALIASES}/{'x' * 300}"),
    **_posted("searchPayee", SEARCHES, {"alias": "@jiangnan"}, 200),
    ("searchPayee", 503): lambda scene: scene.stranded.http.post(SEARCHES, json={"alias": "@x1"}),
    **_posted("verifyPayee", VERIFICATIONS, {**ASKED, "agent": BANK_CN}, 200),
    ("verifyPayee", 503): lambda scene: scene.stranded.http.post(VERIFICATIONS, json={**ASKED, "agent": BANK_AE}),
    **_asked("askPayeeSearch", SEARCHES_PATH, {"alias": "@jiangnan"}),
    **_asked("askPayeeVerification", VERIFICATIONS_PATH, ASKED),
    **_posted("askRates", "/v1/rates", WISH, 200),
    ("askRates", 503): lambda scene: scene.stranded.http.post("/v1/rates", json=WISH),
    **_asked("askRate", RATES_PATH, RATE),
    ("askRate", 200): lambda scene: scene.interbank(RATES_PATH, RATE, PROVIDER),
    ("askRate", 404): lambda scene: scene.interbank(
        RATES_PATH, {**RATE, "taker_bic": BANK_HK}, BANK_CN, by=BANK_HK
    ),
}
