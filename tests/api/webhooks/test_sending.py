"""A delivery over real HTTP: what a receiver may answer, and how long it may take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from starlette.types import Receive, Scope, Send

from api.webhooks.address import WebhookTargets
from api.webhooks.sending import HttpSender
from node.chain.serving import BackgroundServer


@dataclass
class Listener:
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = (await receive()).get("body", b"")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.got.append((headers, body))
        if scope["path"] == "/slow":
            while (await receive())["type"] != "http.disconnect":  # until nobody waits any longer
                pass
            return
        location = [(b"location", b"http://127.0.0.1:1/")]
        await send({"type": "http.response.start", "status": self.status, "headers": location})
        await send({"type": "http.response.body", "body": b"x" * 100_000})


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def url(listener: Listener) -> Iterator[str]:
    with BackgroundServer(listener) as server:
        yield server.url


def test_what_is_sent_arrives_with_its_headers(url: str, listener: Listener) -> None:
    outcome = HttpSender(WebhookTargets.ANY)(url + "/hook", {"webhook-id": "evt_1"}, b'{"position":1}')
    assert (outcome.status, outcome.fault) == (204, None)
    ((headers, body),) = listener.got
    assert body == b'{"position":1}'
    assert headers["webhook-id"] == "evt_1"
    assert headers["content-type"] == "application/json"
    assert headers["host"] == url.removeprefix("http://")


@pytest.mark.parametrize("status", [302, 404, 410, 500])
def test_only_2xx_is_taken_and_no_redirect_followed(url: str, listener: Listener, status: int) -> None:
    listener.status = status
    outcome = HttpSender(WebhookTargets.ANY)(url, {}, b"{}")
    assert (outcome.status, outcome.fault) == (status, f"Answered {status}.")
    assert len(listener.got) == 1


def test_a_receiver_that_is_too_slow_has_not_answered(url: str) -> None:
    started = time.monotonic()
    outcome = HttpSender(WebhookTargets.ANY, deadline_s=0.2)(url + "/slow", {}, b"{}")
    assert (outcome.status, outcome.fault) == (None, "No answer within 0.2 seconds.")
    assert time.monotonic() - started < 60


def test_a_receiver_that_is_not_there_has_not_answered() -> None:
    outcome = HttpSender(WebhookTargets.ANY)("http://127.0.0.1:9/", {}, b"{}")
    assert (outcome.status, outcome.fault) == (None, "No answer: ConnectError.")


def test_by_default_our_own_net_is_not_asked(url: str, listener: Listener) -> None:
    outcome = HttpSender(WebhookTargets.PUBLIC)(url, {}, b"{}")
    assert outcome.status is None
    assert outcome.fault is not None
    assert outcome.fault.startswith("Not sent")
    assert listener.got == []
