"""POST /v1/interbank/messages: recalls, their answers and questions about status, from the other institution."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends

from api.access import PARTICIPANT_REFUSALS, Access, raw_body
from api.after_schemas import PassedAnswer, PassedMessage
from api.inquiring import INQUIRIES, answer_inquiry
from api.institution import Institution
from api.iso20022.camt029 import IDENTIFIER as RESOLUTION
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.refusal import Refusal as Unread
from api.iso20022.refusal import RefusalKind
from api.iso20022.status_report import StatedReason
from api.problems import Problem, documented, problem_of
from api.recalling import RECALLS, read_asked, recall_of, scribe_of, unsupported
from api.refusals import Refusal
from api.routes.interbank import read_body, takes
from node.book.records import PaymentRecord
from node.domain.party import Participant
from node.domain.payment import Side
from node.domain.reasons import Finding, Reason
from node.domain.recall import Answer, CaseSide
from node.settlement.book_transfer import stays_within
from node.settlement.office import Office, participant
from node.settlement.recall_opening import Contradicted, open_theirs
from node.settlement.recalling import heard

TAKEN: Final = frozenset({*RECALLS, RESOLUTION, *INQUIRIES})
_REFUSALS: Final = (
    *PARTICIPANT_REFUSALS,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
    *(kind for kind in RefusalKind if kind is not RefusalKind.TOO_LARGE),
    Reason.UETR_MALFORMED,
    Reason.NUMBER_OF_TRANSACTIONS_WRONG,
    Reason.MESSAGE_ID_ALREADY_USED,
    Reason.ORIGINAL_UNKNOWN,
)


def router(institution: Institution, access: Access) -> APIRouter:
    """The route over one institution; every answer is signed on its way out."""
    routes = APIRouter(prefix="/v1/interbank", tags=["interbank"])

    @routes.post(
        "/messages",
        operation_id="passMessage",
        summary="Pass a recall, its answer or a question about status to the other institution",
        responses=documented(*_REFUSALS),
        openapi_extra=takes(PassedMessage),
    )
    def pass_message(
        peer: Participant = Depends(access.participant), body: bytes = Depends(raw_body)
    ) -> PassedAnswer:
        """A camt.056 is answered by a camt.029, a pacs.028 by a pacs.002, a camt.029 by nothing."""
        raw = read_body(PassedMessage, body).message.encode()
        message = parse(raw, institution.catalogue, institution.limits.max_bytes)
        if isinstance(message, Unread):
            raise Problem(message.kind, message.findings[0].text, message.findings)
        if message.identifier in INQUIRIES:
            return PassedAnswer(message=answer_inquiry(institution, message, peer).decode())
        if message.identifier == RESOLUTION:
            return _resolved(institution, message, peer)
        if message.identifier in RECALLS:
            return PassedAnswer(message=_asked(institution, message, peer).decode())
        raise unsupported(message, TAKEN)

    return routes


def _asked(institution: Institution, message: ParsedMessage, peer: Participant) -> bytes:
    """Open the case, or refuse where this institution never sent us such a payment; either is an answer."""
    asked = read_asked(message)
    with institution.office.book.view() as unit:
        original = unit.payments.find(asked.original.uetr or "")
    received = original is not None and _has_received(institution.office, original)
    if original is None or not received or not _is(institution.office, original.payment.debtor_agent.bic, peer):
        reason = StatedReason("NOOR", None, "We have received no such payment from you.")
        return scribe_of(institution).resolution(asked, Answer.REFUSED, (reason,)).body
    opened = open_theirs(institution.office, peer.bic, recall_of(message, asked))
    if isinstance(opened, Contradicted):
        raise problem_of((opened.finding,))
    return opened.case.answer


def _resolved(institution: Institution, message: ParsedMessage, peer: Participant) -> PassedAnswer:
    """Take the answer to a case of ours; the same answer again changes nothing."""
    office = institution.office
    read = scribe_of(institution).read_answer(message.raw)
    with office.book.unit() as unit:
        case = unit.cases.known(CaseSide.ASKING, peer.bic, read.case_id) if read else None
        if read is None or case is None:
            text = "This answers no recall of ours; RslvdCase/Id must name the case that we opened."
            element = "RsltnOfInvstgtn/RslvdCase/Id"
            raise problem_of((Finding(Reason.ORIGINAL_UNKNOWN, text, element, rule="recall.case"),))
        heard(office, unit, case, read, message.raw)
    office.boundary("answered", case.uetr)
    return PassedAnswer(message=None)


def _has_received(office: Office, original: PaymentRecord) -> bool:
    return original.side is Side.CREDITOR_AGENT or stays_within(office, original.payment)


def _is(office: Office, bic: str, peer: Participant) -> bool:
    return participant(office, bic) == peer
