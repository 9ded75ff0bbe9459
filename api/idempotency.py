"""The same request twice is done once: what a POST with an Idempotency-Key was answered is kept and given again.

The doors enter every POST and DELETE here once they know who asks. A route that moves money keeps its answer in
the unit that records the outcome (`keeping`); other good answers are kept on their way out, refusals are not kept.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.callers import Caller
from api.handlers import problem_response
from api.problems import Problem
from api.refusals import Refusal
from node.book.book import Book, Unit
from node.book.idempotency import AnotherRequest, Claimed, ClaimLost, KeptAnswer, KeyedRequest, UnderWay
from node.domain.reasons import Finding, Reason
from node.settlement.ports import Clock

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
METHODS: Final = frozenset({"POST", "DELETE"})
LEASE_S: Final = 60.0
_WRITABLE_KEY: Final = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')
_NOT_KEPT: Final = frozenset({b"content-length", b"date", b"server"})

Keep = Callable[[Unit, Response], None]


class Replayed(Exception):
    """This very request was answered before; the handler gives that answer again."""

    def __init__(self, answer: KeptAnswer) -> None:
        """Carry the answer."""
        super().__init__()
        self.answer = answer


@dataclass
class Keyed:
    """A request we have claimed; `kept` once a unit has its answer, `closed` once nothing is left to do."""

    request: KeyedRequest
    token: str
    kept: bool = False
    closed: bool = False

    def keep(self, unit: Unit, response: Response) -> None:
        """Keep the answer in this unit; it is worth as much as the unit's commit."""
        kept = _kept(response.status_code, response.raw_headers, bytes(response.body))
        unit.idempotency.keep(self.request, self.token, kept)
        self.kept = True


def keeping(request: Request) -> Keep:
    """What a route calls inside the unit that records its outcome; without a key it does nothing."""
    keyed: Keyed | None = getattr(request.state, "keyed", None)
    return keyed.keep if keyed else _keep_nothing


def _keep_nothing(_unit: Unit, _response: Response) -> None:
    """The request carried no key."""


class Entrance:
    """Claims keyed requests; the doors call `enter` as soon as they know who asks."""

    def __init__(self, book: Book, clock: Clock) -> None:
        """Keep the keys in this book."""
        self._book = book
        self._clock = clock

    async def enter(self, request: Request, caller: Caller) -> None:
        """Claim a POST or a DELETE that carries a key.

        Raises Replayed where it was answered before, and Problem where the key was used for another request, the
        first copy is still under way, or it is no key.
        """
        said = request.headers.get(HEADER)
        if request.method not in METHODS or said is None:
            return
        keyed = Keyed(_keyed_request(request, caller, _key(said), await request.body()), uuid.uuid4().hex)
        await run_in_threadpool(self._claim, keyed)
        request.state.keyed = keyed

    def _claim(self, keyed: Keyed) -> None:
        at = datetime.fromtimestamp(self._clock.now_s(), UTC)
        with self._book.unit() as unit:
            found = unit.idempotency.claim(keyed.request, keyed.token, at, LEASE_S)
        if isinstance(found, KeptAnswer):
            raise Replayed(found)
        if isinstance(found, UnderWay):
            text = "The first copy of this request is still being worked on. Ask again for its answer."
            raise Problem(Refusal.REQUEST_UNDER_WAY, text, headers={"Retry-After": "1"})
        if isinstance(found, AnotherRequest):
            text = f"This {HEADER} was used for another request; a new request needs a new key."
            finding = Finding(
                Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, _ELEMENT, rule="idempotency.same-request"
            )
            raise Problem(Refusal.IDEMPOTENCY_KEY_REUSED, text, (finding,))
        assert isinstance(found, Claimed)  # noqa: S101  (the four outcomes are all there are)


_ELEMENT: Final = "header.idempotency-key"


def _key(said: str) -> str:
    found = _WRITABLE_KEY.fullmatch(said)
    if found is None:
        text = f"{HEADER} must be 1 to 255 printable ASCII characters without a space, such as a UUID."
        finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, _ELEMENT, rule="idempotency.key")
        raise Problem(Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, text, (finding,))
    return found.group(1)


def _keyed_request(request: Request, caller: Caller, key: str, body: bytes) -> KeyedRequest:
    route = f"{request.method} {getattr(request.scope.get('route'), 'path', request.url.path)}"
    said = (
        request.url.path,
        request.url.query,
        request.headers.get("content-type", "").partition(";")[0].strip().lower(),
    )
    head = "\n".join(said).encode()
    return KeyedRequest(caller.name, route, key, hashlib.sha256(head + b"\n" + body).digest())


def _kept(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> KeptAnswer:
    told = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name.lower() not in _NOT_KEPT
    )
    return KeptAnswer(status, told, body)


def install(app: FastAPI) -> None:
    """Let the application give kept answers again."""
    app.add_exception_handler(Replayed, _again)
    app.add_exception_handler(ClaimLost, _overtaken)


async def _again(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Replayed)  # noqa: S101  (the handler is installed for nothing else)
    answer = error.answer
    return Response(answer.body, answer.status, {**dict(answer.headers), REPLAYED: "true"})


async def _overtaken(request: Request, _error: Exception) -> Response:
    text = "This request took too long and another copy of it has taken over. Ask again for its answer."
    return problem_response(request.scope, Problem(Refusal.REQUEST_UNDER_WAY, text, headers={"Retry-After": "1"}))


class KeepAnswers:
    """ASGI middleware: keeps a keyed request's answer that no unit has kept, and releases a refused claim.

    The answer leaves only after it is kept, so a client that has it can rely on getting it again.
    """

    def __init__(self, app: ASGIApp, book: Book) -> None:
        """Wrap `app`; answers are kept in this book."""
        self.app = app
        self.book = book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] not in METHODS:
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def holding(message: Message) -> None:
            keyed = _open_claim(scope)
            if keyed is not None and message["type"] == "http.response.start":
                await self._close_early(keyed, message["status"])
            if keyed is None or keyed.closed:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await run_in_threadpool(self._keep, keyed, held)
                for one in held:
                    await send(one)

        try:
            await self.app(scope, receive, holding)
        finally:
            keyed = _open_claim(scope)
            if keyed is not None:
                await run_in_threadpool(self._release, keyed)

    async def _close_early(self, keyed: Keyed, status: int) -> None:
        """A refusal gives the claim back; what a unit has kept already needs nothing more."""
        if status >= 300:
            await run_in_threadpool(self._release, keyed)
        keyed.closed = keyed.closed or keyed.kept

    def _keep(self, keyed: Keyed, held: list[Message]) -> None:
        start = held[0]
        body = b"".join(message.get("body", b"") for message in held[1:])
        with self.book.unit() as unit:
            unit.idempotency.keep(keyed.request, keyed.token, _kept(start["status"], start["headers"], body))
        keyed.closed = True

    def _release(self, keyed: Keyed) -> None:
        """Nothing happens to an answer that is kept."""
        with self.book.unit() as unit:
            unit.idempotency.release(keyed.request, keyed.token)
        keyed.closed = True


def _open_claim(scope: Scope) -> Keyed | None:
    keyed: Keyed | None = scope.get("state", {}).get("keyed")
    return keyed if keyed is not None and not keyed.closed else None


def parameter() -> dict[str, Any]:
    """The header as the OpenAPI document tells of it."""
    return {
        "name": HEADER,
        "in": "header",
        "required": False,
        "description": "a name for this request, such as a UUID: the same request under the same key "
        f"is done once and answered with the same bytes, and `{REPLAYED}: true`",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!#-~]{1,255}$"},
    }
