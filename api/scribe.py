"""Writes and reads the messages of recalls and returns in the name of one institution.

Implements `node.settlement.aftercare.Scribe`. Pure but for the clock: it may be called inside a unit of work.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from api.iso20022 import pacs004
from api.iso20022.amounts import Amount
from api.iso20022.camt029 import IDENTIFIER as RESOLUTION
from api.iso20022.camt029 import Answer as Answered
from api.iso20022.camt029 import read_resolutions, write_resolution
from api.iso20022.camt056 import IDENTIFIER as RECALL
from api.iso20022.camt056 import Recall, read_recalls, write_recall
from api.iso20022.catalogue import Catalogue
from api.iso20022.original import OriginalPayment
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.reference_data import external_codes
from api.iso20022.status_report import StatedReason
from api.translation import forward_id, settled_on
from node.book.cases import CaseRecord
from node.book.records import PaymentRecord
from node.domain.party import Agent
from node.domain.payment import Side, credit_leg
from node.domain.payment_return import ReturnOrder
from node.domain.recall import Answer
from node.settlement.aftercare import ReadAnswer
from node.settlement.ports import Clock, Written
from node.settlement.recalling import recall_id

ANSWERED: Final = {
    Answer.PENDING: Answered.PENDING,
    Answer.ACCEPTED: Answered.ACCEPTED,
    Answer.REFUSED: Answered.REFUSED,
}
_MEANT: Final = {answered.confirmation: answer for answer, answered in ANSWERED.items()}
_CREDIT_TRANSFER: Final = "pacs.008.001.08"


@dataclass(frozen=True)
class Iso20022Scribe:
    """Writes as `ourselves`."""

    catalogue: Catalogue
    ourselves: Agent
    clock: Clock

    def recall(self, case: CaseRecord, original: PaymentRecord) -> Written:
        """The camt.056 for the creditor agent; see the protocol."""
        body = write_recall(
            assignment_id=recall_id(case.reference),
            case_id=case.case_id,
            created_at=self._now(),
            assigner=self.ourselves,
            assignee=original.payment.creditor_agent,
            original=names_of(original),
            reasons=(_asked_for(case),),
        )
        return Written(RECALL, recall_id(case.reference), body)

    def answer(self, case: CaseRecord, answer: Answer) -> Written:
        """The camt.029 for whoever sent the case's request; see the protocol."""
        reasons = (StatedReason(case.answer_code or "NARR", None, case.answer_text),)
        return self.resolution(
            self._request(case), answer, reasons if answer is Answer.REFUSED else (), case.return_uetr
        )

    def resolution(
        self,
        recall: Recall,
        answer: Answer,
        reasons: tuple[StatedReason, ...] = (),
        return_uetr: str | None = None,
    ) -> Written:
        """The camt.029 that answers one request; `return_uetr` is the return that it led to."""
        assignment_id = "RSL" + uuid.uuid4().hex
        body = write_resolution(
            recall,
            ANSWERED[answer],
            assignment_id=assignment_id,
            created_at=self._now(),
            assigner=self.ourselves,
            assignee=recall.assignment.assigner or self.ourselves,
            reasons=reasons,
            return_uetr=return_uetr,
        )
        return Written(RESOLUTION, assignment_id, body)

    def read_answer(self, body: bytes) -> ReadAnswer | None:
        """What a camt.029 says of one recall; see the protocol."""
        message = parse(body, self.catalogue, max(len(body), 1))
        if not isinstance(message, ParsedMessage) or message.identifier != RESOLUTION:
            return None
        found = read_resolutions(message)[0]
        answer = _MEANT.get(found.confirmation or "")
        if answer is None or found.assignment.case_id is None:
            return None
        code = found.reasons[0].code if found.reasons else None
        text = " ".join(reason.text for reason in found.reasons)
        return ReadAnswer(found.assignment.case_id, answer, code, text, found.return_uetr)

    def give_back(self, original: PaymentRecord, order: ReturnOrder, text: str) -> Written:
        """The pacs.004 with which our back office would have ordered this return; see the protocol."""
        written = pacs004.ReturnOrder(
            message_id=order.message_id,
            return_id=order.return_id,
            created_at=self._now(),
            original=names_of(original),
            returned=order.returned,
            settlement_date=self._now().date(),
            charge_bearer=order.charge_bearer,
            instructing_agent=self.ourselves,
            instructed_agent=original.payment.debtor_agent,
            reasons=(StatedReason(order.reason, None, text),),
        )
        return Written(pacs004.IDENTIFIER, order.message_id, pacs004.write_return(written))

    def _request(self, case: CaseRecord) -> Recall:
        message = parse(case.request, self.catalogue, len(case.request))
        if isinstance(message, ParsedMessage):
            return read_recalls(message)[0]
        raise LookupError(f"the request of case {case.reference} cannot be read any more")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now_s(), UTC)


def _asked_for(case: CaseRecord) -> StatedReason:
    """Why the payment is asked for; a code of no published set leaves as a proprietary one, as in `sending`."""
    code = case.reason_code or "NARR"
    is_known = code in external_codes()["CancellationReason1"]
    return StatedReason(code if is_known else None, None if is_known else code, case.reason_text)


def names_of(original: PaymentRecord) -> OriginalPayment:
    """How a payment is named on the leg between the two institutions."""
    payment, settled = original.payment, credit_leg(original.payment)
    ours = original.side is Side.DEBTOR_AGENT
    return OriginalPayment(
        message_id=forward_id(original.uetr) if ours else payment.message_id,
        message_name=_CREDIT_TRANSFER,
        instruction_id=payment.instruction_id,
        end_to_end_id=payment.end_to_end_id,
        transaction_id=payment.transaction_id,
        uetr=payment.uetr,
        amount=Amount(settled.decimal(), settled.currency.code),
        settlement_date=settled_on(original),
    )
