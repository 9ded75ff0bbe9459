"""A payment from one account of this institution to another: both entries and its end in one commit, on no chain.

Nobody else is asked, so this institution checks what the creditor agent would check, too. Between two currencies
an FX provider stands in the middle and the payment settles on chain like any other, with both entries here.
"""

from __future__ import annotations

from dataclasses import replace

from node.book.book import Unit
from node.book.records import PaymentRecord
from node.domain.lifecycle import Event
from node.domain.money import Money
from node.domain.party import CashAccount
from node.domain.payment import Payment, credit_leg, debtor_pays, is_cross_currency
from node.domain.reasons import Finding, Reason
from node.settlement.closing import report
from node.settlement.crediting import account_findings, remark_on_name
from node.settlement.office import Office, now, participant
from node.settlement.payee_desk import is_refused
from node.settlement.returning import tie_to_case, usable_account


def stays_within(office: Office, payment: Payment) -> bool:
    """Whether one institution keeps both accounts; a branch nobody registered is its head office."""
    creditor_agent = participant(office, payment.creditor_agent.bic)
    return creditor_agent is not None and creditor_agent == participant(office, payment.debtor_agent.bic)


def is_booked_here(office: Office, payment: Payment) -> bool:
    """Whether a payment moves money in this book only: both accounts are here, and of one currency."""
    return stays_within(office, payment) and not is_cross_currency(payment)


def credited_again(office: Office, unit: Unit, original: PaymentRecord, returned: Payment) -> Payment:
    """A return as ordered; one that stays within this institution credits an account that can be."""
    if not stays_within(office, returned):
        return returned
    return replace(returned, creditor_account=usable_account(unit, original.payment))


def creditor_finding(office: Office, unit: Unit, payment: Payment) -> Finding | None:
    """What stands against crediting the account, or keeps the remark on its holder's name where nothing does."""
    debtor_account, creditor_account = payment.debtor_account, payment.creditor_account
    if debtor_account and creditor_account and debtor_account.number == creditor_account.number:
        return _same_account(creditor_account.number)
    findings = account_findings(unit, payment)
    if findings:
        return findings[0]
    named = remark_on_name(unit, payment)
    if is_refused(office.name_check, named):
        return named
    if named is not None:
        unit.remarks.add(payment.uetr, (named,))
    return None


def carry_out(office: Office, unit: Unit, record: PaymentRecord) -> None:
    """Book a RECEIVED payment that nothing stands against, on both accounts, and tell the back office."""
    taken = (Event.VALIDATE, Event.ACCEPT, Event.BOOK)
    record = unit.payments.move_through(record, taken, now(office), due_at_s=office.clock.now_s(), attempts=0)
    payment = record.payment
    paid, credited = debtor_pays(payment), credit_leg(payment)
    what = "credit transfer" if payment.return_of is None else "return"
    unit.accounts.release(record.uetr)
    _post(office, unit, payment, (_number(payment.debtor_account), Money(-paid.minor, paid.currency), what))
    _post(office, unit, payment, (_number(payment.creditor_account), credited, f"{what} received"))
    if paid != credited:
        _post(office, unit, payment, (unit.accounts.own(paid.currency).number, paid - credited, "charges"))
    tie_to_case(unit, payment)
    report(office, unit, record)


def _post(office: Office, unit: Unit, payment: Payment, entry: tuple[str, Money, str]) -> None:
    number, amount, text = entry
    unit.accounts.post_within(number, amount, uetr=payment.uetr, text=text, at=now(office))


def _number(account: CashAccount | None) -> str:
    return account.number if account else ""


def _same_account(number: str) -> Finding:
    return Finding(
        Reason.CREDITOR_ACCOUNT_IS_DEBTOR_ACCOUNT,
        "The creditor's account is the account that pays; name the account that is to be credited.",
        element="creditor_account",
        value=number,
        rule="book-transfer.two-accounts",
    )
