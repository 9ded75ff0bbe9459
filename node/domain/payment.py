"""A payment as its instruction states it: who pays whom, how much, through which institutions, and why.

It is read once from a message and never edited; what happens to it is in `lifecycle` and in the book.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from node.domain.money import Money, total
from node.domain.party import Agent, CashAccount, Party


class ChargeBearer(Enum):
    """Who bears the charges (ISO 20022 ChargeBearerType1Code)."""

    DEBTOR = "DEBT"
    CREDITOR = "CRED"
    SHARED = "SHAR"
    SERVICE_LEVEL = "SLEV"


class Side(Enum):
    """Which end of a payment this institution stands at."""

    DEBTOR_AGENT = "debtor_agent"
    CREDITOR_AGENT = "creditor_agent"


@dataclass(frozen=True)
class Charge:
    """What one agent took for its service."""

    amount: Money
    agent: Agent


@dataclass(frozen=True)
class Payment:
    """One customer credit transfer.

    `interbank_settlement_amount` is what the creditor agent receives; `instructed_amount` is what the debtor
    ordered and may be of another currency: then an FX provider stands between the two legs. A return is a payment
    too: `return_of` is the UETR of what it gives back, `return_reason` the code stated for it.
    """

    uetr: str
    message_id: str
    end_to_end_id: str
    instruction_id: str | None
    transaction_id: str | None
    settlement_date: date | None
    interbank_settlement_amount: Money
    instructed_amount: Money | None
    exchange_rate: Fraction | None
    charge_bearer: ChargeBearer
    charges: tuple[Charge, ...]
    instructing_agent: Agent | None
    instructed_agent: Agent | None
    debtor: Party
    debtor_account: CashAccount | None
    debtor_agent: Agent
    creditor: Party
    creditor_account: CashAccount | None
    creditor_agent: Agent
    quote_id: str | None = None
    remittance: tuple[str, ...] = ()
    purpose: str | None = None
    return_of: str | None = None
    return_reason: str | None = None


def is_cross_currency(payment: Payment) -> bool:
    """Whether the debtor pays in one currency and the creditor agent receives another."""
    instructed = payment.instructed_amount
    return instructed is not None and instructed.currency.code != payment.interbank_settlement_amount.currency.code


def charges_taken(payment: Payment) -> Money:
    """Charges already deducted, in the currency the debtor pays; charges in other currencies do not count."""
    currency = (payment.instructed_amount or payment.interbank_settlement_amount).currency
    return total((c.amount for c in payment.charges if c.amount.currency == currency), currency)


def debtor_pays(payment: Payment) -> Money:
    """What leaves the debtor's account: the instructed amount, or the settlement amount where none is stated."""
    return payment.instructed_amount or payment.interbank_settlement_amount


def debit_leg(payment: Payment) -> Money:
    """What leaves the debtor agent's settlement account.

    Within one currency that is the settlement amount; across currencies it is the instructed amount less the
    charges the debtor agent keeps, and a quote must sell exactly this.
    """
    if not is_cross_currency(payment):
        return payment.interbank_settlement_amount
    return debtor_pays(payment) - charges_taken(payment)


def credit_leg(payment: Payment) -> Money:
    """What reaches the creditor agent's settlement account (ISO IntrBkSttlmAmt)."""
    return payment.interbank_settlement_amount
