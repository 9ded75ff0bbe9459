"""The chain's JSON-RPC over HTTP and WebSocket, as an ASGI application.

POST / takes a request or a batch; a WebSocket also takes subscriptions. Browsers may call only from origins that
were allowed, and the body has a limit. The work runs in threads, so a long call does not hold up the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from node.chain.chain import LocalChain
from node.chain.development import DevelopmentChain
from node.chain.quick_http import QuickHttp
from node.chain.rpc import JsonRpc, encode, error_answer
from node.chain.rpc_error import INVALID_REQUEST, RpcError
from node.chain.web_socket import POLICY_VIOLATION, serve_web_socket

MAX_BODY_BYTES = 5 * 1024 * 1024
WORKERS = 8
EXTENSIONS = ("chrome-extension://", "moz-extension://", "safari-web-extension://")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class RpcApp:
    """The ASGI application."""

    http_protocol = QuickHttp
    body_timeout_s = 60.0

    def __init__(self, rpc: JsonRpc, allowed_origins: Sequence[str]) -> None:
        self.rpc = rpc
        self._allowed = frozenset(allowed_origins)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="chain-rpc")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            if self._allows(dict(scope["headers"]).get(b"origin")):
                await serve_web_socket(self.rpc, self._workers, receive, send, MAX_BODY_BYTES)
            else:
                await send({"type": "websocket.close", "code": POLICY_VIOLATION})

    def answer_at_once(self, body: bytes, deliver: Callable[[bytes], None]) -> bool:
        """Deliver the answer to one request that takes no time; False when a thread had better see to it."""
        return self.rpc.answer_at_once(body, deliver)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self._workers.shutdown(wait=True)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = dict(scope["headers"]).get(b"origin")
        if not self._allows(origin):
            await _respond(send, 403, b'{"error":"this origin is not allowed"}', [])
            return
        cors = _cors_headers(origin)
        if scope["method"] == "OPTIONS":
            await _respond(send, 204, b"", cors)
        elif scope["method"] != "POST":
            await _respond(
                send, 405, b'{"error":"POST a JSON-RPC request"}', [*cors, (b"allow", b"POST, OPTIONS")]
            )
        else:
            await self._post(receive, send, cors)

    async def _post(self, receive: Receive, send: Send, cors: Headers) -> None:
        try:
            async with asyncio.timeout(self.body_timeout_s):
                body = await _read_body(receive)
        except TimeoutError:
            slow = RpcError(
                INVALID_REQUEST, f"the request body did not arrive within {self.body_timeout_s:g} seconds"
            )
            await _respond(send, 408, encode(error_answer(None, slow)), [*cors, (b"connection", b"close")])
            return
        if body is None:
            refusal = RpcError(INVALID_REQUEST, f"request body too large: at most {MAX_BODY_BYTES} bytes")
            await _respond(send, 413, encode(error_answer(None, refusal)), cors)
            return
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._workers, self.rpc.answer_body, body)
        if answer is None:
            await _respond(send, 204, b"", cors)
        else:
            await _respond(send, 200, answer, cors)

    def _allows(self, origin: bytes | None) -> bool:
        """Programs send no Origin; a web page always does, and must be on the list (or the list holds "*").

        A browser's extension, as most wallets are, is a program its user has installed; no page can pose as one.
        """
        if origin is None or "*" in self._allowed:
            return True
        name = origin.decode("latin-1")
        return name in self._allowed or name.startswith(EXTENSIONS)


def create_rpc_app(
    chain: LocalChain, allowed_origins: Sequence[str] = (), development: DevelopmentChain | None = None
) -> RpcApp:
    """The JSON-RPC application over a chain.

    `allowed_origins` lists the web origins ("https://wallet.example") whose pages may call it; none by default.
    `development` adds the methods of a development chain.
    """
    return RpcApp(JsonRpc(chain, development), allowed_origins)


def _cors_headers(origin: bytes | None) -> Headers:
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", b"POST, OPTIONS"),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", b"600"),
        (b"vary", b"origin"),
    ]


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is over the limit (what follows is still read, but not kept)."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= MAX_BODY_BYTES:
            parts.append(part)
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(parts) if size <= MAX_BODY_BYTES else None


async def _respond(send: Send, status: int, body: bytes, headers: Headers) -> None:
    base = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*base, *headers]})
    await send({"type": "http.response.body", "body": body})
