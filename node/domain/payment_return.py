"""What a return is: a payment of its own, the original reversed, with a name of its own under the original's.

It never names more than the original credited; who adds up the returns of a payment does so elsewhere.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date

from node.domain.money import Money
from node.domain.party import CashAccount
from node.domain.payment import Charge, ChargeBearer, Payment, credit_leg, debit_leg, debtor_pays


@dataclass(frozen=True)
class ReturnOrder:
    """What somebody asks to give back.

    `returned` reaches the other institution; `instructed` is stated where the account debited pays another
    amount: in another currency through a quote, or charges above it. `return_id` is its name at who returns.
    """

    uetr: str
    message_id: str
    return_id: str
    returned: Money
    instructed: Money | None = None
    charges: tuple[Charge, ...] = ()
    charge_bearer: ChargeBearer = ChargeBearer.SHARED
    reason: str | None = None
    settlement_date: date | None = None
    quote_id: str | None = None


def return_uetr(bic: str, original_uetr: str, return_id: str) -> str:
    """The UETR of a return: the same for the same institution, original and return, so it cannot be made twice."""
    digest = hashlib.sha256(f"{bic}/{original_uetr}/{return_id}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def return_payment(original: Payment, order: ReturnOrder, *, debited: CashAccount | None = None) -> Payment:
    """The payment that gives back; `debited` is the account it is paid from where that is not the creditor's."""
    return Payment(
        uetr=order.uetr,
        message_id=order.message_id,
        end_to_end_id=original.end_to_end_id,
        instruction_id=None,
        transaction_id=order.return_id,
        settlement_date=order.settlement_date,
        interbank_settlement_amount=order.returned,
        instructed_amount=order.instructed,
        exchange_rate=None,
        charge_bearer=order.charge_bearer,
        charges=order.charges,
        instructing_agent=original.creditor_agent,
        instructed_agent=original.debtor_agent,
        debtor=original.creditor,
        debtor_account=debited or original.creditor_account,
        debtor_agent=original.creditor_agent,
        creditor=original.debtor,
        creditor_account=original.debtor_account,
        creditor_agent=original.debtor_agent,
        quote_id=order.quote_id,
        remittance=original.remittance,
        purpose=original.purpose,
        return_of=original.uetr,
        return_reason=order.reason,
    )


def given_back(returned: Payment) -> Money:
    """What a return counts against its original: all that the creditor's side pays, charges included."""
    return debtor_pays(returned)


def reverses(returned: Payment, original: Payment) -> bool:
    """Whether a return is in the currencies of its original, reversed."""
    paid, received = debit_leg(returned).currency, credit_leg(returned).currency
    return paid == credit_leg(original).currency and received == debit_leg(original).currency
