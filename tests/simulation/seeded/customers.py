"""The banks' customers: who they are, what they hold, and what they order, good and bad."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from random import Random
from uuid import UUID

from node.book.records import AccountKind, AccountStatus, CashAccountRecord
from node.domain.money import Currency, Money
from node.domain.party import AccountScheme, Agent, CashAccount, Party
from node.domain.payment import ChargeBearer, Payment, credit_leg, debit_leg
from node.domain.payment_return import ReturnOrder, return_payment
from node.settlement.office import Office
from node.settlement.watcher import watch

OPENING_MINOR = 10**12
NEIGHBOUR = "-2"
RATES = {("CNY", "AED"): Fraction(51, 100), ("AED", "CNY"): Fraction(196, 100)}


def customer_number(bic: str, currency: str, customer: str = "") -> str:
    """The account of a bank's first customer in a currency, or of its neighbour."""
    return f"{bic[:4]}-{currency}{customer}"


def set_up_customers(office: Office, currencies: Sequence[Currency]) -> None:
    """Open the customers' accounts and fund them from what was issued to the bank."""
    watch(office)
    at = datetime(2027, 1, 1, tzinfo=UTC)
    with office.book.unit() as unit:
        for currency in currencies:
            number = customer_number(office.bic, currency.code)
            for one in (number, customer_number(office.bic, currency.code, NEIGHBOUR)):
                unit.accounts.open(_empty(one, currency))
            own, opening = unit.accounts.own(currency).number, Money(OPENING_MINOR, currency)
            assert unit.accounts.transfer(own, number, opening, reference="opening", text="opening", at=at)


def _empty(number: str, currency: Currency) -> CashAccountRecord:
    zero = Money(0, currency)
    return CashAccountRecord(
        number,
        AccountScheme.OTHER,
        AccountKind.CUSTOMER,
        currency,
        holder="A customer",
        wallet_address=None,
        status=AccountStatus.OPEN,
        balance=zero,
        reserved=zero,
    )


def random_return(random: Random, original: Payment) -> Payment:
    """The whole of a payment given back, or a part; several parts may come to more than it was."""
    credited, debited = credit_leg(original), debit_leg(original)
    back = Money(max(1, credited.minor * random.choice((25, 50, 60, 100)) // 100), credited.currency)
    rate = RATES.get((credited.currency.code, debited.currency.code), Fraction(1))
    reaching = Money(max(1, int(back.minor * rate)), debited.currency)
    order = ReturnOrder(
        uetr=str(UUID(int=random.getrandbits(128), version=4)),
        message_id=f"RTR-{random.getrandbits(80):020x}",
        return_id="RETURN-1",
        returned=reaching,
        instructed=back if credited.currency != debited.currency else None,
    )
    return return_payment(original, order)


def random_payment(random: Random, bic: str, banks: Sequence[str], currencies: Sequence[Currency]) -> Payment:
    """An order of the bank's customer, mostly to one of another bank; sometimes not to be carried out."""
    other = random.choice([bank for bank in banks if bank != bic]) if random.random() > 0.1 else bic
    sold, bought = random.choice(currencies), random.choice(currencies)
    amount = Money(random.randint(100, 10**7), sold)
    if random.random() < 0.03:
        amount = Money(10**14, sold)  # more than the customer has
    rate = RATES.get((sold.code, bought.code), Fraction(1))
    if random.random() < 0.03:
        rate *= 2  # better than anybody offers
    credit = Money(max(1, int(amount.minor * rate)), bought)
    account = customer_number(other, bought.code, NEIGHBOUR if other == bic else "")
    if random.random() < 0.05:
        account = "nobody's"
    crossing = sold != bought
    return Payment(
        uetr=str(UUID(int=random.getrandbits(128), version=4)),
        message_id=f"MSG-{random.getrandbits(80):020x}",
        end_to_end_id="E2E-1",
        instruction_id=None,
        transaction_id=None,
        settlement_date=None,
        interbank_settlement_amount=credit if crossing else amount,
        instructed_amount=amount if crossing else None,
        exchange_rate=None,
        charge_bearer=ChargeBearer.SHARED,
        charges=(),
        instructing_agent=Agent(bic),
        instructed_agent=Agent(other),
        debtor=Party("Debtor Trading"),
        debtor_account=CashAccount(customer_number(bic, sold.code), AccountScheme.OTHER),
        debtor_agent=Agent(bic),
        creditor=Party("Creditor Trading"),
        creditor_account=CashAccount(account, AccountScheme.OTHER),
        creditor_agent=Agent(other),
    )
