"""What is written as JSON comes back equal, whatever it was, and no amount in it is a JSON number."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.book.payment_json import (
    facts_to_json,
    finding_facts,
    finding_from,
    payment_from_json,
    persons_to_json,
    quote_from_json,
    quote_to_json,
)
from node.domain.money import Money
from node.domain.payment import Charge, Payment
from node.domain.quote import SignedQuote
from node.domain.reasons import Finding
from tests.node.book.strategies import findings, payments, quotes
from tests.node.domain.payments import CNY, domestic


@given(payments)
@settings(max_examples=200, deadline=None)
def test_a_payment_comes_back_equal(payment: Payment) -> None:
    assert payment_from_json(facts_to_json(payment), persons_to_json(payment)) == payment


@given(st.lists(findings, max_size=4).map(tuple))
def test_findings_come_back_equal(found: tuple[Finding, ...]) -> None:
    assert tuple(finding_from(finding_facts(one), one.text, one.value) for one in found) == found


@given(quotes)
def test_a_signed_quote_comes_back_equal(signed: SignedQuote) -> None:
    assert quote_from_json(quote_to_json(signed)) == signed


def test_an_amount_is_digits_in_a_string() -> None:
    kept = json.loads(facts_to_json(domestic(minor=2**256)))
    assert kept["interbank_settlement_amount"] == {
        "minor": str(2**256),
        "currency": "CNY",
        "minor_units": 2,
    }


def test_every_field_of_a_payment_is_written_somewhere() -> None:
    """A field added to the domain and forgotten here would be lost without a word."""
    payment = payments_with_everything()
    empty = [field.name for field in fields(payment) if getattr(payment, field.name) in (None, ())]
    assert empty == []
    facts, persons = set(json.loads(facts_to_json(payment))), set(json.loads(persons_to_json(payment)))
    assert facts | persons == {field.name for field in fields(Payment)}
    assert not facts & persons


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"uetr": "x"}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        payment_from_json(text, text)


TEXTS = ("instruction_id", "transaction_id", "quote_id", "purpose", "return_of", "return_reason")


def payments_with_everything() -> Payment:
    """A payment in which nothing is absent."""
    plain: dict[str, Any] = dict(vars(domestic()))
    plain |= {name: plain[name] or "text" for name in TEXTS}
    plain |= {
        "instructed_amount": Money(1, CNY),
        "exchange_rate": 1,
        "charges": (Charge(Money(1, CNY), plain["debtor_agent"]),),
        "instructing_agent": plain["debtor_agent"],
        "instructed_agent": plain["creditor_agent"],
        "remittance": ("text",),
    }
    assert is_dataclass(Payment)
    return Payment(**plain)
