"""A payment between two accounts of one institution moves money in its book only, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from node.book.records import AccountStatus, EntryRecord, PaymentRecord
from node.domain.lifecycle import TERMINAL, State
from node.domain.money import Money
from node.domain.names import NameCheck
from node.domain.own_account import own_account
from node.domain.party import AccountScheme, Agent, CashAccount, Party
from node.domain.payment import Charge, Payment
from node.domain.reasons import Reason
from node.settlement.engine import step
from node.settlement.intake import Received, Repeated, receive
from node.settlement.together import carry_together, may_go_together
from tests.node.settlement.town import (
    AED,
    CNY,
    DEBTOR_ACCOUNT,
    DEBTOR_BIC,
    OPENING_MINOR,
    Town,
    account_of,
    payment,
)

NEIGHBOUR, ABROAD_IN_DIRHAM = "6200000000000002", "6200000000000003"


@pytest.fixture(scope="module", autouse=True)
def neighbours(shared_town: Town) -> None:
    """Two more customers of the debtor agent."""
    with shared_town.debtor_agent.book.unit() as unit:
        unit.accounts.open(account_of(NEIGHBOUR, CNY))
        unit.accounts.open(account_of(ABROAD_IN_DIRHAM, AED))


def at_home(amount_minor: int, **changes: Any) -> Payment:
    """From one customer of the debtor agent to another."""
    neighbour = CashAccount(NEIGHBOUR, AccountScheme.OTHER)
    kept: dict[str, Any] = {"creditor_agent": Agent(DEBTOR_BIC), "creditor_account": neighbour}
    return payment(amount_minor, **(kept | changes))


def balance(town: Town, number: str) -> int:
    return town.account(town.debtor_agent, number).balance.minor


def ended(record: PaymentRecord) -> bool:
    return record.state in TERMINAL


def entries_of(town: Town, number: str, uetr: str) -> list[EntryRecord]:
    with town.debtor_agent.book.view() as unit:
        return [one for one in unit.accounts.entries(number) if one.uetr == uetr]


def test_it_settles_in_one_step_and_nobody_else_hears_of_it(town: Town) -> None:
    before, there = balance(town, DEBTOR_ACCOUNT), balance(town, NEIGHBOUR)
    asked, height = town.board.asked, town.height()
    posted = town.post(at_home(12_345))
    step(town.debtor_agent, posted.uetr)
    record = town.record(posted.uetr)
    assert [one.state for one in record.history] == [
        State.RECEIVED,
        State.VALIDATED,
        State.ACCEPTED,
        State.SETTLED,
    ]
    assert (record.transaction_hash, record.block_number, record.instruction) == (None, None, None)
    assert (town.board.asked, town.height()) == (asked, height)
    assert balance(town, DEBTOR_ACCOUNT) == before - 12_345
    assert balance(town, NEIGHBOUR) == there + 12_345
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 0
    (paid,), (got,) = (entries_of(town, number, posted.uetr) for number in (DEBTOR_ACCOUNT, NEIGHBOUR))
    assert (paid.amount.minor, paid.text) == (-12_345, "credit transfer")
    assert (got.amount.minor, got.text) == (12_345, "credit transfer received")
    with town.debtor_agent.book.view() as unit:
        assert "SETTLED" in unit.messages.of(posted.uetr)[-1].body.decode()


def test_a_branch_that_nobody_registered_is_the_same_institution(town: Town) -> None:
    posted = town.post(at_home(10, creditor_agent=Agent(f"{DEBTOR_BIC[:8]}123")))
    step(town.debtor_agent, posted.uetr)
    assert town.record(posted.uetr).state is State.SETTLED


def test_the_same_message_again_books_nothing_more(town: Town) -> None:
    asked = at_home(70)
    posted = town.post(asked)
    step(town.debtor_agent, posted.uetr)
    there = balance(town, NEIGHBOUR)
    assert isinstance(receive(town.debtor_agent, Received(asked, (), town.message(asked))), Repeated)
    step(town.debtor_agent, posted.uetr)
    assert balance(town, NEIGHBOUR) == there


def test_those_that_come_together_settle_each_by_itself(town: Town) -> None:
    there = balance(town, NEIGHBOUR)
    records = [town.post(at_home(amount)) for amount in (11, 12, 13)]
    assert all(may_go_together(town.debtor_agent, record) for record in records)
    carry_together(town.debtor_agent, records)
    assert {town.record(record.uetr).state for record in records} == {State.SETTLED}
    assert balance(town, NEIGHBOUR) == there + 36


def test_charges_stay_on_the_institutions_own_account(town: Town) -> None:
    own = own_account("CNY").number
    before, kept, there = balance(town, DEBTOR_ACCOUNT), balance(town, own), balance(town, NEIGHBOUR)
    charge = Charge(Money(150, CNY), Agent(DEBTOR_BIC))
    posted = town.post(at_home(9_850, instructed_amount=Money(10_000, CNY), charges=(charge,)))
    step(town.debtor_agent, posted.uetr)
    assert balance(town, DEBTOR_ACCOUNT) == before - 10_000
    assert balance(town, NEIGHBOUR) == there + 9_850
    assert balance(town, own) == kept + 150


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"creditor_account": None}, Reason.CREDITOR_ACCOUNT_MISSING),
        ({"creditor_account": CashAccount("404", AccountScheme.OTHER)}, Reason.CREDITOR_ACCOUNT_UNKNOWN),
        (
            {"creditor_account": CashAccount(DEBTOR_ACCOUNT, AccountScheme.OTHER)},
            Reason.CREDITOR_ACCOUNT_IS_DEBTOR_ACCOUNT,
        ),
        (
            {"creditor_account": CashAccount(ABROAD_IN_DIRHAM, AccountScheme.OTHER)},
            Reason.CREDITOR_ACCOUNT_CURRENCY_DIFFERS,
        ),
        ({"interbank_settlement_amount": Money(OPENING_MINOR * 2, CNY)}, Reason.BALANCE_TOO_LOW),
        ({"debtor_account": CashAccount("404", AccountScheme.OTHER)}, Reason.DEBTOR_ACCOUNT_UNKNOWN),
    ],
)
def test_refused_with_its_reason_and_nothing_moved(town: Town, changes: dict[str, Any], reason: Reason) -> None:
    before = town.account(town.debtor_agent, DEBTOR_ACCOUNT)
    posted = town.post(at_home(100, **changes))
    record = town.run(posted.uetr, ended)
    assert (record.state, record.findings[0].reason) == (State.REJECTED, reason)
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT) == before
    with town.debtor_agent.book.view() as unit:
        assert unit.accounts.reservation(posted.uetr) is None


def test_an_account_that_is_closed_is_not_credited(town: Town) -> None:
    book = town.debtor_agent.book
    with book.unit() as unit:
        unit.accounts.set_status(NEIGHBOUR, AccountStatus.CLOSED)
    try:
        record = town.run(town.post(at_home(100)).uetr, ended)
    finally:
        with book.unit() as unit:
            unit.accounts.set_status(NEIGHBOUR, AccountStatus.OPEN)
    assert (record.state, record.findings[0].reason) == (State.REJECTED, Reason.CREDITOR_ACCOUNT_CLOSED)


def test_the_creditors_name_is_looked_at_as_anybody_elses(town: Town) -> None:
    told = town.post(at_home(5))
    step(town.debtor_agent, told.uetr)
    with town.debtor_agent.book.view() as unit:
        assert [one.rule for one in unit.remarks.of(told.uetr)] == ["creditor-agent.name-no-match"]
    strict = replace(town.debtor_agent, name_check=NameCheck.REFUSE)
    refused, right = town.post(at_home(5)), town.post(at_home(5, creditor=Party("A customer")))
    step(strict, refused.uetr)
    step(strict, right.uetr)
    assert town.record(refused.uetr).findings[0].reason is Reason.CREDITOR_NAME_DIFFERS
    assert town.record(right.uetr).state is State.SETTLED


def test_between_two_currencies_a_provider_stands_in_the_middle(town: Town) -> None:
    before, cny = balance(town, DEBTOR_ACCOUNT), town.on_chain(town.provider, CNY)
    asked = town.board.asked
    crossing = payment(
        10_000,
        credit_minor=5_100,
        creditor_agent=Agent(DEBTOR_BIC),
        creditor_account=CashAccount(ABROAD_IN_DIRHAM, AccountScheme.OTHER),
    )
    record = town.run(town.post(crossing).uetr, ended)
    assert (record.state, record.findings) == (State.SETTLED, ())
    assert record.block_number is not None
    assert town.board.asked == asked
    assert balance(town, DEBTOR_ACCOUNT) == before - 10_000
    assert balance(town, ABROAD_IN_DIRHAM) == 5_100
    assert town.on_chain(town.provider, CNY) == cny + 10_000


def test_two_currencies_are_refused_before_a_quote_is_taken(town: Town) -> None:
    crossing = payment(10_000, credit_minor=5_100, creditor_agent=Agent(DEBTOR_BIC))
    record = town.run(town.post(crossing).uetr, ended)
    assert (record.state, record.quote) == (State.REJECTED, None)
    assert record.findings[0].reason is Reason.CREDITOR_ACCOUNT_UNKNOWN
