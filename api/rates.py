"""How often a caller may ask: a bucket of tokens for each, filled at a steady pace, emptied by its requests.

Whoever has not proven who it is shares one bucket with all others of its address, so that guessing credentials is
slow and no stranger can use up a partner's rate. Every answer says what is left.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem
from api.refusals import Refusal
from node.settlement.ports import Clock

MOST_BUCKETS: Final = 10_000


@dataclass(frozen=True)
class RateLimit:
    """Requests a second in the long run, and how many at once; 0 a second is no limit."""

    per_s: float
    burst: int


@dataclass(frozen=True)
class Grant:
    """Whether a request may pass, how many more could now, and in how many seconds the next one may."""

    passes: bool
    left: int
    wait_s: float


class Rates:
    """The buckets of one process; any thread may draw from them."""

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        """Every bucket begins full."""
        self.limit = limit
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def draw(self, name: str) -> Grant:
        """Take one token from a caller's bucket."""
        if not self.limit.per_s:
            return Grant(True, self.limit.burst, 0.0)
        now_s = self._clock.now_s()
        with self._lock:
            tokens, at_s = self._buckets.pop(name, (float(self.limit.burst), now_s))
            tokens = min(self.limit.burst, tokens + max(0.0, now_s - at_s) * self.limit.per_s)
            passes = tokens >= 1
            tokens -= passes
            self._buckets[name] = tokens, now_s
            while len(self._buckets) > MOST_BUCKETS:  # the one unused for longest is the fullest
                self._buckets.popitem(last=False)
        return Grant(passes, int(tokens), max(0.0, (1 - tokens) / self.limit.per_s))

    def headers(self, grant: Grant) -> dict[str, str]:
        """The fields of the IETF's RateLimit draft, by their older names that clients know."""
        return {
            "RateLimit-Limit": str(self.limit.burst),
            "RateLimit-Remaining": str(grant.left),
            "RateLimit-Reset": str(math.ceil(grant.wait_s)),
        }

    def require(self, name: str) -> dict[str, str]:
        """The headers for a request that may pass; raises Problem where it comes too soon."""
        grant = self.draw(name)
        told = self.headers(grant)
        if grant.passes:
            return told
        wait_s = max(1, math.ceil(grant.wait_s))
        text = f"Too many requests; at most {self.limit.per_s:g} a second in the long run. Wait {wait_s} s."
        raise Problem(Refusal.TOO_MANY_REQUESTS, text, headers={**told, "Retry-After": str(wait_s)})


class TellRates:
    """ASGI middleware: adds what the door has noted of a caller's rate to the answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def telling(message: Message) -> None:
            told = scope.get("state", {}).get("rate")
            if told and message["type"] == "http.response.start" and message["status"] != 429:
                more = [(name.lower().encode(), value.encode()) for name, value in told.items()]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, telling if scope["type"] == "http" else send)
