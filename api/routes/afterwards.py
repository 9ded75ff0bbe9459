"""What a back office posts after settlement, by message: returns, recalls, questions about status and accounts.

`postMessage` hands these messages on to here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from starlette.responses import Response

from api.account_reports import REPORT_REQUESTS, reported
from api.deciding import RESOLUTIONS, resolved
from api.elements import in_message_words
from api.idempotency import REPLAYED, Keep
from api.inquiring import INQUIRIES, answer_back_office
from api.institution import Institution
from api.iso20022.return_forward import RETURNS
from api.problems import problem_of
from api.reading import Incoming
from api.recalling import RECALLS, read_asked, recall_of
from api.returning import original_record, read_own_return
from api.routes.one_payment import XML, take_one
from node.domain.payment import Side
from node.settlement.intake import Received
from node.settlement.recall_opening import Contradicted, Opened, open_own

Answerer = Callable[[Institution, Incoming, Keep], Response]


def post_return(institution: Institution, incoming: Incoming, keep: Keep) -> Response:
    """Take a return in as a payment of its own, answered by a pacs.002."""
    taken = read_own_return(institution, incoming)
    received = Received(taken.payment, taken.errors, taken.message, translated=incoming.translated)
    return take_one(institution, received, keep)


def post_recall(institution: Institution, incoming: Incoming, keep: Keep) -> Response:
    """Open a case about a payment we sent, answered by a camt.029 that says it is pending."""
    asked = read_asked(incoming.message, institution)
    original = original_record(institution, asked.original.uetr or "", Side.DEBTOR_AGENT)
    recall = recall_of(incoming.message, asked)
    if incoming.translated is not None:
        recall = replace(recall, came=incoming.came)
    opened = open_own(institution.office, original, recall, lambda unit, known: keep(unit, _case_answer(known)))
    if isinstance(opened, Contradicted):
        raise problem_of((in_message_words(opened.finding, incoming.came.name),))
    institution.worker.wake()
    answer = _case_answer(opened)
    if opened.repeated:
        answer.headers[REPLAYED] = "true"
    return answer


def _case_answer(opened: Opened) -> Response:
    return Response(opened.case.answer, 202, {"Location": f"/v1/cases/{opened.case.reference}"}, XML)


def post_resolution(institution: Institution, incoming: Incoming, _keep: Keep) -> Response:
    """Decide a recall that was brought to us, answered by the camt.029 that the other institution gets."""
    case = resolved(institution, incoming)
    institution.worker.wake()
    return _case_answer(Opened(case, False))


def post_inquiry(institution: Institution, incoming: Incoming, _keep: Keep) -> Response:
    """Answer a question by a pacs.002 with the payments' present states, or about a pain.001 by a pain.002."""
    return Response(answer_back_office(institution, incoming.message), 202, media_type=XML)


def post_report_request(institution: Institution, incoming: Incoming, _keep: Keep) -> Response:
    """Answer a request for an account report by the report: a camt.052 of today, or a closed day's camt.053."""
    return Response(reported(institution, incoming.message), 202, media_type=XML)


ANSWERERS: Final[dict[str, Answerer]] = {
    **dict.fromkeys(RETURNS, post_return),
    **dict.fromkeys(RECALLS, post_recall),
    **dict.fromkeys(RESOLUTIONS, post_resolution),
    **dict.fromkeys(INQUIRIES, post_inquiry),
    **dict.fromkeys(REPORT_REQUESTS, post_report_request),
}
