"""Whatever is refused moves no money and leaves nothing reserved."""

from __future__ import annotations

from typing import Any

import pytest

from node.book.records import AccountStatus, PaymentRecord
from node.domain.lifecycle import TERMINAL, State
from node.domain.money import Currency, Money
from node.domain.party import AccountScheme, Agent, CashAccount
from node.domain.payment import Payment
from node.domain.reasons import Reason
from node.settlement.ports import QuoteRequest, Refused
from node.settlement.quote_taking import Taken, take
from tests.node.settlement.town import (
    AED,
    CNY,
    CREDITOR_ACCOUNT,
    DEBTOR_ACCOUNT,
    DEBTOR_BIC,
    OPENING_MINOR,
    Town,
    payment,
)

EUR = Currency("EUR", 2)


def ended(record: PaymentRecord) -> bool:
    return record.state in TERMINAL


def refused(town: Town, asked: Payment) -> tuple[State, Reason]:
    before = town.account(town.debtor_agent, DEBTOR_ACCOUNT)
    record = town.run(town.post(asked).uetr, ended)
    after = town.account(town.debtor_agent, DEBTOR_ACCOUNT)
    assert (after.balance, after.reserved) == (before.balance, before.reserved)
    with town.debtor_agent.book.view() as unit:
        last = unit.messages.of(asked.uetr)[-1]
        assert unit.accounts.reservation(asked.uetr) is None
    assert last.direction == "out"
    assert record.state.value in last.body.decode()
    return record.state, record.findings[0].reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"creditor_agent": Agent("ZZZZGB0XXXX")}, Reason.CREDITOR_AGENT_UNKNOWN),
        ({"interbank_settlement_amount": Money(100, EUR)}, Reason.CURRENCY_NOT_ISSUED),
        ({"interbank_settlement_amount": Money(OPENING_MINOR * 2, CNY)}, Reason.BALANCE_TOO_LOW),
        ({"debtor_account": None}, Reason.DEBTOR_ACCOUNT_MISSING),
        ({"debtor_account": CashAccount("404", AccountScheme.OTHER)}, Reason.DEBTOR_ACCOUNT_UNKNOWN),
        ({"creditor_account": None}, Reason.CREDITOR_ACCOUNT_MISSING),
        ({"creditor_account": CashAccount("404", AccountScheme.OTHER)}, Reason.CREDITOR_ACCOUNT_UNKNOWN),
        (
            {"creditor_account": CashAccount(CREDITOR_ACCOUNT, AccountScheme.IBAN)},
            Reason.CREDITOR_ACCOUNT_CURRENCY_DIFFERS,
        ),
        ({"quote_id": None, "instructed_amount": Money(100, EUR)}, Reason.CURRENCY_NOT_ISSUED),
    ],
)
def test_refused_with_its_reason(town: Town, changes: dict[str, Any], reason: Reason) -> None:
    assert refused(town, payment(100, **changes)) == (State.REJECTED, reason)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (AccountStatus.CLOSED, Reason.DEBTOR_ACCOUNT_CLOSED),
        (AccountStatus.BLOCKED, Reason.DEBTOR_ACCOUNT_BLOCKED),
    ],
)
def test_an_account_out_of_use_pays_nothing(town: Town, status: AccountStatus, reason: Reason) -> None:
    with town.debtor_agent.book.unit() as unit:
        unit.accounts.set_status(DEBTOR_ACCOUNT, status)
    try:
        assert refused(town, payment(100)) == (State.REJECTED, reason)
    finally:
        with town.debtor_agent.book.unit() as unit:
            unit.accounts.set_status(DEBTOR_ACCOUNT, AccountStatus.OPEN)


def taken_quote(town: Town, sell_minor: int = 10_000) -> Taken:
    taken = take(town.debtor_agent, QuoteRequest(DEBTOR_BIC, "CNY", "AED", Money(sell_minor, CNY), None))
    assert isinstance(taken, Taken)
    return taken


def test_a_quote_nobody_gave(town: Town) -> None:
    unknown = payment(10_000, credit_minor=5_100, quote_id="3f0e2f5c-6f6e-4c1e-9d0a-1f1a3a6f7b10")
    assert refused(town, unknown) == (State.REJECTED, Reason.QUOTE_UNKNOWN)


def test_a_quote_for_other_amounts(town: Town) -> None:
    quote_id = taken_quote(town).signed.quote.quote_id
    assert refused(town, payment(10_000, credit_minor=5_099, quote_id=quote_id)) == (
        State.REJECTED,
        Reason.QUOTE_AMOUNTS_DIFFER,
    )


def test_an_expired_quote(town: Town) -> None:
    quote_id = taken_quote(town).signed.quote.quote_id
    town.forward_both(town.debtor_agent.terms.quote_s + 1)
    assert refused(town, payment(10_000, credit_minor=5_100, quote_id=quote_id)) == (
        State.REJECTED,
        Reason.QUOTE_EXPIRED,
    )


def test_a_quote_serves_one_payment_only(town: Town) -> None:
    quote_id = taken_quote(town).signed.quote.quote_id
    first = town.post(payment(10_000, credit_minor=5_100, quote_id=quote_id))
    town.run(first.uetr, ended)
    assert refused(town, payment(10_000, credit_minor=5_100, quote_id=quote_id)) == (
        State.REJECTED,
        Reason.QUOTE_ALREADY_USED,
    )


def test_a_rate_better_than_the_market(town: Town) -> None:
    assert refused(town, payment(10_000, credit_minor=9_999)) == (State.REJECTED, Reason.RATE_NOT_OFFERED)


def test_more_than_the_provider_has_left_to_promise(town: Town) -> None:
    huge = QuoteRequest(DEBTOR_BIC, "CNY", "AED", None, Money(10**12, AED))
    answer = take(town.debtor_agent, huge)
    assert isinstance(answer, Refused)
    assert answer.findings[0].reason is Reason.PROVIDER_INVENTORY_TOO_LOW
