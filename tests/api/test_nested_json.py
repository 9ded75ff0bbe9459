"""A body, or another institution's answer, that is nested without end: refused, and the institution lives on."""

from __future__ import annotations

import re

import httpx
import pytest

from api.problems import MEDIA_TYPE
from api.signatures import RequestHead, sign_request
from cli.running_network import RunningNetwork
from node.settlement.ports import Unreachable
from tests.api.expectations import problem
from tests.api.test_correspondent import Answering, asked_of
from tests.network import BANK_HK, Bank

JSON = "application/json"
OPENINGS = (b"[", b'{"a":', b'[{"a":')


def every_post(bank: Bank) -> list[str]:
    paths: dict[str, dict[str, object]] = bank.http.get("/openapi.json").json()["paths"]
    return [re.sub(r"\{\w+\}", "any", path) for path, methods in paths.items() if "post" in methods]


def signed_by(network: RunningNetwork, url: str, body: bytes) -> dict[str, str]:
    """The headers of another participant's request, signed over this very body."""
    other = network.institutions[BANK_HK]
    head = RequestHead("POST", url, {"content-type": JSON})
    sign_request(head, body, other.signatory, other.office.clock.now_s())
    return dict(head.headers)


@pytest.mark.parametrize("opening", OPENINGS)
def test_no_route_falls_over_nested_json(network: RunningNetwork, debtor_agent: Bank, opening: bytes) -> None:
    body = (opening * 1_000_000)[:900_000]
    routes = every_post(debtor_agent)
    assert len(routes) >= 4
    for path in routes:
        url = debtor_agent.entry["api_url"] + path
        answer = debtor_agent.http.post(url, content=body, headers=signed_by(network, url, body), timeout=60)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        wanted = JSON if path == "/oauth/token" else MEDIA_TYPE  # RFC 6749, section 5.2
        assert answer.headers["content-type"] == wanted, path
        assert debtor_agent.http.get("/healthz").status_code == 200


def test_two_million_brackets_are_too_many_bytes(debtor_agent: Bank) -> None:
    for path in every_post(debtor_agent):
        answer = debtor_agent.http.post(path, content=b"[" * 2_000_000, headers={"Content-Type": JSON}, timeout=60)
        problem(answer, 413, "body_too_large")
    assert debtor_agent.http.get("/healthz").status_code == 200


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("status", [200, 422])
def test_an_institution_that_answers_with_it_is_unreachable(status: int, opening: bytes) -> None:
    body = (opening * 1_000_000)[:900_000]
    media_type = JSON if status == httpx.codes.OK else MEDIA_TYPE
    assert isinstance(asked_of(Answering(status, body, media_type)), Unreachable)
