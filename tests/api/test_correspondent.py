"""Whatever another institution's server does, the correspondent answers with a value; only signed refusals end."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.clock import SystemClock
from api.correspondent import LARGEST_ANSWER_BYTES, QUOTES_PATH, HttpCorrespondent
from api.problems import MEDIA_TYPE, document, encode
from api.refusals import Refusal
from api.signatures import RequestHead, ResponseHead, Signatory, sign_response
from node.chain.serving import BackgroundServer
from node.domain.money import Currency, Money
from node.domain.party import Participant, ParticipantRole, ParticipantStatus
from node.domain.quote import SignedQuote
from node.domain.reasons import Finding, Reason
from node.ledger.directory import CurrencyTokenInfo
from node.settlement.ports import QuoteRequest, Refused, Unreachable
from wallet.message_key import MessageKey
from wallet.secret import Secret

CNY, AED = Currency("CNY", 2), Currency("AED", 2)
TOKENS = {
    "CNY": CurrencyTokenInfo("0x0000000000000000000000000000000000000001", CNY, "yuan"),
    "AED": CurrencyTokenInfo("0x0000000000000000000000000000000000000002", AED, "dirham"),
}
REQUEST = QuoteRequest("DBTRCNB0XXX", "CNY", "AED", Money(10000, CNY), None)
QUOTE = {
    "id": "5d3c1c52-37a0-4c85-a9b4-3b6c2f1f4b0e",
    "provider": "0x0000000000000000000000000000000000000003",
    "taker": "0x0000000000000000000000000000000000000004",
    "sell_token": TOKENS["CNY"].address,
    "sell_amount": "10000",
    "buy_token": TOKENS["AED"].address,
    "buy_amount": "5144",
    "expiry": "1900000000",
}
GIVEN = json.dumps({"quote": QUOTE, "signature": "0x" + "11" * 65}).encode()


def signatory(bic: str) -> Signatory:
    return Signatory(bic, MessageKey(Secret(secrets.token_bytes(32))))


TAKER, PROVIDER, IMPOSTOR = signatory("DBTRCNB0XXX"), signatory("PRVDHKB0XXX"), signatory("PRVDHKB0XXX")


@dataclass(frozen=True)
class Answering:
    """How the provider's server answers."""

    status: int
    body: bytes
    media_type: str = "application/json"
    signed_by: Signatory | None = PROVIDER
    wait_s: float = 0.0


def provider_at(url: str) -> Participant:
    return Participant(
        bic=PROVIDER.bic,
        lei="",
        name="A Provider",
        roles=ParticipantRole.FX_PROVIDER,
        status=ParticipantStatus.ACTIVE,
        settlement_account=QUOTE["provider"],
        message_key=PROVIDER.key.public_key,
        api_address=url,
        jurisdiction="HK",
    )


@contextmanager
def server(answering: Answering) -> Iterator[str]:
    async def answer(request: Request) -> Response:
        if answering.wait_s:
            await asyncio.sleep(answering.wait_s)
        headers = {"content-type": answering.media_type}
        if answering.signed_by is not None:
            asked = RequestHead("POST", str(request.url), dict(request.headers))
            head = ResponseHead(answering.status, headers, asked)
            sign_response(head, answering.body, answering.signed_by, time.time())
        return Response(answering.body, answering.status, headers)

    with BackgroundServer(Starlette(routes=[Route(QUOTES_PATH, answer, methods=["POST"])])) as running:
        yield running.url


def _none(_report: bytes) -> tuple[Finding, ...]:
    return ()


def ask(url: str, timeout_s: float = 5.0) -> SignedQuote | Refused | Unreachable:
    with httpx.Client(timeout=timeout_s, trust_env=False) as http:
        correspondent = HttpCorrespondent(TAKER, http, SystemClock(), lambda: TOKENS, _none, _none)
        return correspondent.ask_quote(provider_at(url), REQUEST)


