"""What the chain's events mean for the book: every movement of our settlement account becomes one or two entries.

A movement that a settled payment explains is booked on the customer's account; any other on our own. So the sum
of all accounts equals the settlement account on chain, block by block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from node.book.book import Unit
from node.book.records import PaymentRecord
from node.domain.money import Currency, Money
from node.domain.payment import Side, credit_leg, debit_leg, debtor_pays
from node.ledger.logs import SettledLog, TransferLog
from node.settlement.office import Office, now


def book_settled(office: Office, unit: Unit, record: PaymentRecord, log: SettledLog) -> None:
    """Book a settled payment on the customer's account; what the debtor paid beyond the leg is our charge.

    Where both accounts are here (and an FX provider stood between them) both are booked.
    """
    payment = record.payment
    what = "credit transfer" if payment.return_of is None else "return"
    account = payment.debtor_account if record.side is Side.DEBTOR_AGENT else payment.creditor_account
    number = account.number if account else ""
    if record.side is Side.CREDITOR_AGENT:
        _post(office, unit, number, credit_leg(payment), log, payment.uetr, f"{what} received")
        return
    paid, leg = debtor_pays(payment), debit_leg(payment)
    unit.accounts.release(record.uetr)
    _post(office, unit, number, Money(-paid.minor, paid.currency), log, payment.uetr, what)
    if paid != leg:
        own = unit.accounts.own(leg.currency)
        _post(office, unit, own.number, paid - leg, log, payment.uetr, "charges")
    if log.creditor_agent == office.account:
        creditor = payment.creditor_account.number if payment.creditor_account else ""
        _post(office, unit, creditor, credit_leg(payment), log, payment.uetr, f"{what} received")


def book_own(office: Office, unit: Unit, log: TransferLog, currency: Currency) -> None:
    """Book a movement that no payment of ours explains on our own account: issue, redemption, FX leg, gift."""
    own = unit.accounts.own(currency)
    if log.creditor == office.account:
        _post(office, unit, own.number, Money(log.amount, currency), log, None, "settlement account credited")
    if log.debtor == office.account:
        _post(office, unit, own.number, Money(-log.amount, currency), log, None, "settlement account debited")


def unexplained(
    office: Office,
    transfers: Iterable[TransferLog],
    explained: Iterable[SettledLog],
    currencies: Mapping[str, Currency],
) -> list[TransferLog]:
    """The transfers that touch our account and are not a leg of one of the settled payments given."""
    legs: list[tuple[str, str, str, int]] = []
    for settled in explained:
        payee = settled.provider or settled.creditor_account
        payer = settled.provider or settled.debtor_account
        legs.append((settled.debit_token, settled.debtor_account, payee, settled.debit_amount))
        if settled.provider:
            legs.append((settled.credit_token, payer, settled.creditor_account, settled.credit_amount))
    rest: list[TransferLog] = []
    for transfer in transfers:
        leg = (transfer.token, transfer.debtor, transfer.creditor, transfer.amount)
        if leg in legs:
            legs.remove(leg)
        elif transfer.token in currencies and office.account in (transfer.debtor, transfer.creditor):
            rest.append(transfer)
    return rest


def _post(
    office: Office,
    unit: Unit,
    number: str,
    amount: Money,
    log: SettledLog | TransferLog,
    uetr: str | None,
    text: str,
) -> None:
    unit.accounts.post(
        number,
        amount,
        uetr=uetr,
        transaction_hash=log.transaction_hash,
        block_number=log.block_number,
        log_index=log.log_index,
        text=text,
        at=now(office),
    )
