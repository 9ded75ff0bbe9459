"""Reasons have unique names, an order of precedence, and say who must act."""

from __future__ import annotations

from itertools import permutations

import pytest

from node.domain.reasons import Actor, Finding, Reason, most_important, reason_named


def test_every_reason_has_a_name_of_its_own_that_leads_back_to_it() -> None:
    names = [reason.sentence for reason in Reason]
    assert len(names) == len(set(names))
    for reason in Reason:
        assert reason_named(reason.sentence) is reason
        assert reason.sentence == reason.name.lower()


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        reason_named("because")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_who_must_act(reason: Reason) -> None:
    assert isinstance(reason.actor, Actor)
    assert isinstance(reason.transient, bool)


def test_the_reason_that_comes_first_is_reported_whatever_the_order_of_finding() -> None:
    findings = [
        Finding(Reason.BALANCE_TOO_LOW, "short"),
        Finding(Reason.UETR_ALREADY_USED, "used"),
        Finding(Reason.CREDITOR_AGENT_UNKNOWN, "unknown"),
    ]
    for order in permutations(findings):
        found = most_important(order)
        assert found is not None
        assert found.reason is Reason.UETR_ALREADY_USED


def test_of_two_findings_with_one_reason_the_first_is_reported() -> None:
    first, second = Finding(Reason.BIC_MALFORMED, "first"), Finding(Reason.BIC_MALFORMED, "second")
    assert most_important((first, second)) is first


def test_nothing_found_is_nothing_to_report() -> None:
    assert most_important(()) is None


def test_what_only_the_message_decides_cannot_succeed_later() -> None:
    lasting = (Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, Reason.UETR_ALREADY_USED, Reason.AMOUNT_IS_ZERO)
    assert not any(reason.transient for reason in lasting)
    assert Reason.BALANCE_TOO_LOW.transient