def asked_of(answering: Answering, timeout_s: float = 5.0) -> SignedQuote | Refused | Unreachable:
    with server(answering) as url:
        return ask(url, timeout_s)


def problem(kind: Refusal | Reason) -> bytes:
    return encode(document(kind, "No."))


def test_a_signed_answer_is_a_quote() -> None:
    answer = asked_of(Answering(200, GIVEN))
    assert isinstance(answer, SignedQuote)
    assert (answer.quote.sell, answer.quote.buy) == (Money(10000, CNY), Money(5144, AED))


@pytest.mark.parametrize(
    "answering",
    [
        Answering(200, GIVEN, signed_by=None),
        Answering(200, GIVEN, signed_by=IMPOSTOR),
        Answering(200, b"<html>welcome</html>", "text/html"),
        Answering(200, b"{}"),
        Answering(200, json.dumps({"quote": {**QUOTE, "sell_token": QUOTE["taker"]}, "signature": "0x"}).encode()),
        Answering(200, b" " * (LARGEST_ANSWER_BYTES + 1)),
        Answering(204, b""),
        Answering(302, b""),
        Answering(403, b"go away", "text/plain"),
        Answering(403, b"go away", MEDIA_TYPE),
        Answering(403, problem(Reason.RATE_NOT_OFFERED), MEDIA_TYPE, signed_by=None),
        Answering(422, problem(Reason.RATE_NOT_OFFERED), MEDIA_TYPE, signed_by=IMPOSTOR),
        Answering(413, problem(Refusal.BODY_TOO_LARGE), MEDIA_TYPE),
        Answering(429, problem(Refusal.NOT_READY), MEDIA_TYPE),
        Answering(500, problem(Refusal.INTERNAL_FAULT), MEDIA_TYPE),
        Answering(503, problem(Refusal.CHAIN_UNREACHABLE), MEDIA_TYPE),
        Answering(403, problem(Refusal.PARTICIPANT_NOT_ACTIVE), MEDIA_TYPE),
    ],
)
def test_what_is_no_word_of_the_provider_means_unreachable(answering: Answering) -> None:
    answer = asked_of(answering)
    assert isinstance(answer, Unreachable)
    assert PROVIDER.bic in answer.text


def test_a_slow_provider_is_unreachable() -> None:
    assert isinstance(asked_of(Answering(200, GIVEN, wait_s=2.0), timeout_s=0.3), Unreachable)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[::bad", "ftp://127.0.0.1", "nonsense", ""])
def test_an_address_that_leads_nowhere_is_unreachable(url: str) -> None:
    assert isinstance(ask(url), Unreachable)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Reason.RATE_NOT_OFFERED, Reason.RATE_NOT_OFFERED),
        (Reason.PROVIDER_INVENTORY_TOO_LOW, Reason.PROVIDER_INVENTORY_TOO_LOW),
        (Refusal.NOT_AN_FX_PROVIDER, Reason.CREDITOR_AGENT_REFUSED),
    ],
)
def test_a_signed_refusal_is_a_refusal(kind: Refusal | Reason, reason: Reason) -> None:
    answer = asked_of(Answering(422, problem(kind), MEDIA_TYPE))
    assert isinstance(answer, Refused)
    assert answer.findings[0].reason is reason


def test_the_answer_must_be_to_our_request() -> None:
    kept: list[tuple[dict[str, str], bytes]] = []

    def replaying() -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            if not kept:
                asked = RequestHead("POST", str(request.url), dict(request.headers))
                head = ResponseHead(200, {"content-type": "application/json"}, asked)
                sign_response(head, GIVEN, PROVIDER, time.time())
                kept.append((dict(head.headers), GIVEN))
            headers, body = kept[0]
            return Response(body, 200, headers)

        return answer

    with BackgroundServer(Starlette(routes=[Route(QUOTES_PATH, replaying(), methods=["POST"])])) as running:
        assert isinstance(ask(running.url), SignedQuote)
        assert isinstance(ask(running.url), Unreachable)
