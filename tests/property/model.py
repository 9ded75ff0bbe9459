"""What money must do, in a few lines of Python: the model that the contracts are compared with, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY_S = 86_400
# The caps of the only tier: largest balance, largest payment, largest total a day.
MAX_BALANCE, MAX_AMOUNT, MAX_DAILY = 60_000_00, 10_000_00, 25_000_00
TRANSFERS, SETTLEMENT, ISSUANCE = 1, 2, 4
# A payment with this sequence or a higher one is for netting, and never settles gross.
NETTED = 2**63


@dataclass
class Account:
    """One holder's money in one currency."""

    balance: int = 0
    held: int = 0
    frozen: bool = False
    capped: bool = False
    spent: int = 0
    day: int = 0

    def spent_on(self, day: int) -> int:
        return self.spent if self.day == day else 0


@dataclass
class Currency:
    """One currency: its accounts, what is paused, what is outstanding."""

    accounts: dict[str, Account] = field(default_factory=dict)
    paused: int = 0
    outstanding: int = 0

    def of(self, who: str) -> Account:
        return self.accounts.setdefault(who, Account())

    def may_debit(self, who: str, amount: int, now: int) -> bool:
        account = self.of(who)
        if account.frozen or amount > account.balance:
            return False
        if not account.capped:
            return True
        return amount <= MAX_AMOUNT and account.spent_on(now // DAY_S) + amount <= MAX_DAILY

    def may_credit(self, who: str, amount: int, less: int = 0) -> bool:
        """`less` is what the same account is debited in the same movement."""
        account = self.of(who)
        if account.frozen:
            return False
        return not account.capped or account.balance + account.held - less + amount <= MAX_BALANCE

    def may_move(self, debtor: str, creditor: str, amount: int, now: int) -> bool:
        less = amount if debtor == creditor else 0
        return self.may_debit(debtor, amount, now) and self.may_credit(creditor, amount, less)

    def debit(self, who: str, amount: int, now: int) -> None:
        account = self.of(who)
        account.balance -= amount
        if account.capped:
            account.spent, account.day = account.spent_on(now // DAY_S) + amount, now // DAY_S

    def move(self, debtor: str, creditor: str, amount: int, now: int) -> None:
        self.debit(debtor, amount, now)
        self.of(creditor).balance += amount

    def may_pay_held(self, debtor: str, creditor: str, amount: int) -> bool:
        if self.paused & (TRANSFERS | SETTLEMENT) or self.of(debtor).frozen:
            return False
        return self.may_credit(creditor, amount, amount if debtor == creditor else 0)

    def pay_held(self, debtor: str, creditor: str, amount: int) -> None:
        self.of(debtor).held -= amount
        self.of(creditor).balance += amount


@dataclass(frozen=True)
class Payment:
    """One attempt to settle, as far as the model cares. A single-currency payment sells what it buys."""

    uetr: bytes
    sequence: int
    debtor_agent: str
    creditor_agent: str
    debtor: str
    creditor: str
    sold: str
    sold_amount: int
    bought: str
    bought_amount: int
    provider: str | None
    free_quote: bytes | None
    expiry: int
    well_signed: bool
    returns: bytes | None = None


@dataclass
class Model:
    """Everything the contracts keep, and what they must allow."""

    currencies: dict[str, Currency]
    active: dict[str, bool]
    used: set[tuple[str, bytes]] = field(default_factory=set)
    sequences: set[tuple[str, int]] = field(default_factory=set)
    quotes: set[bytes] = field(default_factory=set)
    settled: dict[tuple[str, bytes], Payment] = field(default_factory=dict)
    returned: dict[tuple[str, bytes], int] = field(default_factory=dict)
    # the number of the clearing agent's last cycle, settled or withdrawn
    last_cycle: int = 0

    def legs(self, payment: Payment) -> list[tuple[str, str, str, int]]:
        if payment.provider is None:
            return [(payment.sold, payment.debtor, payment.creditor, payment.sold_amount)]
        return [
            (payment.sold, payment.debtor, payment.provider, payment.sold_amount),
            (payment.bought, payment.provider, payment.creditor, payment.bought_amount),
        ]

    def may_settle(self, payment: Payment, now: int) -> bool:
        everybody = [payment.debtor_agent, payment.creditor_agent, payment.provider or payment.debtor_agent]
        return (
            payment.well_signed
            and now <= payment.expiry
            and payment.sold_amount > 0
            and payment.bought_amount > 0
            and all(self.active[who] for who in everybody)
            and self._is_new(payment)
            and payment.free_quote not in self.quotes
            and self._may_return(payment)
            and all(not self.currencies[currency].paused & SETTLEMENT for currency, *_ in self.legs(payment))
            and all(
                self.currencies[currency].may_move(debtor, creditor, amount, now)
                for currency, debtor, creditor, amount in self.legs(payment)
            )
        )

    def settle(self, payment: Payment, now: int) -> None:
        if payment.sequence:
            self.sequences.add((payment.debtor_agent, payment.sequence))
        else:
            self.used.add((payment.debtor_agent, payment.uetr))
            self.settled[(payment.debtor_agent, payment.uetr)] = payment
        if payment.free_quote:
            self.quotes.add(payment.free_quote)
        if payment.returns is not None:
            original = (payment.creditor_agent, payment.returns)
            self.returned[original] = self.returned.get(original, 0) + payment.sold_amount
        for currency, debtor, creditor, amount in self.legs(payment):
            self.currencies[currency].move(debtor, creditor, amount, now)

    def _is_new(self, payment: Payment) -> bool:
        if payment.sequence >= NETTED:
            return False
        if payment.sequence:
            return (payment.debtor_agent, payment.sequence) not in self.sequences
        return (payment.debtor_agent, payment.uetr) not in self.used

    def _may_return(self, payment: Payment) -> bool:
        if payment.returns is None:
            return True
        key = (payment.creditor_agent, payment.returns)
        return self.returned.get(key, 0) + payment.sold_amount <= self.settled[key].bought_amount
