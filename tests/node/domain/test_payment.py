"""The two legs of a payment: what leaves the debtor's account, what leaves its agent, what arrives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from node.domain.money import CurrencyMismatch, Money
from node.domain.payment import (
    Charge,
    charges_taken,
    credit_leg,
    debit_leg,
    debtor_pays,
    is_cross_currency,
)
from tests.node.domain.payments import AED, CNY, CREDITOR_AGENT, DEBTOR_AGENT, cross_currency, domestic

OURS = Charge(Money(1_500, CNY), DEBTOR_AGENT)
THEIRS = Charge(Money(700, AED), CREDITOR_AGENT)


def test_within_one_currency_all_legs_are_the_settlement_amount() -> None:
    payment = domestic(minor=100_000)
    assert not is_cross_currency(payment)
    assert debtor_pays(payment) == debit_leg(payment) == credit_leg(payment) == Money(100_000, CNY)
    assert charges_taken(payment) == Money(0, CNY)


def test_within_one_currency_the_debtor_pays_the_instructed_amount_and_the_agent_keeps_the_charge() -> None:
    payment = replace(domestic(minor=98_500), instructed_amount=Money(100_000, CNY), charges=(OURS,))
    assert not is_cross_currency(payment)
    assert debtor_pays(payment) == Money(100_000, CNY)
    assert debit_leg(payment) == credit_leg(payment) == Money(98_500, CNY)
    assert debtor_pays(payment) - debit_leg(payment) == charges_taken(payment)


def test_across_currencies_the_quote_sells_what_the_debtor_pays_less_the_charge() -> None:
    payment = cross_currency((OURS,))
    assert is_cross_currency(payment)
    assert debtor_pays(payment) == Money(100_000, CNY)
    assert debit_leg(payment) == Money(98_500, CNY)
    assert credit_leg(payment) == Money(50_500, AED)


def test_charges_in_another_currency_do_not_change_what_the_debtor_agent_pays() -> None:
    payment = cross_currency((OURS, THEIRS, OURS))
    assert charges_taken(payment) == Money(3_000, CNY)
    assert debit_leg(payment) == Money(97_000, CNY)


def test_the_legs_of_two_currencies_cannot_be_added() -> None:
    payment = cross_currency()
    with pytest.raises(CurrencyMismatch):
        debit_leg(payment) + credit_leg(payment)
