"""POST /v1/iso20022/messages: a bank's message comes in, is recorded, and is answered with a status report.

Nothing waits for the settlement here. A credit transfer that can be read is always answered 202, a refused one
with RJCT; what cannot be taken as an instruction is a problem and leaves no payment.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.idempotency import REPLAYED, Keep, keeping
from api.institution import Institution
from api.problems import Problem, documented, problem_of
from api.reading import NO_PAYMENT, Taken, read_payment
from api.refusals import Refusal
from api.returning import NO_RETURN
from api.routes.afterwards import answer_afterwards
from api.routes.examples import CREDIT_TRANSFER, STATUS_REPORT
from node.domain.reasons import Finding, Reason
from node.settlement.intake import Conflicting, Received, Recorded, Repeated, receive
from node.settlement.office import participant

XML: Final = "application/xml"
_TAKEN_AS_XML: Final = frozenset({"", "application/xml", "text/xml"})
_REFUSALS: Final = (
    *BACK_OFFICE_REFUSALS,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.MEDIA_TYPE_NOT_SUPPORTED,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
    *dict.fromkeys((*NO_PAYMENT, *NO_RETURN)),
    Reason.UETR_ALREADY_USED,
    Reason.MESSAGE_ID_ALREADY_USED,
)
_ACCEPTED: Final[dict[str, Any]] = {
    "description": "Recorded. The status report says RCVD, or RJCT with the reasons; the same message posted "
    "again gets the same bytes.",
    "content": {XML: {"schema": {"type": "string"}, "example": STATUS_REPORT}},
    "headers": {
        "Location": {"description": "where the payment is found", "schema": {"type": "string"}},
        REPLAYED: {
            "description": "`true` when this very message was here before",
            "schema": {"type": "string", "enum": ["true"]},
        },
    },
}


def router(institution: Institution, access: Access) -> APIRouter:
    """The route over one institution."""
    routes = APIRouter(prefix="/v1/iso20022", tags=["messages"], dependencies=[Depends(access.back_office)])

    @routes.post(
        "/messages",
        operation_id="postMessage",
        summary="Send an ISO 20022 message",
        status_code=202,
        response_class=Response,
        responses={202: _ACCEPTED, **documented(*_REFUSALS)},
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": "One pacs.008.001.08 (or .10, .12, .13), with or without its header, in UTF-8.",
                "content": {XML: {"schema": {"type": "string"}, "example": CREDIT_TRANSFER}},
            }
        },
    )
    def post_message(request: Request, raw: bytes = Depends(_body)) -> Response:
        """Take one credit transfer in, and answer it with a pacs.002."""
        afterwards = answer_afterwards(institution, raw, keeping(request))
        if afterwards is not None:
            return afterwards
        taken = read_payment(institution, raw)
        request.state.about = {"uetr": taken.payment.uetr}
        _require_ours(institution, taken)
        return _record(institution, taken, keeping(request))

    return routes


async def _body(request: Request) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _TAKEN_AS_XML:
        text = f"Send the message as {XML}, not as {media_type[:80]}."
        raise Problem(Refusal.MEDIA_TYPE_NOT_SUPPORTED, text, headers={"Accept": XML})
    return await request.body()


def _require_ours(institution: Institution, taken: Taken) -> None:
    """A back office may instruct its own institution only: as debtor agent, and as instructing agent if named."""
    office, payment = institution.office, taken.payment
    ourselves = office.directory.by_bic(office.bic)
    for element, agent in (("DbtrAgt", payment.debtor_agent), ("InstgAgt", payment.instructing_agent)):
        if agent is not None and (ourselves is None or participant(office, agent.bic) != ourselves):
            text = f"{element} is {agent.bic}; this is the API of {office.bic}, which instructs for itself only."
            path = f"FIToFICstmrCdtTrf/CdtTrfTxInf/{element}/FinInstnId/BICFI"
            finding = Finding(Reason.AGENT_IN_CHAIN_IS_WRONG, text, path, agent.bic, "network.own-payments-only")
            raise Problem(Refusal.NOT_YOUR_PAYMENT, text, (finding,))


def _record(institution: Institution, taken: Taken, keep: Keep) -> Response:
    outcome = receive(
        institution.office,
        Received(taken.payment, taken.errors, taken.message),
        lambda unit, known: keep(unit, _answer(known)),
    )
    if isinstance(outcome, Conflicting):
        raise problem_of((outcome.finding,))
    institution.worker.wake()
    answer = _answer(outcome)
    if isinstance(outcome, Repeated):
        answer.headers[REPLAYED] = "true"
    return answer


def _answer(outcome: Recorded | Repeated) -> Response:
    return Response(outcome.answer, 202, {"Location": f"/v1/payments/{outcome.record.uetr}"}, XML)
