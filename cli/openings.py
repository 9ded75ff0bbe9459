"""An institution's first entries: its customers' accounts, opened and filled from its own account.

The own account was credited when the chain's issue was read, so book and chain are equal before and after. Every
step can be done again and changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from cli.network import AccountPlan, CustomerPlan, amount, currency, customers_of
from node.book.book import Unit
from node.book.records import AccountKind, AccountStatus, CashAccountRecord
from node.domain.money import Money
from node.settlement.office import Office
from node.settlement.watcher import watch

OPENING_TEXT = "opening balance"


class OpeningRefused(RuntimeError):
    """The institution's own account does not cover an opening balance: the chain was not set up by this plan."""


def open_accounts(office: Office, wallets: Mapping[str, str]) -> None:
    """Read the chain up to now, then open and fill the accounts; `wallets` are addresses by customer key."""
    while watch(office):
        pass
    with office.book.unit() as unit:
        for customer in customers_of(office.bic):
            for account in customer.accounts:
                unit.accounts.open(_account(customer, account, wallets[customer.key]))
                _fill(unit, account)


def _account(customer: CustomerPlan, account: AccountPlan, wallet: str) -> CashAccountRecord:
    zero = Money(0, currency(account.currency))
    return CashAccountRecord(
        number=account.number,
        scheme=account.scheme,
        kind=AccountKind.CUSTOMER,
        currency=zero.currency,
        holder=customer.name,
        wallet_address=wallet,
        status=AccountStatus.OPEN,
        balance=zero,
        reserved=zero,
    )


def _fill(unit: Unit, account: AccountPlan) -> None:
    opening = amount(account.currency, account.balance)
    own = unit.accounts.own(opening.currency)
    at = datetime.now(UTC)
    reference = f"opening:{account.number}"
    if not unit.accounts.transfer(
        own.number, account.number, opening, reference=reference, text=OPENING_TEXT, at=at
    ):
        raise OpeningRefused(f"the own account holds {own.balance}, too little for the first {opening}")
