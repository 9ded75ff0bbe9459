"""Deciding a case that another institution brought: give the payment back, or say why not, once.

An acceptance and the return it promises are one commit; the return's name is made of the case, so a case can never
return twice. What nobody decides in time is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node.book.book import Unit
from node.book.cases import CaseRecord
from node.book.records import PaymentRecord, StaleRecord
from node.domain.lifecycle import State
from node.domain.money import Money
from node.domain.party import CashAccount
from node.domain.payment import credit_leg
from node.domain.payment_return import ReturnOrder, return_payment, return_uetr
from node.domain.reasons import Finding, Reason
from node.domain.recall import CaseSide, CaseState, move
from node.settlement.book_transfer import credited_again
from node.settlement.intake import Received, record_new
from node.settlement.office import Office, participant
from node.settlement.ports import Refused, Unreachable
from node.settlement.recalling import NO_ANSWER, aftercare, conclude
from node.settlement.returning import RETURNED_AS_ASKED, return_finding, returned_so_far
from node.settlement.terms import retry_delay_s

Completed = Callable[[PaymentRecord, ReturnOrder], ReturnOrder]
"""Fills in what a return across two currencies needs: both amounts, and the quote that fixes them."""


@dataclass(frozen=True)
class Decided:
    """The case as it is now."""

    case: CaseRecord


@dataclass(frozen=True)
class NotDecided:
    """It cannot be decided so, for this reason."""

    finding: Finding


def return_id_of(case: CaseRecord) -> str:
    """The name of the return that a case leads to."""
    return "CASE" + case.reference.replace("-", "")[:31]


def accept(
    office: Office, case: CaseRecord, amount: Money | None, own_account: bool, completed: Completed
) -> Decided | NotDecided:
    """Give the payment back: `amount` of it, or all that is left; the return is then on its way.

    Raises IllegalCaseMove where the case was refused, StaleRecord where somebody decides it at this moment.
    """
    original = _original(office, case)
    uetr = return_uetr(office.bic, case.uetr, return_id_of(case))
    if case.state is CaseState.ACCEPTED:
        return Decided(case)
    move(case.state, CaseState.ACCEPTED)
    with office.book.view() as unit:
        rest = credit_leg(original.payment) - returned_so_far(unit, original.payment)
    if original.state is not State.SETTLED or rest.minor <= 0:
        text = f"The payment is {original.state.value} and {rest} of it can be returned."
        return NotDecided(Finding(Reason.ORIGINAL_NOT_SETTLED, text, "return_of", case.uetr, "recall.settled"))
    order = completed(
        original,
        ReturnOrder(
            uetr=uetr,
            message_id="RTR" + case.reference.replace("-", ""),
            return_id=return_id_of(case),
            returned=amount or rest,
            reason=RETURNED_AS_ASKED,
        ),
    )
    return _commit(office, case, original, order, own_account)


def _commit(
    office: Office, case: CaseRecord, original: PaymentRecord, order: ReturnOrder, own_account: bool
) -> Decided | NotDecided:
    text = f"Returned as asked in case {case.case_id}."
    with office.book.unit() as unit:
        if unit.cases.find(case.reference) != case:
            raise StaleRecord(f"case {case.reference} was decided meanwhile")
        own = unit.accounts.own(credit_leg(original.payment).currency) if own_account else None
        debited = CashAccount(own.number, own.scheme) if own else None
        payment = return_payment(original.payment, order, debited=debited)
        payment = credited_again(office, unit, original, payment)
        finding = return_finding(unit, payment) or _short(
            unit, payment.debtor_account, order.instructed or order.returned
        )
        if finding is not None:
            return NotDecided(finding)
        written = aftercare(office).scribe.give_back(original, order, text)
        recorded = record_new(office, unit, Received(payment, (), written))
        if isinstance(recorded, Finding):
            return NotDecided(recorded)
        case = conclude(office, unit, case, CaseState.ACCEPTED, return_uetr=order.uetr)
    office.boundary("case accepted", case.uetr)
    return Decided(case)


def _short(unit: Unit, debited: CashAccount | None, amount: Money) -> Finding | None:
    """Whether the account to be debited has less than is to be given back; its return would be rejected."""
    account = unit.accounts.find(debited.number) if debited else None
    if account is not None and amount <= account.available:
        return None
    text = f"The account does not hold {amount}; the institution may return it from its own account."
    return Finding(Reason.BALANCE_TOO_LOW, text, "amount", amount.plain(), "recall.account-covers")


def refuse(office: Office, case: CaseRecord, code: str, text: str) -> Decided:
    """Say no, with a code of ExternalPaymentCancellationRejection1Code and a sentence."""
    if case.state is CaseState.REFUSED:
        return Decided(case)
    with office.book.unit() as unit:
        case = conclude(office, unit, case, CaseState.REFUSED, answer_code=code, answer_text=text)
    office.boundary("case refused", case.uetr)
    return Decided(case)


def attend(office: Office, case: CaseRecord) -> None:
    """Take a case that was brought to us one step: tell the answer, or refuse what nobody has decided in time."""
    if case.state is CaseState.AWAITING_DECISION:
        refuse(office, case, NO_ANSWER, "Nobody decided before the deadline of the case.")
    elif not case.is_told:
        _tell(office, case)
    else:
        with office.book.unit() as unit:
            unit.cases.save(case, due_at_s=None)


def _tell(office: Office, case: CaseRecord) -> None:
    peer = participant(office, case.counterparty)
    answer: bytes | Refused | Unreachable = Unreachable("not registered")
    if peer is not None:
        answer = aftercare(office).messenger.pass_on(peer, case.answer)
    with office.book.unit() as unit:
        if isinstance(answer, Unreachable):
            due_at_s = office.clock.now_s() + retry_delay_s(office.terms, case.attempts)
            unit.cases.save(case, due_at_s=due_at_s, attempts=case.attempts + 1)
        else:
            unit.cases.save(case, is_told=True, due_at_s=None)
    office.boundary("told", case.uetr)


def _original(office: Office, case: CaseRecord) -> PaymentRecord:
    with office.book.view() as unit:
        record = unit.payments.find(case.uetr)
    if record is None or case.side is not CaseSide.ASKED:
        raise LookupError(f"case {case.reference} is not one to decide here")
    return record
