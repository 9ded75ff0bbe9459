"""Lines that fail: a proxy in front of an engine that loses, delays or spoils answers, and an engine by script."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = bytes | int | None
"""What goes back: a body, an HTTP status without a useful body, or None for a connection that just closes."""

Fault = Callable[[str, Callable[[], bytes]], Answer]
"""Decides about one request, by its method ("batch" for a batch); calling the second argument passes it on."""


@contextmanager
def serving(respond: Callable[[bytes], Answer]) -> Iterator[str]:
    """An HTTP server in a thread; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            answer = respond(self.rfile.read(int(self.headers["Content-Length"])))
            if answer is None:
                self.close_connection = True
                return
            status, body = (answer, b"no") if isinstance(answer, int) else (200, answer)
            with suppress(ConnectionError):  # the client may have stopped waiting
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def faulty(engine_url: str, fault: Fault) -> Iterator[str]:
    """A proxy in front of an engine whose every answer is up to `fault`."""

    def respond(body: bytes) -> Answer:
        asked = json.loads(body)
        method = asked["method"] if isinstance(asked, dict) else "batch"
        return fault(method, lambda: forward(engine_url, body))

    with serving(respond) as url:
        yield url


def forward(url: str, body: bytes) -> bytes:
    """Pass a request on, and give back its answer."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        read: bytes = answer.read()
        return read


@contextmanager
def scripted(answers: dict[str, Any]) -> Iterator[str]:
    """An engine that knows these answers by method, or by method and first parameter; an int is an error."""

    def one(asked: dict[str, Any]) -> dict[str, Any]:
        first = asked["params"][0] if asked.get("params") else None
        found = answers.get(f"{asked['method']} {first}", answers.get(asked["method"], -32601))
        outcome = {"error": {"code": found, "message": "no"}} if isinstance(found, int) else {"result": found}
        return {"jsonrpc": "2.0", "id": asked["id"], **outcome}

    def respond(body: bytes) -> bytes:
        asked = json.loads(body)
        answer = one(asked) if isinstance(asked, dict) else [one(item) for item in asked]
        return json.dumps(answer).encode()

    with serving(respond) as url:
        yield url


def lost_after(method: str) -> Fault:
    """The engine gets the request, but its answer is lost."""

    def fault(asked: str, passed_on: Callable[[], bytes]) -> Answer:
        answer = passed_on()
        return None if asked == method else answer

    return fault


def lost_before(method: str) -> Fault:
    """The request never arrives."""
    return lambda asked, passed_on: None if asked == method else passed_on()


def late(method: str, nobody_waits: threading.Event) -> Fault:
    """The engine's answer comes after everybody has stopped waiting."""

    def fault(asked: str, passed_on: Callable[[], bytes]) -> Answer:
        answer = passed_on()
        if asked == method:
            nobody_waits.wait(60)
        return answer

    return fault


def always(answer: Answer) -> Fault:
    """Whatever is asked, this comes back."""
    return lambda asked, passed_on: answer
