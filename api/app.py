"""Where everything meets: one institution's API, its documentation and, where it runs here, its worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool

from api import handlers, idempotency, reference
from api.access import Access
from api.institution import Institution
from api.limits import LimitBodies
from api.operators.carrier import Carrier
from api.operators.desk import ProposalDesk
from api.operators.proposable import duties_of
from api.rates import TellRates
from api.request_log import LogRequests
from api.routes import (
    accounts,
    cases,
    correspondence,
    credentials,
    events,
    health,
    inbox,
    interbank,
    kept_messages,
    messages,
    operator_sessions,
    operators,
    participants,
    payees,
    payments,
    proposals,
    proposed_payments,
    quotes,
    rates,
    returns,
    statements,
    tokens,
    transfers,
    webhooks,
)
from api.signed_answers import SignAnswers
from api.version import version
from node.recursion import bound_recursion

DESCRIPTION: Final = """\
One institution's door to the network: send a pacs.008, follow the payment, ask for a firm exchange rate.

A message that can be read is answered 202 with a pacs.002; follow the payment at its Location until it is SETTLED
(ACSC), which is final, or has ended otherwise. Every error is an RFC 9457 problem that says who must act and
whether trying again can help. Amounts in JSON are integers in minor units; times are UTC.
"""


def create_app(institution: Institution) -> FastAPI:
    """The application over an open institution; what works in it starts with the server and ends with it."""
    bound_recursion()
    access = Access(institution)
    routers = _routers(institution, access)
    desk = ProposalDesk(access.staff, duties_of(access, (route for one in routers for route in one.routes)))
    carrier = Carrier(desk, institution.api_address, institution.office.clock.now_s)
    app = FastAPI(
        title=f"Corridor: {institution.name}",
        version=version(),
        description=DESCRIPTION,
        lifespan=_lifespan(institution, carrier),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in (*routers, proposals.router(access, desk, carrier)):
        app.include_router(router)
    carrier.carry_into(app)
    handlers.install(app)
    idempotency.install(app)
    reference.install(app)
    # The last added is the outermost: whatever happens inside is signed, then logged.
    app.add_middleware(idempotency.KeepAnswers, book=institution.office.book)
    app.add_middleware(TellRates)
    app.add_middleware(LimitBodies, limits=institution.limits)
    app.add_middleware(SignAnswers, signatory=institution.signatory, clock=institution.office.clock)
    app.add_middleware(LogRequests, bic=institution.office.bic)
    return app


def _routers(institution: Institution, access: Access) -> list[APIRouter]:
    """Every noun's routes but the proposals', which are about these."""
    payment_nouns = (messages, inbox, payments, returns, cases, quotes, rates)
    ours = (payees, participants, accounts, statements, kept_messages)
    others = (*ours, interbank, proposed_payments, correspondence, transfers)
    guarded = (*payment_nouns, *others, events, webhooks, credentials)
    open_doors = (operator_sessions.router(access), operators.router(access), tokens.router(access))
    return [*(noun.router(institution, access) for noun in guarded), *open_doors, health.router(institution)]


def _lifespan(
    institution: Institution, carrier: Carrier
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        institution.start_work()
        carrying = asyncio.create_task(carrier.run())
        try:
            yield
        finally:
            carrying.cancel()
            await asyncio.wait([carrying])
            await run_in_threadpool(institution.close)

    return running
