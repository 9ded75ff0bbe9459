"""A door of an institution that waits for no request: what does not arrive at once is told so."""

from __future__ import annotations

import socket

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send


def endless_body(door: str, path: str, credential: str) -> httpx.Response:
    """What is answered to a body that never ends."""
    url = httpx.URL(door)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {url.host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: 999\r\n"
        f"Authorization: Bearer {credential}\r\n"
    )
    if "iso20022" in path:
        head = head.replace("application/json", "application/xml")
    with socket.create_connection((url.host, url.port or 80), timeout=60) as connection:
        connection.sendall(f"{head}\r\n{{".encode())
        raw = b""
        while part := connection.recv(65536):
            raw += part
    status, _, rest = raw.partition(b"\r\n")
    fields = dict(line.split(": ", 1) for line in rest.partition(b"\r\n\r\n")[0].decode().split("\r\n"))
    lowered = {name.lower(): value for name, value in fields.items()}
    return httpx.Response(int(status.split()[1]), headers={"content-type": lowered["content-type"]})


def that_does_no_work(app: ASGIApp) -> ASGIApp:
    """The application without what works in it, which another application of the institution does."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for moment in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{moment}.complete"})

    return answering
