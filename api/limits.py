"""No request may be larger or slower than agreed: the body is counted and timed while it streams in.

A body that announces itself as too large is refused before a byte of it is read; one that lies is refused at the
byte that is too many, so memory never holds more than the limit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.handlers import problem_response
from api.problems import Problem
from api.rates import RateLimit
from api.refusals import Refusal
from node.settings import Settings


@dataclass(frozen=True)
class BodyLimits:
    """The most bytes of a request's body, the seconds all of it may take to arrive, and how often one may ask."""

    max_bytes: int = 1_000_000
    timeout_s: float = 20.0
    rate: RateLimit = field(default_factory=lambda: RateLimit(per_s=1000.0, burst=2000))


def request_limits(settings: Settings) -> BodyLimits:
    """The limits that a process's settings ask for."""
    rate = RateLimit(settings.rate_per_s, settings.rate_burst)
    return BodyLimits(settings.max_body_bytes, settings.body_timeout_s, rate)


class LimitBodies:
    """ASGI middleware that holds every request to the limits."""

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        """Wrap `app`."""
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a `receive` that counts and times."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _announced(scope) > self.limits.max_bytes:
            await problem_response(scope, _too_large(self.limits))(scope, receive, send)
        else:
            await self.app(scope, _Counting(receive, self.limits), send)


class _Counting:
    """A `receive` that raises the problem once the body is too large or too slow."""

    def __init__(self, receive: Receive, limits: BodyLimits) -> None:
        self._receive = receive
        self._limits = limits
        self._seen = 0
        self._complete = False
        self._until = asyncio.get_running_loop().time() + limits.timeout_s

    async def __call__(self) -> Message:
        if self._complete:  # what comes now is the end of the connection, whenever the client likes
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            text = f"The body did not arrive within {self._limits.timeout_s:g} seconds."
            raise Problem(Refusal.BODY_TOO_SLOW, text, headers={"Connection": "close"}) from None
        self._seen += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._seen > self._limits.max_bytes:
            raise _too_large(self._limits)
        return message


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _too_large(limits: BodyLimits) -> Problem:
    text = f"The body is larger than {limits.max_bytes:,} bytes; send one message a request."
    return Problem(Refusal.BODY_TOO_LARGE, text, headers={"Connection": "close"})
