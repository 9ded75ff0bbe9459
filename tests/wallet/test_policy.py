"""Policies: what they allow and deny, and what a document must not say."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.actors import CREDITOR, DEBTOR
from wallet.address import checksum_address
from wallet.intent import KINDS, Facts
from wallet.policy import Allow, Deny, NeedsApproval, Policy, evaluate
from wallet.policy_document import BadPolicy, parse_policy, policy_hash

SANCTIONED = checksum_address(b"\xba\xdb\xad" * 6 + b"\xba\xdb")
NOON = 1_800_014_400  # 2027-01-15 12:00 UTC
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "utc_offset_min": 480,
    "rules": [
        {"id": "sanctioned", "then": "deny", "counterparties": [SANCTIONED]},
        {"id": "small", "then": "allow", "kinds": ["transfer"], "currencies": ["CNY"], "at_most": "10000"},
        {"id": "large", "then": "approve", "kinds": ["transfer"], "approvals": 2, "roles": ["treasurer"]},
        {"id": "status", "then": "approve", "kinds": ["participant change"], "approvals": 1, "roles": ["chief"]},
    ],
    "limits": [{"id": "day", "currency": "CNY", "amount": "25000", "kinds": ["transfer"]}],
    "quiet_hours": [{"id": "night", "from": "22:00", "to": "06:00"}],
    "people": {"p1": ["treasurer"], "p2": ["treasurer"], "p3": ["chief"]},
}
POLICY: Policy = parse_policy(DOCUMENT)
SMALL = Facts("transfer", CREDITOR, "CNY", 10_000)


def changed(place: list[str | int], value: object) -> dict[str, Any]:
    document: Any = copy.deepcopy(DOCUMENT)
    target = document
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    return dict(document)


def test_the_first_rule_that_holds_decides() -> None:
    assert evaluate(POLICY, SMALL, NOON, {}) == Allow("small")
    larger = Facts("transfer", CREDITOR, "CNY", 10_001)
    assert evaluate(POLICY, larger, NOON, {}) == NeedsApproval("large", 2, frozenset({"treasurer"}))


def test_nothing_is_allowed_that_no_rule_allows() -> None:
    assert evaluate(POLICY, Facts("quote", CREDITOR, "CNY", 1), NOON, {}) == Deny(("no rule allows it",))
    without_amount = Facts("transfer", CREDITOR, "CNY", None)
    assert evaluate(POLICY, without_amount, NOON, {}) != Allow("small")


def test_denials_quiet_hours_limits_and_expiry_come_first_and_all_are_told() -> None:
    midnight = NOON + 4 * 3600  # 00:00 at UTC+8
    facts = Facts("transfer", SANCTIONED, "CNY", 10_000, NOON - 1)
    denied = evaluate(POLICY, facts, midnight, {"day": 15_001})
    assert denied == Deny(
        (
            "rule sanctioned",
            "quiet hours night",
            "limit day: 15001 of 25000 minor units are used today",
            "it has expired",
        )
    )


@given(st.integers(0, 1439))
def test_quiet_hours_over_midnight_end_where_they_say(minute: int) -> None:
    at_offset = NOON - 20 * 3600 + minute * 60  # minute 0 is midnight at UTC+8
    quiet = minute >= 22 * 60 or minute < 6 * 60
    assert isinstance(evaluate(POLICY, SMALL, at_offset, {}), Deny) == quiet


def test_a_limit_is_inclusive() -> None:
    assert evaluate(POLICY, SMALL, NOON, {"day": 15_000}) == Allow("small")
    assert isinstance(evaluate(POLICY, SMALL, NOON, {"day": 15_001}), Deny)


def test_days_turn_at_the_policys_midnight() -> None:
    assert POLICY.day(NOON + 4 * 3600) == POLICY.day(NOON + 4 * 3600 - 1) + 1


def test_a_sensitive_act_is_never_one_persons() -> None:
    everything = parse_policy(changed(["rules"], [{"id": "all", "then": "allow"}]))
    assert isinstance(evaluate(everything, Facts("participant change", DEBTOR), NOON, {}), Deny)
    with pytest.raises(BadPolicy, match="two people"):
        parse_policy(changed(["rules", 1, "kinds"], ["transfer", "participant change"]))


def test_the_hash_is_of_the_content_and_not_of_its_layout() -> None:
    assert POLICY.hash == policy_hash(dict(reversed(DOCUMENT.items())))
    assert POLICY.hash != parse_policy(changed(["version"], 2)).hash


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["version"], 0),
        (["version"], True),
        (["utc_offset_min"], 480.0),
        (["utc_offset_min"], None),
        (["default"], "allow"),
        (["rules"], {}),
        (["rules"], "allow"),
        (["rules", 0], "allow"),
        (["rules", 0, "then"], "permit"),
        (["rules", 0, "id"], ""),
        (["rules", 0, "id"], "small"),
        (["rules", 0, "counterparties"], [SANCTIONED.lower()]),
        (["rules", 0, "at-most"], "1"),
        (["rules", 1, "kinds"], ["transfers"]),
        (["rules", 1, "kinds"], "transfer"),
        (["rules", 1, "currencies"], ["cny"]),
        (["rules", 1, "currencies"], [1]),
        (["rules", 1, "at_most"], 10_000),
        (["rules", 1, "at_most"], "0"),
        (["rules", 1, "at_most"], "1e4"),
        (["rules", 1, "approvals"], 1),
        (["rules", 2, "approvals"], 0),
        (["rules", 2, "approvals"], None),
        (["rules", 2, "roles"], []),
        (["limits", 0, "currency"], None),
        (["limits", 0, "amount"], "-1"),
        (["limits", 0, "per_counterparty"], "yes"),
        (["quiet_hours", 0, "from"], "24:00"),
        (["quiet_hours", 0, "to"], None),
        (["people"], []),
        (["people", "p1"], "treasurer"),
    ],
)
def test_a_faulty_document_never_comes_into_force(place: list[str | int], value: object) -> None:
    with pytest.raises(BadPolicy):
        parse_policy(changed(place, value))


def test_every_kind_of_intent_has_a_name() -> None:
    assert len(set(KINDS.values())) == len(KINDS) == 11
