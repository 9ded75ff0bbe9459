"""Returns in the book: what has been given back of a payment, what may still be, and the instruction to name.

The contract bounds the sum of returns by what was settled; the book counts too, and earlier, so that a customer is
not debited for what the contract would refuse.
"""

from __future__ import annotations

from node.book.book import Unit
from node.book.records import AccountStatus, PaymentRecord
from node.domain.lifecycle import State
from node.domain.money import Money, total
from node.domain.party import CashAccount
from node.domain.payment import Payment, credit_leg, debtor_pays
from node.domain.payment_return import given_back, reverses
from node.domain.reasons import Finding, Reason
from node.domain.recall import CaseSide, CaseState
from node.settlement.office import Office
from node.settlement.typed import instruction_of
from wallet.typed_data import Instruction

RETURNED_AS_ASKED = "FOCR"
# A return that is merely received has not been counted by anybody yet; one that ended unsettled counts no more.
ENDED_UNPAID = frozenset({State.REJECTED, State.FAILED, State.CANCELLED, State.EXPIRED})
UNCOUNTED = ENDED_UNPAID | {State.RECEIVED}


def original_of(office: Office, record: PaymentRecord) -> Instruction | None:
    """The instruction that the contract wants to see for this return; None where it is to settle by itself."""
    with office.book.view() as unit:
        return original_instruction(unit, record.payment)


def original_instruction(unit: Unit, payment: Payment) -> Instruction | None:
    """The instruction that settled what a payment gives back; None for no return, and in the bulk grade.

    Of a payment that settled in a batch the contract keeps no proof, so its return is a payment like any other on
    chain, and its bound is kept by the books of both institutions.
    """
    original = unit.payments.find(payment.return_of) if payment.return_of else None
    if original is None or original.instruction is None:
        return None
    instruction = instruction_of(original)
    return instruction if instruction.sequence == 0 else None


def returned_so_far(unit: Unit, original: Payment, besides: str | None = None) -> Money:
    """The sum of all returns of a payment that count, apart from one of them, in the currency it credited."""
    credited = credit_leg(original)
    counted = [
        given_back(one.payment)
        for one in unit.payments.returns_of(original.uetr)
        if one.state not in UNCOUNTED and one.uetr != besides
    ]
    return total(counted, credited.currency)


def usable_account(unit: Unit, original: Payment) -> CashAccount | None:
    """Where money that comes back is booked: the debtor's account, or our own where that is open no more."""
    named = original.debtor_account
    account = unit.accounts.find(named.number) if named else None
    if account is not None and account.status is AccountStatus.OPEN:
        return named
    own = unit.accounts.own(debtor_pays(original).currency)
    return CashAccount(own.number, own.scheme)


def return_asked_for(unit: Unit, uetr: str) -> str | None:
    """The UETR of the oldest return of a payment that follows a recall, by its reason; None without one."""
    asked_for = (one for one in unit.payments.returns_of(uetr) if one.payment.return_reason == RETURNED_AS_ASKED)
    return next((one.uetr for one in asked_for if one.state not in ENDED_UNPAID), None)


def tie_to_case(unit: Unit, returned: Payment) -> None:
    """Let the oldest case of ours that asked for this return name it, where its answer has not done so."""
    if returned.return_of is None or returned.return_reason != RETURNED_AS_ASKED:
        return
    for case in unit.cases.of(returned.return_of):
        answered = case.state in (CaseState.ACCEPTED, CaseState.PASSED_ON, CaseState.LAPSED)
        if case.side is CaseSide.ASKING and answered and case.return_uetr is None:
            unit.cases.save(case, return_uetr=returned.uetr)
            return


def return_finding(unit: Unit, payment: Payment) -> Finding | None:
    """What stands against a return, by this institution's book; None too for a payment that is no return."""
    if payment.return_of is None:
        return None
    original = unit.payments.find(payment.return_of)
    if original is None:
        return _finding(
            Reason.ORIGINAL_UNKNOWN, "We know no payment of this UETR.", "return_of", payment.return_of
        )
    return _standing(original) or _bound(unit, original.payment, payment)


def _standing(original: PaymentRecord) -> Finding | None:
    if original.payment.return_of is not None:
        text = "This is a return itself; what was given back is not given back again."
        return _finding(Reason.ORIGINAL_UNKNOWN, text, "return_of", original.uetr)
    if original.state is not State.SETTLED:
        text = f"The payment is {original.state.value}; only what has settled can be returned."
        return _finding(Reason.ORIGINAL_NOT_SETTLED, text, "return_of", original.uetr)
    return None


def _bound(unit: Unit, original: Payment, payment: Payment) -> Finding | None:
    if not reverses(payment, original):
        text = f"What credited {credit_leg(original).currency.code} is returned in that currency."
        currency = payment.interbank_settlement_amount.currency.code
        return _finding(Reason.RETURN_CURRENCY_DIFFERS, text, "currency", currency)
    so_far, credited = returned_so_far(unit, original, payment.uetr), credit_leg(original)
    if credited < so_far + given_back(payment):
        text = f"{credited} was settled and {so_far} of it is returned already; {given_back(payment)} is too much."
        return _finding(
            Reason.RETURN_EXCEEDS_ORIGINAL, text, "interbank_settlement_amount", given_back(payment).plain()
        )
    return None


def _finding(reason: Reason, text: str, element: str, value: str | None) -> Finding:
    return Finding(reason, text, element=element, value=value, rule=f"return.{reason.sentence}")
