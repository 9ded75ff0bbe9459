"""How each answer about events and webhooks is drawn from the scene of `test_openapi`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from api.routes.events import MOST_OF_ONE
from node.book.records import BookBusy

if TYPE_CHECKING:
    from tests.api.test_openapi import Scene

Answers = dict[tuple[str, int], "Callable[[Scene], httpx.Response]"]
HOOKS, NO_HOOK = "/v1/webhook-endpoints", "/v1/webhook-endpoints/we_" + "0" * 24
JSON = {"Content-Type": "application/json"}
BIG = b" " * 1_500_000


def _opened(scene: Scene) -> httpx.Response:
    """The head of a stream; it does not end by itself."""
    with scene.bank.http.stream("GET", "/v1/events/stream") as answer:
        return httpx.Response(answer.status_code, headers=answer.headers)


def _opened_once_more(scene: Scene) -> httpx.Response:
    readers = []  # an iterator that nobody holds closes its stream
    with contextlib.ExitStack() as open_streams:
        for _ in range(MOST_OF_ONE):
            stream = open_streams.enter_context(scene.stranded.http.stream("GET", "/v1/events/stream"))
            readers.append(stream.iter_lines())
            next(readers[-1])
        return scene.stranded.http.get("/v1/events/stream")


def _endpoint(scene: Scene) -> tuple[httpx.Response, str]:
    answer = scene.bank.http.post(HOOKS, json={"url": "http://127.0.0.1:9/", "types": ["payment.expired"]})
    return answer, f"{HOOKS}/{answer.json()['endpoint']['endpoint_id']}"


def _busy(scene: Scene, method: str, path: str) -> httpx.Response:
    """The answer while another writer holds the book for longer than anybody waits."""

    def held() -> None:
        raise BookBusy("another process is writing")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scene.stranded_institution.office.book, "unit", held)
        return scene.stranded.http.request(method, path, json={"url": "http://127.0.0.1:9/"})


def _of_an_endpoint(method: str, rest: str, operation: str, good: int) -> Answers:
    """What an operation on one endpoint may answer."""
    answers: Answers = {
        (operation, good): lambda scene: scene.bank.http.request(method, _endpoint(scene)[1] + rest),
        (operation, 401): lambda scene: scene.anonymous(method, NO_HOOK + rest),
        (operation, 404): lambda scene: scene.bank.http.request(method, NO_HOOK + rest),
        (operation, 422): lambda scene: scene.bank.http.request(method, f"{HOOKS}/that-one{rest}"),
        (operation, 503): lambda scene: _busy(scene, method, NO_HOOK + rest),
    }
    if method == "GET":
        del answers[operation, 503]
    return answers


def _redelivered(scene: Scene) -> httpx.Response:
    path = _endpoint(scene)[1]
    endpoint_id = path.rpartition("/")[2]
    with scene.bank.office.book.unit() as unit:
        endpoint = unit.webhooks.find(endpoint_id)
        assert endpoint is not None
        unit.webhooks.save(replace(endpoint, cursor=0, kinds=(), disabled="for this test"))
        unit.webhooks.fan_out(replace(endpoint, cursor=0, kinds=()), 0)
    return scene.bank.http.post(f"{path}/deliveries/1/redeliver")


EVENT_ANSWERS: Answers = {
    ("listEvents", 200): lambda scene: scene.bank.http.get("/v1/events"),
    ("listEvents", 401): lambda scene: scene.anonymous("GET", "/v1/events"),
    ("listEvents", 422): lambda scene: scene.bank.http.get("/v1/events", params={"after": -1}),
    ("streamEvents", 200): _opened,
    ("streamEvents", 401): lambda scene: scene.anonymous("GET", "/v1/events/stream"),
    ("streamEvents", 422): lambda scene: scene.bank.http.get("/v1/events/stream", params={"after": -1}),
    ("streamEvents", 429): _opened_once_more,
    ("addWebhookEndpoint", 201): lambda scene: _endpoint(scene)[0],
    ("addWebhookEndpoint", 401): lambda scene: scene.anonymous("POST", HOOKS),
    ("addWebhookEndpoint", 408): lambda scene: scene.slow(HOOKS),
    ("addWebhookEndpoint", 413): lambda scene: scene.bank.http.post(HOOKS, content=BIG, headers=JSON),
    ("addWebhookEndpoint", 422): lambda scene: scene.bank.http.post(HOOKS, json={"url": "ftp://a"}),
    ("addWebhookEndpoint", 503): lambda scene: _busy(scene, "POST", HOOKS),
    ("listWebhookEndpoints", 200): lambda scene: scene.bank.http.get(HOOKS),
    ("listWebhookEndpoints", 401): lambda scene: scene.anonymous("GET", HOOKS),
    **_of_an_endpoint("DELETE", "", "removeWebhookEndpoint", 204),
    **_of_an_endpoint("POST", "/rotate-secret", "rotateWebhookSecret", 200),
    **_of_an_endpoint("POST", "/enable", "enableWebhookEndpoint", 200),
    **_of_an_endpoint("POST", "/disable", "disableWebhookEndpoint", 200),
    **_of_an_endpoint("POST", "/redeliver-dead", "redeliverDead", 200),
    **_of_an_endpoint("POST", "/deliveries/1/redeliver", "redeliverEvent", 200),
    ("redeliverEvent", 200): _redelivered,
    **_of_an_endpoint("GET", "/deliveries", "listWebhookDeliveries", 200),
}
