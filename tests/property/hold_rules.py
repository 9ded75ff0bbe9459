"""Holds at random: under a lock or with a confirmer, released, paid out or lifted by anybody at any time."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.property.drawing import amounts, currencies, holders, lives_s, mostly
from tests.property.model import SETTLEMENT, TRANSFERS
from tests.property.settlement_rules import SettlementRules
from tests.property.town import ADDRESS
from wallet.address import ZERO_ADDRESS

PLACED, RELEASED, PAID, LIFTED = 1, 2, 3, 4


@dataclass
class Hold:
    """A hold of the model; its terms as the contract takes them."""

    terms: tuple[Any, ...]
    currency: str
    debtor: str
    creditor: str
    confirmer: str | None
    amount: int
    secret: bytes
    expiry: int
    status: int = PLACED
    id: bytes | None = None


class HoldRules(SettlementRules):
    """Money reserved by some and asked for by others."""

    def __init__(self) -> None:
        super().__init__()
        self.holds: list[Hold] = []

    @rule(
        currency=currencies,
        debtor=holders,
        creditor=holders,
        confirmer=st.one_of(st.none(), holders),
        amount=amounts,
        life_s=lives_s,
    )
    def place_hold(
        self, currency: str, debtor: str, creditor: str, confirmer: str | None, amount: int, life_s: int
    ) -> None:
        money = self.model.currencies[currency]
        salt = sha256(f"salt {self.new_number()}".encode()).digest()
        lock = sha256(salt).digest() if confirmer is None else bytes(32)
        expiry = self.now + life_s
        terms = (
            self.town.tokens[currency].address, ADDRESS[debtor], ADDRESS[creditor],
            ZERO_ADDRESS if confirmer is None else ADDRESS[confirmer], amount, 0, lock, bytes(32), salt, expiry,
        )  # fmt: skip
        allowed = (
            self.now <= expiry
            and amount > 0
            and not money.paused & (TRANSFERS | SETTLEMENT)
            and money.may_debit(debtor, amount, self.now)
        )
        if self.attempt(debtor, self.town.holds, "place", terms, b"", b"", expected=allowed):
            money.debit(debtor, amount, self.now)
            money.of(debtor).held += amount
            self.holds.append(Hold(terms, currency, debtor, creditor, confirmer, amount, salt, expiry))
        self.check(currency, debtor)

    @precondition(lambda self: self.holds)
    @rule(choice=st.integers(0, 10**6), who=holders, entitled=mostly, knows=mostly, frozen=st.booleans())
    def release_hold(self, choice: int, who: str, entitled: bool, knows: bool, frozen: bool) -> None:
        """Most often by who may; now and then while the debtor is frozen, which decides and does not pay."""
        hold = self.holds[choice % len(self.holds)]
        if frozen:
            self.freeze_or_thaw(hold.currency, hold.debtor, frozen=True)
        if entitled and hold.confirmer is not None:
            who = hold.confirmer
        money = self.model.currencies[hold.currency]
        due = knows if hold.confirmer is None else who == hold.confirmer
        allowed = hold.status == PLACED and self.now <= hold.expiry and due
        secret = hold.secret if knows else bytes(32)
        if self.attempt(who, self.town.holds, "release", hold.terms, secret, b"", expected=allowed):
            hold.status = RELEASED
            if money.may_pay_held(hold.debtor, hold.creditor, hold.amount):
                money.pay_held(hold.debtor, hold.creditor, hold.amount)
                hold.status = PAID
        self.check_hold(hold)

    @precondition(lambda self: self.holds)
    @rule(choice=st.integers(0, 10**6), who=holders)
    def pay_out_hold(self, choice: int, who: str) -> None:
        hold = self.holds[choice % len(self.holds)]
        money = self.model.currencies[hold.currency]
        allowed = hold.status == RELEASED and money.may_pay_held(hold.debtor, hold.creditor, hold.amount)
        if self.attempt(who, self.town.holds, "pay_out", hold.terms, expected=allowed):
            money.pay_held(hold.debtor, hold.creditor, hold.amount)
            hold.status = PAID
        self.check_hold(hold)

    @precondition(lambda self: self.holds)
    @rule(choice=st.integers(0, 10**6), who=holders)
    def lift_hold(self, choice: int, who: str) -> None:
        hold = self.holds[choice % len(self.holds)]
        allowed = hold.status == PLACED and (who == hold.creditor or self.now > hold.expiry)
        if self.attempt(who, self.town.holds, "lift", hold.terms, expected=allowed):
            account = self.model.currencies[hold.currency].of(hold.debtor)
            account.held, account.balance = account.held - hold.amount, account.balance + hold.amount
            hold.status = LIFTED
        self.check_hold(hold)

    def check_hold(self, hold: Hold) -> None:
        self.check(hold.currency, hold.debtor, hold.creditor)
        if hold.id is None:
            hold.id = self.town.engine.read(self.town.holds, "hold_id", hold.terms)
        assert self.town.engine.read(self.town.holds, "status", hold.id) == hold.status
