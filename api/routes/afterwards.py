"""What a back office posts after settlement, by message: returns, recalls, questions about status and accounts.

`postMessage` hands everything on to here first; what is none of these messages is left for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from starlette.responses import Response

from api.account_reports import REPORT_REQUESTS, reported
from api.idempotency import REPLAYED, Keep
from api.inquiring import INQUIRIES, answer_inquiry
from api.institution import Institution
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.refusal import Refusal as Unread
from api.iso20022.return_forward import RETURNS
from api.problems import Problem, problem_of
from api.reading import Taken
from api.recalling import RECALLS, read_asked, recall_of
from api.returning import original_record, read_own_return
from api.routes.one_payment import XML, take_one
from node.domain.payment import Side
from node.settlement.intake import Received
from node.settlement.recall_opening import Contradicted, Opened, open_own

Answerer = Callable[[Institution, ParsedMessage, Keep], Response]


def post_return(institution: Institution, message: ParsedMessage, keep: Keep) -> Response:
    """Take a return in as a payment of its own, answered by a pacs.002."""
    return record_return(institution, read_own_return(institution, message), keep)


def record_return(institution: Institution, taken: Taken, keep: Keep) -> Response:
    """Record a return that was read or made, and answer as for any payment."""
    return take_one(institution, Received(taken.payment, taken.errors, taken.message), keep)


def post_recall(institution: Institution, message: ParsedMessage, keep: Keep) -> Response:
    """Open a case about a payment we sent, answered by a camt.029 that says it is pending."""
    asked = read_asked(message)
    original = original_record(institution, asked.original.uetr or "", Side.DEBTOR_AGENT)
    recall = recall_of(message, asked)
    opened = open_own(institution.office, original, recall, lambda unit, known: keep(unit, _case_answer(known)))
    if isinstance(opened, Contradicted):
        raise problem_of((opened.finding,))
    institution.worker.wake()
    answer = _case_answer(opened)
    if opened.repeated:
        answer.headers[REPLAYED] = "true"
    return answer


def _case_answer(opened: Opened) -> Response:
    return Response(opened.case.answer, 202, {"Location": f"/v1/cases/{opened.case.reference}"}, XML)


def post_inquiry(institution: Institution, message: ParsedMessage, _keep: Keep) -> Response:
    """Answer a question about payments by a pacs.002 with their present states."""
    return Response(answer_inquiry(institution, message, None), 202, media_type=XML)


def post_report_request(institution: Institution, message: ParsedMessage, _keep: Keep) -> Response:
    """Answer a request for an account report by the report: a camt.052 of today, or a closed day's camt.053."""
    return Response(reported(institution, message), 202, media_type=XML)


ANSWERERS: Final[dict[str, Answerer]] = {
    **dict.fromkeys(RETURNS, post_return),
    **dict.fromkeys(RECALLS, post_recall),
    **dict.fromkeys(INQUIRIES, post_inquiry),
    **dict.fromkeys(REPORT_REQUESTS, post_report_request),
}
_NAMED: Final = re.compile(
    b"urn:iso:std:iso:20022:tech:xsd:(?:" + b"|".join(re.escape(name.encode()) for name in ANSWERERS) + b")[\"']"
)


def answer_afterwards(institution: Institution, raw: bytes, keep: Keep) -> Response | None:
    """The answer to one of these messages; None for everything else, readable or not."""
    if _NAMED.search(raw) is None:
        return None
    message = parse(raw, institution.catalogue, institution.limits.max_bytes)
    if isinstance(message, Unread):
        if message.identifier not in ANSWERERS:
            return None
        raise Problem(message.kind, message.findings[0].text, message.findings)
    answerer = ANSWERERS.get(message.identifier)
    return answerer(institution, message, keep) if answerer else None
