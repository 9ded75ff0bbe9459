"""Whatever we answer another institution, refusals included, leaves signed with our message key.

Only a signed answer can end a payment, so that nothing between two institutions can refuse in our name. It covers
the question's signature only where the door has found that good: else whoever stands between could put a signature
that they saw on a question of their own, and take our refusal of that to the other institution as its answer.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.signatures import RequestHead, ResponseHead, Signatory, sign_response
from node.settlement.ports import Clock

PREFIX = "/v1/interbank/"


def prove(request: Request) -> None:
    """Say of a request that its signature is its signer's, over this very request and for the first time."""
    request.state.proven = True


def is_proven(request: Request) -> bool:
    """Whether that was said."""
    return getattr(request.state, "proven", False) is True


class SignAnswers:
    """ASGI middleware: signs every response below /v1/interbank/, which are small enough to hold in memory."""

    def __init__(self, app: ASGIApp, signatory: Signatory, clock: Clock) -> None:
        """Wrap `app`; answers are signed by `signatory`."""
        self.app = app
        self.signatory = signatory
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def holding(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await send(self._signed(Request(scope), start, b"".join(parts)))
                await send({"type": "http.response.body", "body": b"".join(parts)})

        await self.app(scope, receive, holding)

    def _signed(self, request: Request, start: Message, body: bytes) -> Message:
        asked = RequestHead(request.method, str(request.url), dict(request.headers))
        if not is_proven(request):
            asked.headers.pop("signature", None)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        head = ResponseHead(start["status"], headers, asked)
        sign_response(head, body, self.signatory, self.clock.now_s())
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        return {**start, "headers": pairs}
