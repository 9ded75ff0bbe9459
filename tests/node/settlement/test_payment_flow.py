"""A payment's whole way on a real chain, in one currency and in two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.money import Money
from node.domain.party import Agent
from node.domain.payment import Charge
from node.settlement.intake import Conflicting, Received, Recorded, Repeated, receive
from node.settlement.ports import QuoteRequest
from node.settlement.quote_taking import Taken, take
from tests.node.settlement.town import (
    AED,
    CNY,
    CNY_ACCOUNT_ABROAD,
    CREDITOR_ACCOUNT,
    DEBTOR_ACCOUNT,
    DEBTOR_BIC,
    Town,
    payment,
)


def settled(record: PaymentRecord) -> bool:
    return record.state is State.SETTLED


def test_one_currency_settles_and_both_customers_see_it(town: Town) -> None:
    before = town.account(town.debtor_agent, DEBTOR_ACCOUNT).balance.minor
    abroad = town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance.minor
    posted = town.post(payment(12_345))
    record = town.run(posted.uetr, settled)
    town.turn()
    states = [step.state for step in record.history]
    assert states == [
        State.RECEIVED,
        State.VALIDATED,
        State.ACCEPTED,
        State.SUBMITTED,
        State.INCLUDED,
        State.SETTLED,
    ]
    assert record.block_number is not None
    assert record.block_hash is not None
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).balance.minor == before - 12_345
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).reserved.minor == 0
    assert town.account(town.creditor_agent, CNY_ACCOUNT_ABROAD).balance.minor == abroad + 12_345
    assert settled(town.record(posted.uetr, town.creditor_agent))


def test_two_currencies_settle_in_one_transaction_through_the_provider(town: Town) -> None:
    cny, aed = town.on_chain(town.provider, CNY), town.on_chain(town.provider, AED)
    credited = town.account(town.creditor_agent, CREDITOR_ACCOUNT).balance.minor
    posted = town.post(payment(10_000, credit_minor=5_100))
    record = town.run(posted.uetr, settled)
    town.turn()
    assert record.quote is not None
    assert town.on_chain(town.provider, CNY) == cny + 10_000
    assert town.on_chain(town.provider, AED) == aed - 5_100
    assert town.account(town.creditor_agent, CREDITOR_ACCOUNT).balance.minor == credited + 5_100


def test_a_quote_taken_before_is_the_one_used(town: Town) -> None:
    taken = take(town.debtor_agent, QuoteRequest(DEBTOR_BIC, "CNY", "AED", Money(7_777, CNY), None))
    assert isinstance(taken, Taken)
    quote = taken.signed.quote
    assert quote.buy == Money(3_966, AED)  # 77.77 × 0.51 = 39.6627, rounded down
    posted = town.post(payment(7_777, credit_minor=3_966, quote_id=quote.quote_id))
    record = town.run(posted.uetr, settled)
    assert record.quote is not None
    assert record.quote.quote.quote_id == quote.quote_id


def test_charges_kept_by_the_debtor_agent_stay_on_its_own_account(town: Town) -> None:
    with town.debtor_agent.book.unit() as unit:
        before = unit.accounts.own(CNY).balance.minor
    charged = payment(
        9_900, instructed_amount=Money(10_000, CNY), charges=(Charge(Money(100, CNY), Agent(DEBTOR_BIC)),)
    )
    debtor_before = town.account(town.debtor_agent, DEBTOR_ACCOUNT).balance.minor
    town.run(town.post(charged).uetr, settled)
    with town.debtor_agent.book.unit() as unit:
        assert unit.accounts.own(CNY).balance.minor == before + 100
    assert town.account(town.debtor_agent, DEBTOR_ACCOUNT).balance.minor == debtor_before - 10_000


def test_the_same_message_again_gets_the_same_answer_and_no_second_payment(town: Town) -> None:
    asked = payment(500)
    first = receive(town.debtor_agent, Received(asked, (), town.message(asked)))
    assert isinstance(first, Recorded)
    town.run(asked.uetr, settled)
    again = receive(town.debtor_agent, Received(asked, (), town.message(asked)))
    assert isinstance(again, Repeated)
    assert again.answer == first.answer
    assert town.record(asked.uetr).state is State.SETTLED


@pytest.mark.parametrize("same_message_id", [True, False])
def test_the_same_uetr_with_another_body_is_refused(town: Town, same_message_id: bool) -> None:
    asked = payment(600)
    town.post(asked)
    other = asked if same_message_id else replace(asked, message_id="ANOTHER-MESSAGE")
    answer = receive(town.debtor_agent, Received(other, (), town.message(other, "please pay more")))
    assert isinstance(answer, Conflicting)
    assert answer.finding.reason.sentence == "uetr_already_used"
    town.run(asked.uetr, settled)


def test_every_boundary_is_crossed_in_order(town: Town) -> None:
    posted = town.post(payment(1_000, credit_minor=510))
    town.run(posted.uetr, settled)
    names = [name for name, uetr in town.crossed if uetr == posted.uetr]
    wanted = [
        "received",
        "validated",
        "quoted",
        "instructed",
        "considered",
        "accepted",
        "signed",
        "broadcast",
        "settled",
    ]
    assert [name for name in names if name in wanted][: len(wanted)] == wanted
