"""Does what two operators have agreed on: sends it through the application itself, as a partner's would go.

The idempotency key is made of the proposal, so that a crash after the approval, before, in or after the request,
leads to the same request again and to one effect.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any, Final

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from api.idempotency import HEADER
from api.operators.approved import MARK, Approved
from api.operators.desk import ProposalDesk
from api.operators.seal import SealBroken
from node.book.proposals import ProposalRecord
from node.book.records import BookTrouble
from node.domain.proposal import Order

_log = logging.getLogger("corridor.operators")

LOOK_S: Final = 2.0
GIVE_UP_S: Final = 3600.0
CHANGED: Final = b"The proposal in the book is not what was approved; nothing was done."


class Carrier:
    """Carries out approved proposals until cancelled; several processes on one book do no harm."""

    def __init__(self, desk: ProposalDesk, address: str, now_s: Callable[[], float]) -> None:
        """`address` is the institution's own, in whose name the requests are made."""
        self._app: ASGIApp | None = None
        self._desk = desk
        self._address = address
        self._now_s = now_s

    def carry_into(self, app: ASGIApp) -> None:
        """Say which application the requests go to; it has the carrier's own routes in it, so it comes later."""
        self._app = app

    async def run(self) -> None:
        """Look for what is approved and overdue, again and again."""
        while True:
            try:
                await self.look()
            except BookTrouble:
                _log.warning("the book does not let proposals be read")
            except Exception:  # noqa: BLE001  it must outlive whatever one proposal meets, and say so
                _log.exception("a pass over the proposals failed")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """One pass."""
        await run_in_threadpool(self._desk.expire)
        for record in await run_in_threadpool(self._desk.approved):
            await self.carry(record)

    async def carry(self, record: ProposalRecord) -> None:
        """Do one approved proposal; it stays approved where trying again can help."""
        order = await run_in_threadpool(self._order, record)
        if order is None:
            await run_in_threadpool(self._desk.conclude, record, None, CHANGED)
            return
        approved = Approved(record.proposal_id, record.duty, record.decided_by or "")
        answer = await self._ask(order, approved)
        decided_s = record.decided_at.timestamp() if record.decided_at else 0.0
        if _may_help(answer) and self._now_s() < decided_s + GIVE_UP_S:
            _log.warning("an approved proposal waits", extra={"fields": {"status": answer.status_code}})
            return
        await run_in_threadpool(self._desk.conclude, record, answer.status_code, answer.content)

    def _order(self, record: ProposalRecord) -> Order | None:
        """The request as approved; None where the book holds something else by now."""
        try:
            order = self._desk.opened(record).order
        except SealBroken:
            return None
        return order if self._desk.is_unchanged(record, order) else None

    async def _ask(self, order: Order, approved: Approved) -> httpx.Response:
        app = self._app
        assert app is not None, "there is nothing yet to carry into"  # noqa: S101

        async def marked(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, MARK: approved}, receive, send)

        headers = {HEADER: approved.idempotency_key, "Content-Type": order.media_type}
        transport = httpx.ASGITransport(marked, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=self._address) as http:
            return await http.request(order.method, order.path, content=order.body, headers=headers)


def _may_help(answer: httpx.Response) -> bool:
    """Whether the same request may be answered otherwise later; a problem says so itself."""
    if answer.status_code < 300:
        return False
    told: Any = None
    with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):
        told = json.loads(answer.content)
    return bool(told.get("retryable")) if isinstance(told, dict) else answer.status_code >= 500
