"""Payments to test with: a plain one inside a currency, and one across two."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from node.domain.money import Currency, Money
from node.domain.party import AccountScheme, Agent, CashAccount, Party
from node.domain.payment import Charge, ChargeBearer, Payment

CNY = Currency("CNY", 2)
AED = Currency("AED", 2)
UETR = "3f0c1a52-93be-4d0e-8b5d-0c2e0a1f7a11"

DEBTOR_AGENT = Agent("BANKCNSHXXX", "First Bank")
CREDITOR_AGENT = Agent("BANKAEADXXX", "Second Bank")


def domestic(uetr: str = UETR, minor: int = 100_000) -> Payment:
    """A payment inside one currency, with no instructed amount of its own."""
    return Payment(
        uetr=uetr,
        message_id="MSG-1",
        end_to_end_id="E2E-1",
        instruction_id=None,
        transaction_id=None,
        settlement_date=date(2026, 11, 23),
        interbank_settlement_amount=Money(minor, CNY),
        instructed_amount=None,
        exchange_rate=None,
        charge_bearer=ChargeBearer.SHARED,
        charges=(),
        instructing_agent=None,
        instructed_agent=None,
        debtor=Party("Debtor Ltd"),
        debtor_account=CashAccount("6222020200112233", AccountScheme.OTHER),
        debtor_agent=DEBTOR_AGENT,
        creditor=Party("Creditor LLC"),
        creditor_account=CashAccount("AE070331234567890123456", AccountScheme.IBAN),
        creditor_agent=CREDITOR_AGENT,
    )


def cross_currency(charges: tuple[Charge, ...] = ()) -> Payment:
    """A payment of CNY 1,000.00 that reaches the creditor agent as AED 505.00."""
    plain = vars(domestic())
    plain |= {
        "interbank_settlement_amount": Money(50_500, AED),
        "instructed_amount": Money(100_000, CNY),
        "exchange_rate": Fraction(505, 1000),
        "charges": charges,
    }
    return Payment(**plain)
