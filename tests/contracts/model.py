"""The rules of money written a second time, in Python: what the contracts must do, step by step.

Each operation gives the sentence it is refused with, or None and changes the model. Amounts are minor units.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

TRANSFERS, SETTLEMENT, ISSUANCE = 1, 2, 4
MAX_SUPPLY = 2**80 - 1
Caps = tuple[int, int, int]  # largest balance, largest amount, largest total a day


@dataclass
class TokenModel:
    """One currency: accounts by role."""

    balances: dict[str, int]
    issued: int
    issue_allowance: int
    tiers: dict[int, Caps]
    redeemed: int = 0
    paused: int = 0
    frozen: set[str] = field(default_factory=set)
    frozen_amounts: dict[str, int] = field(default_factory=dict)
    tier: dict[str, int] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)

    def debit_refusal(self, owner: str, amount: int) -> str | None:
        balance = self.balances.get(owner, 0)
        if owner in self.frozen:
            return "CurrencyToken: debtor account frozen"
        frozen = self.frozen_amounts.get(owner, 0)
        if frozen and amount > balance - min(balance, frozen):
            return "CurrencyToken: amount frozen"
        if tier := self.tier.get(owner, 0):
            _, single, daily = self.tiers[tier]
            if amount > single:
                return "CurrencyToken: amount above the tier's cap"
            if self.spent.get(owner, 0) + amount > daily:
                return "CurrencyToken: daily total above the tier's cap"
        return "CurrencyToken: balance too low" if amount > balance else None

    def debit(self, owner: str, amount: int) -> None:
        self.balances[owner] = self.balances.get(owner, 0) - amount
        if self.tier.get(owner, 0):
            self.spent[owner] = self.spent.get(owner, 0) + amount

    def credit_refusal(self, to: str, amount: int) -> str | None:
        if to in self.frozen:
            return "CurrencyToken: creditor account frozen"
        tier = self.tier.get(to, 0)
        if tier and self.balances.get(to, 0) + amount > self.tiers[tier][0]:
            return "CurrencyToken: balance above the tier's cap"
        return None

    def credit(self, to: str, amount: int) -> None:
        self.balances[to] = self.balances.get(to, 0) + amount

    def move(self, owner: str, to: str, amount: int, flag: int = TRANSFERS) -> str | None:
        """A payment by any way: refused, or done. A payment to oneself is debited before it is credited."""
        if self.paused & flag:
            return "CurrencyToken: paused"
        if refusal := self.debit_refusal(owner, amount):
            return refusal
        left = self.balances.get(owner, 0) - amount if owner == to else self.balances.get(to, 0)
        tier = self.tier.get(to, 0)
        if to in self.frozen:
            return "CurrencyToken: creditor account frozen"
        if tier and left + amount > self.tiers[tier][0]:
            return "CurrencyToken: balance above the tier's cap"
        self.debit(owner, amount)
        self.credit(to, amount)
        return None

    def issue(self, to: str, amount: int) -> str | None:
        if self.paused & ISSUANCE:
            return "CurrencyToken: paused"
        if amount > self.issue_allowance:
            return "CurrencyToken: issue allowance too low"
        if self.issued - self.redeemed + amount > MAX_SUPPLY:
            return "CurrencyToken: supply too large"
        if refusal := self.credit_refusal(to, amount):
            return refusal
        self.issue_allowance -= amount
        self.issued += amount
        self.credit(to, amount)
        return None

    def redeem(self, issuer: str, amount: int) -> str | None:
        if self.paused & ISSUANCE:
            return "CurrencyToken: paused"
        if refusal := self.debit_refusal(issuer, amount):
            return refusal
        self.debit(issuer, amount)
        self.redeemed += amount
        return None

    def force(self, owner: str, to: str, amount: int) -> str | None:
        balance = self.balances.get(owner, 0)
        if owner == to:
            return "CurrencyToken: forced transfer to the same account"
        if amount > balance:
            return "CurrencyToken: balance too low"
        if refusal := self.credit_refusal(to, amount):
            return refusal
        frozen = self.frozen_amounts.get(owner, 0)
        free = balance - min(balance, frozen)
        if amount > free:
            self.frozen_amounts[owner] = frozen - (amount - free)
        self.balances[owner] = balance - amount
        self.credit(to, amount)
        return None


@dataclass
class SettlementModel:
    """What has been used up: UETRs, sequences, quotes; and what has been returned of each payment."""

    uetrs: dict[bytes, tuple[str, int]] = field(default_factory=dict)  # -> ("settled", amount) or ("cancelled", 0)
    sequences: set[int] = field(default_factory=set)
    quotes: set[bytes] = field(default_factory=set)
    returned: dict[bytes, int] = field(default_factory=dict)

    def key_refusal(self, uetr: bytes, sequence: int) -> str | None:
        if sequence:
            return "Settlement: sequence already used" if sequence in self.sequences else None
        if uetr not in self.uetrs:
            return None
        cancelled = self.uetrs[uetr][0] == "cancelled"
        return "Settlement: uetr cancelled" if cancelled else "Settlement: uetr already settled"

    def use_key(self, uetr: bytes, sequence: int, amount: int) -> None:
        if sequence:
            self.sequences.add(sequence)
        else:
            self.uetrs[uetr] = ("settled", amount)


def both_or_neither(tokens: list[TokenModel], legs: Sequence[Callable[[], str | None]]) -> str | None:
    """Runs legs one after the other, and puts everything back where one is refused."""
    kept = [(dict(token.balances), dict(token.spent)) for token in tokens]
    for leg in legs:
        if refusal := leg():
            for token, (balances, spent) in zip(tokens, kept, strict=True):
                token.balances, token.spent = balances, spent
            return refusal
    return None
