"""POST /v1/iso20022/messages: a bank's or a customer's message comes in, is recorded, and is answered in its kind.

Nothing waits for the settlement here. A credit transfer that can be read is always answered 202, a refused one
with RJCT; what cannot be taken as an instruction is a problem with its message reject, and leaves no payment.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.access import Access
from api.elements import all_in_message_words, in_message_words
from api.idempotency import REPLAYED, Keep, keeping
from api.institution import Institution
from api.iso20022.fin_translation import is_fin
from api.iso20022.pacs008 import Unreadable
from api.iso20022.pain001 import TRANSFER_OF
from api.iso20022.refusal import Refusal as Unread
from api.iso20022.refusal import RefusalKind
from api.iso20022.transfers import TRANSFERS, number_of_transfers
from api.message_lines import foreign_agent, order_batch, transfer_batch
from api.problems import Problem, documented, problem_of
from api.reading import Incoming, not_fin, read_incoming, role_of, transfer_in, unread, unsupported
from api.refusals import Refusal
from api.rejects import rejected
from api.routes.afterwards import ANSWERERS, Answerer
from api.routes.message_contract import ACCEPTED, REFUSALS, REQUEST_BODY, XML
from api.routes.one_payment import take_one
from node.settlement.batch import Batch, BatchTaken, receive_batch
from node.settlement.intake import Conflicting, Received

_TAKEN_AS_XML: Final = frozenset({"", "application/xml", "text/xml"})
_TAKEN_AS_FIN: Final = frozenset({"text/plain", "application/x-fin", "application/octet-stream"})

Taker = Callable[[Institution, Incoming, Request], Response]


def router(institution: Institution, access: Access) -> APIRouter:
    """The route over one institution."""
    routes = APIRouter(prefix="/v1/iso20022", tags=["messages"], dependencies=[Depends(access.back_office)])

    @routes.post(
        "/messages",
        operation_id="postMessage",
        summary="Send an ISO 20022 or FIN message",
        status_code=202,
        response_class=Response,
        responses={202: ACCEPTED, **documented(*REFUSALS)},
        openapi_extra={"requestBody": REQUEST_BODY},
    )
    async def post_message(request: Request) -> Response:
        """Take credit transfers in, one or many, and answer with a pacs.002 or a pain.002."""
        return await run_in_threadpool(taken, request, await _body(request))

    def taken(request: Request, raw: bytes) -> Response:
        incoming = not_fin() if _announced_as_fin(request) and not is_fin(raw) else read_incoming(institution, raw)
        if isinstance(incoming, Unread):
            if incoming.kind is RefusalKind.UNSUPPORTED_MESSAGE and incoming.identifier is not None:
                incoming = unsupported(incoming.identifier, _TAKEN)
            raise rejected(institution, raw, unread(incoming), incoming.identifier)
        answerer = ANSWERERS.get(incoming.message.identifier)
        if answerer is not None:
            return _answered(answerer, institution, incoming, keeping(request))
        taker = TAKERS.get(incoming.message.identifier)
        if taker is None:
            refusal = unsupported(incoming.message.identifier, _TAKEN)
            raise rejected(institution, raw, unread(refusal), incoming.came.name, incoming.came.message_id)
        return taker(institution, incoming, request)

    return routes


def _answered(answerer: Answerer, institution: Institution, incoming: Incoming, keep: Keep) -> Response:
    """The answer to what came; a refusal names the field where that was FIN."""
    try:
        return answerer(institution, incoming, keep)
    except Problem as problem:
        findings = all_in_message_words(problem.findings, incoming.came.name)
        raise Problem(problem.kind, problem.text, findings, problem.headers, problem.message) from None


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _announced_as_fin(request: Request) -> bool:
    return _media_type(request) in _TAKEN_AS_FIN


async def _body(request: Request) -> bytes:
    media_type = _media_type(request)
    if media_type in _TAKEN_AS_XML | _TAKEN_AS_FIN:
        return await request.body()
    text = f"Send the message as {XML}, or a FIN message as text/plain, not as {media_type[:80]}."
    raise Problem(Refusal.MEDIA_TYPE_NOT_SUPPORTED, text, headers={"Accept": f"{XML}, text/plain"})


def _transfers(institution: Institution, incoming: Incoming, request: Request) -> Response:
    """One credit transfer is answered with its own status, several with that of the group."""
    if number_of_transfers(incoming.message) > 1:
        return _several(institution, transfer_batch(institution, incoming), keeping(request))
    read = transfer_in(institution, incoming.message)
    if isinstance(read, Unreadable):
        came = incoming.came
        problem = problem_of(all_in_message_words(read.errors, came.name))
        raise rejected(institution, came.body, problem, came.name, came.message_id)
    request.state.about = {"uetr": read.payment.uetr}
    foreign = foreign_agent(institution.office, read.payment, incoming.came.name)
    if foreign is not None:
        raise Problem(Refusal.NOT_YOUR_PAYMENT, foreign.text, (foreign,))
    received = Received(
        payment=read.payment,
        findings=read.errors,
        message=incoming.came,
        remarks=read.warnings,
        translated=incoming.translated,
        role=role_of(incoming.message),
        report=partial(institution.translator.report_on, incoming.message, incoming.came.name),
    )
    return take_one(institution, received, keeping(request))


def _orders(institution: Institution, incoming: Incoming, request: Request) -> Response:
    """A customer's orders, answered with a pain.002."""
    return _several(institution, order_batch(institution, incoming), keeping(request))


TAKERS: Final[dict[str, Taker]] = {
    **dict.fromkeys(sorted(TRANSFERS), _transfers),
    **dict.fromkeys(TRANSFER_OF, _orders),
}
"""Who takes a message, by its identifier."""
_TAKEN: Final = frozenset({*TAKERS, *ANSWERERS})


def _several(institution: Institution, batch: Batch, keep: Keep) -> Response:
    outcome = receive_batch(institution.office, batch, lambda unit, taken: keep(unit, _batch_answer(taken)))
    if isinstance(outcome, Conflicting):
        raise problem_of((in_message_words(outcome.finding, batch.message.name),))
    institution.worker.wake()
    answer = _batch_answer(outcome)
    if outcome.repeated:
        answer.headers[REPLAYED] = "true"
    return answer


def _batch_answer(taken: BatchTaken) -> Response:
    return Response(taken.entry.answer, 202, {"Location": f"/v1/iso20022/messages/{taken.entry.key}"}, XML)
