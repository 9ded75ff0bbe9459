"""One delivery over HTTP: a POST that must be answered 2xx within its deadline; only the status counts."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from api.webhooks.address import BadTarget, WebhookTargets, resolve

DEADLINE_S: Final = 10.0


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to: the status where there was one, and what went wrong, None where nothing did."""

    status: int | None
    fault: str | None


Send = Callable[[str, dict[str, str], bytes], Outcome]
"""Posts a body to a URL with these headers; never raises for what a network can do."""


class HttpSender:
    """Sends deliveries; any thread may call it."""

    def __init__(self, targets: WebhookTargets, deadline_s: float = DEADLINE_S) -> None:
        """Send to these kinds of addresses, for at most so many seconds each."""
        self._targets = targets
        self._deadline_s = deadline_s
        self._tls: ssl.SSLContext | None = None

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Post once; no redirect is followed, for it could lead anywhere."""
        try:
            status = asyncio.run(asyncio.wait_for(self._post(url, headers, body), self._deadline_s))
        except BadTarget as refused:
            return Outcome(None, f"Not sent: {refused}.")
        except TimeoutError:
            return Outcome(None, f"No answer within {self._deadline_s:g} seconds.")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as trouble:
            return Outcome(None, f"No answer: {type(trouble).__name__}.")
        return Outcome(status, None if 200 <= status < 300 else f"Answered {status}.")

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        target = await resolve(url, self._targets)
        self._tls = self._tls or ssl.create_default_context()  # takes a while, and most never send anything
        async with (
            httpx.AsyncClient(trust_env=False, verify=self._tls, timeout=self._deadline_s) as http,
            http.stream(
                "POST",
                target.url,
                content=body,
                headers={**headers, "Host": target.authority, "Content-Type": "application/json"},
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            return response.status_code
