"""Whether an account of ours can be credited with a payment: it is here, open, of the currency, and whose it is.

Another institution's proposal and a payment from one account of ours to another are looked at alike.
"""

from __future__ import annotations

from node.book.book import Unit
from node.book.records import AccountStatus
from node.domain.own_account import is_own
from node.domain.payment import Payment, credit_leg
from node.domain.reasons import Finding, Reason
from node.settlement.payee_desk import name_finding


def account_findings(unit: Unit, payment: Payment) -> tuple[Finding, ...]:
    """What is wrong with the creditor's account here; our own account is opened on first use."""
    named = payment.creditor_account
    if named is None:
        return (_finding(Reason.CREDITOR_ACCOUNT_MISSING, "No creditor account is stated."),)
    if is_own(named):
        unit.accounts.own(credit_leg(payment).currency)
    account = unit.accounts.find(named.number)
    if account is None:
        reason, text = Reason.CREDITOR_ACCOUNT_UNKNOWN, "We keep no such account."
    elif account.status is AccountStatus.CLOSED:
        reason, text = Reason.CREDITOR_ACCOUNT_CLOSED, "The account is closed."
    elif account.status is AccountStatus.BLOCKED:
        reason, text = Reason.CREDITOR_ACCOUNT_BLOCKED, "The account is blocked."
    elif account.currency != credit_leg(payment).currency:
        reason = Reason.CREDITOR_ACCOUNT_CURRENCY_DIFFERS
        text = f"The account is kept in {account.currency.code}, not {credit_leg(payment).currency.code}."
    else:
        return ()
    return (_finding(reason, text, named.number),)


def remark_on_name(unit: Unit, payment: Payment) -> Finding | None:
    """The creditor's name beside the account holder's: a remark, or a reason to refuse where we are strict."""
    named = payment.creditor_account
    account = unit.accounts.find(named.number) if named else None
    return name_finding(account, payment) if account else None


def _finding(reason: Reason, text: str, value: str | None = None) -> Finding:
    rule = f"creditor-agent.{reason.sentence}"
    return Finding(reason, text, element="creditor_account", value=value, rule=rule)
