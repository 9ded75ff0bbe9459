"""A message that is one payment: recorded, and answered 202 with its status report, by whichever route it came."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from api.elements import in_message_words
from api.idempotency import REPLAYED, Keep
from api.institution import Institution
from api.problems import problem_of
from node.settlement.intake import Conflicting, Received, Recorded, Repeated, receive

XML: Final = "application/xml"


def take_one(institution: Institution, received: Received, keep: Keep) -> Response:
    """Record it and answer; what was answered before is answered the same, and says so. Raises Problem."""
    outcome = receive(institution.office, received, lambda unit, known: keep(unit, _answer(known)))
    if isinstance(outcome, Conflicting):
        is_return = received.payment.return_of is not None
        raise problem_of((in_message_words(outcome.finding, received.message.name, is_return),))
    institution.worker.wake()
    answer = _answer(outcome)
    if isinstance(outcome, Repeated):
        answer.headers[REPLAYED] = "true"
    return answer


def _answer(outcome: Recorded | Repeated) -> Response:
    return Response(outcome.answer, 202, {"Location": f"/v1/payments/{outcome.record.uetr}"}, XML)
