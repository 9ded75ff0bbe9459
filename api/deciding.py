"""Decides a recall that was brought to us: as an operator's wish says, or our back office's own camt.029.

Both come to the same decision, made once; what they say otherwise is refused in the words of whoever said it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from api.after_schemas import LONGEST_SENTENCE, CaseDecision
from api.institution import Institution
from api.iso20022.camt029 import IDENTIFIER as RESOLUTION
from api.iso20022.camt029 import Resolution, read_resolutions
from api.iso20022.parse import ParsedMessage
from api.iso20022.reference_data import external_codes
from api.originals import uetr_of_original
from api.problems import Problem, problem_of
from api.reading import Incoming
from api.refusals import Refusal
from api.returning import quoted
from node.book.book import Unit
from node.book.cases import CaseRecord
from node.book.records import PaymentRecord, StaleRecord
from node.domain.money import Money
from node.domain.payment import Side, credit_leg
from node.domain.payment_return import ReturnOrder
from node.domain.reasons import Finding, Reason
from node.domain.recall import CaseSide, IllegalCaseMove
from node.settlement.intake import BACK_OFFICE, id_conflict, inbound
from node.settlement.office import participant
from node.settlement.recall_deciding import Decided, NotDecided, accept, refuse

RESOLUTIONS: Final = frozenset({RESOLUTION, "camt.029.001.13"})
_CONFIRMED: Final = "Sts/Conf"
_REASON: Final = "CxlDtls/TxInfAndSts/CxlStsRsnInf/Rsn/Cd"


def decide(
    institution: Institution, case: CaseRecord, decision: CaseDecision, in_words: Callable[[Finding], Finding]
) -> CaseRecord:
    """The case as it is after the decision; raises Problem where it cannot be decided so, or not by us."""
    if case.side is CaseSide.ASKING:
        raise Problem(Refusal.CASE_NOT_FOUND, "This case is the other institution's to decide.")
    try:
        outcome = _carried_out(institution, case, decision)
    except (IllegalCaseMove, StaleRecord):
        text = f"Case {case.case_id} is decided already, or is being decided at this moment; look at it again."
        raise Problem(Refusal.CASE_DECIDED_ALREADY, text) from None
    if isinstance(outcome, NotDecided):
        raise problem_of((in_words(outcome.finding),))
    return outcome.case


def _carried_out(institution: Institution, case: CaseRecord, decision: CaseDecision) -> Decided | NotDecided:
    office = institution.office
    if decision.decision == "refuse":
        return refuse(office, case, decision.code, decision.text)

    def completed(original: PaymentRecord, order: ReturnOrder) -> ReturnOrder:
        return quoted(institution, original, order)

    with office.book.view() as unit:
        original = unit.payments.find(case.uetr)
    currency = credit_leg(original.payment).currency if original else None
    amount = Money(decision.amount, currency) if decision.amount and currency else None
    return accept(office, case, amount, decision.from_own_account, completed)


def is_rejection_code(code: str | None) -> bool:
    """Whether a refusal may give this as its reason."""
    return code in external_codes()["PaymentCancellationRejection1"]


def resolved(institution: Institution, incoming: Incoming) -> CaseRecord:
    """The case that our back office answers by a camt.029: the payment goes back, or does not, or it waits.

    The same message again is the same decision. Raises Problem where it answers no recall brought to us.
    """
    answer = _one_answer(incoming.message)
    decision = _decision(answer)
    case = _case(institution, answer)
    with institution.office.book.unit() as unit:
        _keep(institution, unit, case, incoming)
    return case if decision is None else decide(institution, case, decision, lambda finding: finding)


def _one_answer(message: ParsedMessage) -> Resolution:
    found = read_resolutions(message)
    if len(found) != 1:
        text = f"One answer a message; this has {len(found)}."
        raise problem_of((_finding(Reason.NUMBER_OF_TRANSACTIONS_WRONG, text, "CxlDtls/TxInfAndSts"),))
    return found[0]


def _decision(answer: Resolution) -> CaseDecision | None:
    """What the answer decides; None where it only says that a decision is pending."""
    if answer.confirmation == "PDCR":
        return None
    if answer.confirmation == "CNCL":
        return CaseDecision(decision="accept")
    if answer.confirmation != "RJCR":
        text = "A recall is answered by CNCL (it goes back), RJCR (it does not) or PDCR (not decided yet)."
        found = _finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, _CONFIRMED, answer.confirmation)
        raise problem_of((found,))
    code = answer.reasons[0].code if answer.reasons else None
    if code is None or not is_rejection_code(code):
        text = "A refusal states its reason by a code of ExternalPaymentCancellationRejection1Code."
        raise problem_of((_finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, _REASON, code),))
    said = " ".join(reason.text for reason in answer.reasons)
    return CaseDecision(decision="refuse", code=code, text=said[:LONGEST_SENTENCE])


def _case(institution: Institution, answer: Resolution) -> CaseRecord:
    """The case by its identification, by the payment, or by both; only one may fit."""
    uetr = uetr_of_original(institution, answer.original, Side.CREDITOR_AGENT)
    case_id, assignee = answer.assignment.case_id, answer.assignment.assignee
    asker = participant(institution.office, assignee.bic) if assignee else None
    with institution.office.book.view() as unit:
        if uetr is not None:
            brought = [one for one in unit.cases.of(uetr) if one.side is CaseSide.ASKED]
            found = [one for one in brought if case_id in (None, one.case_id)]
        else:
            known = unit.cases.known(CaseSide.ASKED, asker.bic, case_id) if asker and case_id else None
            found = [known] if known else []
    if len(found) == 1:
        return found[0]
    text = "This answers no recall that was brought to us, or several; RslvdCase/Id and OrgnlUETR name it."
    raise problem_of((_finding(Reason.ORIGINAL_UNKNOWN, text, "RslvdCase/Id", case_id),))


def _keep(institution: Institution, unit: Unit, case: CaseRecord, incoming: Incoming) -> None:
    """Keep the answer as it came, once; raises Problem where its identification was another message's."""
    message = inbound(institution.office, case.uetr, BACK_OFFICE, incoming.came)
    known = unit.messages.find_inbound(BACK_OFFICE, incoming.came.message_id)
    if known is None:
        unit.messages.add(message)
    elif known.digest != message.digest:
        found = id_conflict(incoming.came.message_id)
        raise problem_of(
            (Finding(found.reason, found.text, "RsltnOfInvstgtn/Assgnmt/Id", found.value, found.rule),)
        )


def _finding(reason: Reason, text: str, element: str, value: str | None = None) -> Finding:
    return Finding(reason, text, f"RsltnOfInvstgtn/{element}", value, f"resolution.{reason.sentence}")
