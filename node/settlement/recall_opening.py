"""Taking a recall in, from our back office or another institution: one case, and the same answer every time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from node.book.book import Unit
from node.book.cases import CaseRecord
from node.book.records import PaymentRecord
from node.domain.lifecycle import TERMINAL, State
from node.domain.payment import credit_leg
from node.domain.reasons import Finding, Reason
from node.domain.recall import Answer, CaseSide, CaseState
from node.settlement.intake import BACK_OFFICE, inbound, outbound
from node.settlement.office import Office, now, participant
from node.settlement.ports import Written
from node.settlement.recalling import aftercare, conclude
from node.settlement.returning import returned_so_far


@dataclass(frozen=True)
class Recall:
    """A readable request about one payment; `case_id` is its creator's name for it.

    `message` is it as everything else reads it, `came` as it came where that was another form (FIN).
    """

    case_id: str
    uetr: str
    reason_code: str | None
    reason_text: str
    message: Written
    came: Written | None = None

    @property
    def identified(self) -> Written:
        """The message by whose identification and bytes a repetition is known."""
        return self.came or self.message


@dataclass(frozen=True)
class Opened:
    """The case, and the answer that goes out; `repeated` where this very request was here before."""

    case: CaseRecord
    repeated: bool


@dataclass(frozen=True)
class Contradicted:
    """The identification or the case belongs to another request."""

    finding: Finding


Within = Callable[[Unit, Opened], None]


def open_own(office: Office, original: PaymentRecord, recall: Recall, within: Within) -> Opened | Contradicted:
    """Open a case of ours about a payment that we sent; it is answered "pending" and taken forward at once."""
    with office.book.unit() as unit:
        stated = original.payment.creditor_agent.bic
        peer = participant(office, stated)
        bic = peer.bic if peer else stated
        known = _known(unit, CaseSide.ASKING, BACK_OFFICE, bic, recall)
        if known is None:
            case = _new(office, recall, CaseSide.ASKING, bic)
            known = Opened(_keep(office, unit, case, recall, BACK_OFFICE), False)
        if isinstance(known, Opened):
            within(unit, known)
    office.boundary("case opened", recall.uetr)
    return known


def open_theirs(office: Office, bic: str, recall: Recall) -> Opened | Contradicted:
    """Open a case that another institution brings to us about a payment that we received from it."""
    with office.book.unit() as unit:
        known = _known(unit, CaseSide.ASKED, bic, bic, recall)
        if known is not None:
            return known
        case = _keep(office, unit, _new(office, recall, CaseSide.ASKED, bic), recall, bic)
        original = unit.payments.find(recall.uetr)
        hopeless = None if original is None else _hopeless(unit, original)
        if hopeless is not None:
            case = conclude(
                office, unit, case, CaseState.REFUSED, answer_code=hopeless[0], answer_text=hopeless[1]
            )
            # The answer to the request itself carries it; there is nothing more to tell.
            case = unit.cases.save(case, is_told=True, due_at_s=None)
    office.boundary("case opened", recall.uetr)
    return Opened(case, False)


def _hopeless(unit: Unit, original: PaymentRecord) -> tuple[str, str] | None:
    """Why nothing can be given back, as a rejection code and a sentence; None where it may be."""
    if original.state in TERMINAL and original.state is not State.SETTLED:
        return "NOOR", f"The payment never settled; it ended {original.state.value}."
    if original.state is State.SETTLED and credit_leg(original.payment) <= returned_so_far(unit, original.payment):
        return "ARDT", "The payment has been returned already."
    return None


def _known(unit: Unit, side: CaseSide, sender: str, bic: str, recall: Recall) -> Opened | Contradicted | None:
    digest = hashlib.sha256(recall.identified.body).digest()
    message = unit.messages.find_inbound(sender, recall.identified.message_id)
    if message is not None and message.digest != digest:
        text = "This message identification was used for another message."
        return _contradicted(text, "message_id", recall.identified.message_id)
    case = unit.cases.known(side, bic, recall.case_id)
    if case is None:
        return None
    if case.uetr != recall.uetr:
        return _contradicted("This case is about another payment.", "case_id", recall.case_id)
    return Opened(case, True)


def _contradicted(text: str, element: str, value: str) -> Contradicted:
    return Contradicted(Finding(Reason.MESSAGE_ID_ALREADY_USED, text, element, value, "recall.repeated"))


def _new(office: Office, recall: Recall, side: CaseSide, bic: str) -> CaseRecord:
    now_s = office.clock.now_s()
    deadline_s = int(now_s + office.terms.recall_s)
    asking = side is CaseSide.ASKING
    return CaseRecord(
        reference=office.fresh_id(),
        case_id=recall.case_id,
        side=side,
        state=CaseState.OPEN if asking else CaseState.AWAITING_DECISION,
        counterparty=bic,
        uetr=recall.uetr,
        reason_code=recall.reason_code,
        reason_text=recall.reason_text,
        request=recall.message.body,
        request_id=recall.message.message_id,
        answer=b"",
        opened_at=now(office),
        deadline_s=deadline_s,
        due_at_s=now_s if asking else deadline_s,
    )


def _keep(office: Office, unit: Unit, case: CaseRecord, recall: Recall, counterparty: str) -> CaseRecord:
    written = aftercare(office).scribe.answer(case, Answer.PENDING)
    case = replace(case, answer=written.body)
    unit.cases.add(case)
    unit.events.case_moved(case.reference, case.uetr, case.state, case.opened_at)
    unit.messages.add(inbound(office, case.uetr, counterparty, recall.identified))
    if recall.came is not None:
        unit.messages.add(inbound(office, case.uetr, counterparty, replace(recall.message, message_id="")))
    unit.messages.add(outbound(office, case.uetr, counterparty, written))
    return case
