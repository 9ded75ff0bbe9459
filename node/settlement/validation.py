"""What the debtor agent checks before it asks anybody: the agents, the currencies, the debtor's account.

The checks run in the order of precedence of their reasons; the first that fails is the one reported.
"""

from __future__ import annotations

from node.book.book import Unit
from node.book.records import AccountStatus, PaymentRecord
from node.domain.lifecycle import Event
from node.domain.party import ParticipantRole, ParticipantStatus
from node.domain.payment import Payment, credit_leg, debit_leg, debtor_pays
from node.domain.reasons import Finding, Reason
from node.settlement.book_transfer import carry_out, creditor_finding, is_booked_here, stays_within
from node.settlement.closing import close
from node.settlement.office import Office, now, participant
from node.settlement.returning import return_finding


def validate(office: Office, record: PaymentRecord) -> None:
    """Take a RECEIVED payment to VALIDATED with the debtor's money reserved, or to REJECTED.

    One that only moves money in this book is SETTLED at once: nobody else has a say in it.
    """
    payment = record.payment
    by_registry, within = registry_finding(office, payment), stays_within(office, payment)
    with office.book.unit() as unit:
        finding = by_registry or book_finding(unit, payment)
        if finding is None and within:
            finding = creditor_finding(office, unit, payment)
        if finding is not None:
            close(office, unit, record, Event.REJECT, (finding,))
            boundary = "rejected"
        elif is_booked_here(office, payment):
            carry_out(office, unit, record)
            boundary = "booked"
        else:
            unit.payments.move(record, Event.VALIDATE, now(office), due_at_s=office.clock.now_s(), attempts=0)
            boundary = "validated"
    office.boundary(boundary, record.uetr)


def registry_finding(office: Office, payment: Payment) -> Finding | None:
    """What the registry on chain has against a payment."""
    return agent_finding(office, payment) or currency_finding(office, payment)


def book_finding(unit: Unit, payment: Payment) -> Finding | None:
    """What our book has against a payment; where it is nothing, the debtor's money is reserved."""
    return return_finding(unit, payment) or account_finding(unit, payment) or _reserve(unit, payment)


def agent_finding(office: Office, payment: Payment) -> Finding | None:
    """What is wrong with the two institutions, by the registry on chain."""
    ourselves = participant(office, office.bic)
    creditor_agent = participant(office, payment.creditor_agent.bic)
    if creditor_agent is None or ParticipantRole.BANK not in creditor_agent.roles:
        return Finding(
            Reason.CREDITOR_AGENT_UNKNOWN,
            "No bank of the network has this BIC.",
            element="creditor_agent",
            value=payment.creditor_agent.bic,
            rule="network.creditor-agent-registered",
        )
    if ourselves is None or ourselves.status is not ParticipantStatus.ACTIVE:
        return _inactive(Reason.DEBTOR_AGENT_NOT_ACTIVE, "debtor_agent", office.bic)
    if creditor_agent.status is not ParticipantStatus.ACTIVE:
        return _inactive(Reason.CREDITOR_AGENT_NOT_ACTIVE, "creditor_agent", payment.creditor_agent.bic)
    return None


def _inactive(reason: Reason, element: str, bic: str) -> Finding:
    return Finding(
        reason,
        "This institution is registered but not active at the moment.",
        element=element,
        value=bic,
        rule="network.participant-active",
    )


def currency_finding(office: Office, payment: Payment) -> Finding | None:
    """A currency that nobody issues on the network."""
    tokens = office.directory.tokens()
    for element, money in (
        ("interbank_settlement_amount", credit_leg(payment)),
        ("instructed_amount", debit_leg(payment)),
    ):
        if money.currency.code not in tokens:
            return Finding(
                Reason.CURRENCY_NOT_ISSUED,
                f"Nobody issues {money.currency.code} on this network.",
                element=element,
                value=money.currency.code,
                rule="network.currency-issued",
            )
        if money.minor <= 0:
            return Finding(
                Reason.AMOUNT_IS_ZERO,
                "Nothing is left to settle.",
                element=element,
                value=money.plain(),
                rule="network.amount-positive",
            )
    return None


def account_finding(unit: Unit, payment: Payment) -> Finding | None:
    """What is wrong with the debtor's account in our book."""
    named = payment.debtor_account
    if named is None:
        return _account(Reason.DEBTOR_ACCOUNT_MISSING, "No debtor account is stated.", None)
    account = unit.accounts.find(named.number)
    if account is None:
        return _account(Reason.DEBTOR_ACCOUNT_UNKNOWN, "We keep no such account.", named.number)
    if account.status is AccountStatus.CLOSED:
        return _account(Reason.DEBTOR_ACCOUNT_CLOSED, "The account is closed.", named.number)
    if account.status is AccountStatus.BLOCKED:
        return _account(Reason.DEBTOR_ACCOUNT_BLOCKED, "The account is blocked.", named.number)
    wanted = debtor_pays(payment).currency
    if account.currency != wanted:
        text = f"The account is kept in {account.currency.code}, not {wanted.code}."
        return _account(Reason.DEBTOR_ACCOUNT_CURRENCY_DIFFERS, text, named.number)
    return None


def _account(reason: Reason, text: str, number: str | None) -> Finding:
    return Finding(reason, text, element="debtor_account", value=number, rule=f"account.{reason.sentence}")


def _reserve(unit: Unit, payment: Payment) -> Finding | None:
    number = payment.debtor_account.number if payment.debtor_account else ""
    amount = debtor_pays(payment)
    if unit.accounts.reserve(payment.uetr, number, amount):
        return None
    return Finding(
        Reason.BALANCE_TOO_LOW,
        f"The account's available balance does not cover {amount}.",
        element="interbank_settlement_amount" if payment.instructed_amount is None else "instructed_amount",
        value=amount.plain(),
        rule="account.balance-covers",
    )
