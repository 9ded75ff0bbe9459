"""How much of each daily limit is used, per signer (and per counterparty where the limit says so).

It is rebuilt from the audit log, so a restart gives nothing back. What was allowed counts, whether or not a signer
then failed; but the same digest counts once a day, so asking again for the same act costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wallet.audit import Entry
from wallet.intent import Facts
from wallet.policy import Limit, Policy, counts


@dataclass(frozen=True)
class Use:
    """What one signature takes of the limits of a day: minor units by limit, signer and counterparty."""

    day: int
    digest: str
    taken: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return it for the audit log."""
        taken = {key: str(amount) for key, amount in self.taken.items()}
        return {"day": self.day, "digest": self.digest, "taken": taken}


class Spending:
    """Minor units used today; what was used on earlier days is forgotten."""

    def __init__(self) -> None:
        self._day = 0
        self._used: Counter[str] = Counter()
        self._digests: set[str] = set()

    @classmethod
    def from_log(cls, entries: Iterable[Entry]) -> Spending:
        """Return what the entries of an audit log have used."""
        spending = cls()
        for entry in entries:
            if entry.event == "allowed":
                use = entry.body["use"]
                taken = {key: int(text) for key, text in use["taken"].items()}
                spending.count(Use(use["day"], use["digest"], taken))
        return spending

    def spent(self, policy: Policy, facts: Facts, signer: str, now_s: float) -> dict[str, int]:
        """Return what today's limits have taken, by limit id, for this signer and counterparty."""
        if policy.day(now_s) > self._day:
            return {}
        return {limit.id: self._used[_key(limit, facts, signer)] for limit in policy.limits}

    def use(self, policy: Policy, facts: Facts, signer: str, now_s: float, digest: bytes) -> Use:
        """Return what signing `digest` would use; nothing for a digest that has counted today."""
        day, name = policy.day(now_s), digest.hex()
        if day <= self._day and name in self._digests:
            return Use(day, name, {})
        limits = [limit for limit in policy.limits if counts(limit, facts)]
        return Use(day, name, {_key(limit, facts, signer): facts.amount or 0 for limit in limits})

    def count(self, use: Use) -> None:
        """Count a use; the first of a new day forgets the day before."""
        if use.day > self._day:  # a clock set back must not open a day anew
            self._day, self._used, self._digests = use.day, Counter(), set()
        self._used.update(use.taken)
        self._digests.add(use.digest)


def _key(limit: Limit, facts: Facts, signer: str) -> str:
    return f"{limit.id} {signer} {facts.counterparty if limit.per_counterparty else '*'}"
