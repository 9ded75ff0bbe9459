"""One line of JSON per request and per event: what was asked, how it ended, which payment; never who or how much.

Bodies, query strings, names, accounts and credentials are not written; a payment is known here by its UETR alone,
and a fault by its kind and place.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("corridor.api")

ASKS_OTHERS: Final = ("httpx", "httpcore")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; `extra={"fields": {...}}` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line |= _fault(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _fault(error: BaseException | None) -> dict[str, Any]:
    """What kind of fault, and where; not its text, which may say whose payment it met."""
    kinds, frames = [], []
    while error is not None:
        kinds.append(type(error).__name__)
        frames += [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in extract_tb(error.__traceback__)]
        error = error.__cause__ or error.__context__
    return {"fault": " from ".join(kinds), "frames": frames}


def log_as_json(level: str) -> None:
    """Let this process's log go to standard error as JSON lines, from `level` up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for asking in ASKS_OTHERS:  # it would write whole addresses, with whatever stands in them
        logging.getLogger(asking).setLevel(logging.WARNING)


class LogRequests:
    """ASGI middleware: gives each request a trace id, tells it in X-Request-Id, and logs the request's end."""

    def __init__(self, app: ASGIApp, bic: str) -> None:
        """Wrap `app`, the API of the institution `bic`."""
        self.app = app
        self.bic = bic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        trace_id = uuid.uuid4().hex
        scope.setdefault("state", {})["trace_id"] = trace_id
        started = time.perf_counter()
        status = 0

        async def tracing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", trace_id.encode())]}
            await send(message)

        try:
            await self.app(scope, receive, tracing)
        finally:
            self._write(scope, status, trace_id, time.perf_counter() - started)

    def _write(self, scope: Scope, status: int, trace_id: str, took_s: float) -> None:
        fields = {
            "institution": self.bic,
            "method": scope["method"],
            "route": getattr(scope.get("route"), "path", None),
            "status": status,
            "duration_ms": round(took_s * 1000, 1),
            "trace_id": trace_id,
        }
        about = {**scope.get("path_params", {}), **scope["state"].get("about", {})}
        fields |= {name: about[name] for name in ("uetr", "state") if name in about}
        log.info("request", extra={"fields": fields})
