"""What may be signed, and with whose consent: versioned data, hashed, and judged by a pure function.

Nothing is allowed unless a rule says so. Denials, quiet hours and limits are looked at before any permission, so
the order of the rules can never open what one of them closes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from wallet.intent import Facts

DAY_S: Final = 86_400
# Acts that always take two people, whatever a policy says.
SENSITIVE: Final = frozenset({"participant change"})


@dataclass(frozen=True)
class Scope:
    """Which intents a rule or limit is about; an empty set means any. `at_most` is in minor units, inclusive."""

    kinds: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()
    counterparties: frozenset[str] = frozenset()
    at_most: int | None = None

    def holds(self, facts: Facts) -> bool:
        """Whether `facts` are in scope; without an amount or currency, no bound on one is ever met."""
        if self.kinds and facts.kind not in self.kinds:
            return False
        if self.currencies and facts.currency not in self.currencies:
            return False
        if self.counterparties and facts.counterparty not in self.counterparties:
            return False
        return self.at_most is None or (facts.amount is not None and facts.amount <= self.at_most)


@dataclass(frozen=True)
class Rule:
    """`then` is allow, deny or approve; to approve takes `approvals` people with one of the `roles`."""

    id: str
    then: str
    scope: Scope
    approvals: int = 0
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Limit:
    """At most `amount` minor units of `currency` a calendar day: of one signer, in all or to each counterparty."""

    id: str
    currency: str
    amount: int
    kinds: frozenset[str]
    per_counterparty: bool = False


@dataclass(frozen=True)
class QuietHours:
    """From one minute of the day to another (which may be the next day's), nothing of these kinds is signed."""

    id: str
    from_minute: int
    to_minute: int
    kinds: frozenset[str]


@dataclass(frozen=True)
class Policy:
    """One version of the rules. `hash` is the SHA-256 of its canonical JSON and stands in every audit entry."""

    version: int
    hash: str
    utc_offset_min: int
    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...]
    quiet_hours: tuple[QuietHours, ...]
    people: Mapping[str, frozenset[str]]

    def day(self, now_s: float) -> int:
        """Return the number of the calendar day at the policy's UTC offset."""
        return int(now_s + self.utc_offset_min * 60) // DAY_S


@dataclass(frozen=True)
class Allow:
    """It may be signed now; `rule` is the one that says so."""

    rule: str


@dataclass(frozen=True)
class Deny:
    """It may not be signed, for all these reasons."""

    reasons: tuple[str, ...]


@dataclass(frozen=True)
class NeedsApproval:
    """`approvals` people with one of `roles`, none of whom asked for it, must agree first."""

    rule: str
    approvals: int
    roles: frozenset[str]


Decision = Allow | Deny | NeedsApproval


def evaluate(policy: Policy, facts: Facts, now_s: float, spent: Mapping[str, int]) -> Decision:
    """Judge `facts` at unix time `now_s`; `spent` is what each limit has already taken today, by its id."""
    reasons = [*_denials(policy, facts), *_quiet(policy, facts, now_s), *_exceeded(policy, facts, spent)]
    if facts.expiry_s is not None and facts.expiry_s < now_s:
        reasons.append("it has expired")
    if reasons:
        return Deny(tuple(reasons))
    for rule in policy.rules:
        if rule.then != "deny" and rule.scope.holds(facts):
            if rule.then == "approve":
                return NeedsApproval(rule.id, rule.approvals, rule.roles)
            return _allowed(rule, facts)
    return Deny(("no rule allows it",))


def counts(limit: Limit, facts: Facts) -> bool:
    """Whether what is signed uses up this limit."""
    return facts.amount is not None and facts.currency == limit.currency and facts.kind in limit.kinds


def may_approve(policy: Policy, person: str, roles: frozenset[str]) -> bool:
    """Whether a person has one of the roles that an approval takes."""
    return bool(policy.people.get(person, frozenset()) & roles)


def _allowed(rule: Rule, facts: Facts) -> Decision:
    if facts.kind in SENSITIVE:
        return Deny((f"rule {rule.id} would let one person alone do a {facts.kind}",))
    return Allow(rule.id)


def _denials(policy: Policy, facts: Facts) -> list[str]:
    return [f"rule {rule.id}" for rule in policy.rules if rule.then == "deny" and rule.scope.holds(facts)]


def _quiet(policy: Policy, facts: Facts, now_s: float) -> list[str]:
    moment = datetime.fromtimestamp(now_s, UTC) + timedelta(minutes=policy.utc_offset_min)
    minute = moment.hour * 60 + moment.minute
    return [f"quiet hours {q.id}" for q in policy.quiet_hours if facts.kind in q.kinds and _within(minute, q)]


def _within(minute: int, quiet: QuietHours) -> bool:
    if quiet.from_minute <= quiet.to_minute:
        return quiet.from_minute <= minute < quiet.to_minute
    return minute >= quiet.from_minute or minute < quiet.to_minute


def _exceeded(policy: Policy, facts: Facts, spent: Mapping[str, int]) -> list[str]:
    return [
        f"limit {limit.id}: {spent.get(limit.id, 0)} of {limit.amount} minor units are used today"
        for limit in policy.limits
        if counts(limit, facts) and spent.get(limit.id, 0) + (facts.amount or 0) > limit.amount
    ]
