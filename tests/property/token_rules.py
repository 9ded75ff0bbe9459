"""One currency at random: payments, batches, issue and redemption; freezes, pauses, suspensions, time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from contracts.roles import ParticipantStatus
from tests.property.drawing import amounts, currencies, holders, mostly
from tests.property.engine import Deployed
from tests.property.model import ISSUANCE, SETTLEMENT, TRANSFERS, Model
from tests.property.town import ADDRESS, AUTHORITY, BANKS, CLEARING_AGENT, HOLDERS, PROVIDER, Town


class TokenRules(RuleBasedStateMachine):
    """A town and its model; every run begins with the same ones."""

    town: Town

    @classmethod
    def on(cls, town: Town) -> type[TokenRules]:
        """The machine bound to a town."""
        return type("Bound", (cls,), {"town": town})

    @initialize()
    def begin(self) -> None:
        self.town.engine.begin()
        self.model: Model = self.town.model()
        self.counter = 0

    # -- plumbing

    def attempt(self, who: str, contract: Deployed, function: str, *arguments: Any, expected: bool) -> bool:
        """Apply a call and insist that it succeeds exactly where the model says so."""
        refusal = self.town.engine.attempt(ADDRESS[who], contract, function, *arguments)
        assert (refusal is None) == expected, f"{function}: {refusal or 'allowed'}, the model says otherwise"
        return expected

    def check(self, currency: str, *everybody: str) -> None:
        for who in everybody:
            account = self.model.currencies[currency].of(who)
            expected = account.balance, account.held, account.frozen
            assert self.town.account(currency, who) == expected, (currency, who)

    @property
    def now(self) -> int:
        return self.town.engine.now

    def new_number(self) -> int:
        self.counter += 1
        return self.counter

    # -- one currency

    @rule(currency=currencies, debtor=holders, creditor=holders, amount=amounts)
    def transfer(self, currency: str, debtor: str, creditor: str, amount: int) -> None:
        money = self.model.currencies[currency]
        allowed = not money.paused & TRANSFERS and money.may_move(debtor, creditor, amount, self.now)
        token = self.town.tokens[currency]
        if self.attempt(debtor, token, "transfer", ADDRESS[creditor], amount, expected=allowed):
            money.move(debtor, creditor, amount, self.now)
        self.check(currency, debtor, creditor)

    @rule(
        currency=currencies,
        debtor=holders,
        creditors=st.lists(st.tuples(holders, amounts), min_size=1, max_size=4),
    )
    def pay_batch(self, currency: str, debtor: str, creditors: list[tuple[str, int]]) -> None:
        money = self.model.currencies[currency]
        allowed = not money.paused & TRANSFERS and debtor not in {who for who, _ in creditors}
        before = {who: replace(money.of(who)) for who in HOLDERS}
        for who, amount in creditors:
            allowed = allowed and money.may_move(debtor, who, amount, self.now)
            if allowed:
                money.move(debtor, who, amount, self.now)
        if not allowed:
            money.accounts = before
        batch = [(ADDRESS[who], amount, bytes(16)) for who, amount in creditors]
        self.attempt(debtor, self.town.tokens[currency], "pay_batch", batch, bytes(32), expected=allowed)
        self.check(currency, debtor, *(who for who, _ in creditors))

    @rule(currency=currencies, creditor=holders, amount=amounts)
    def issue(self, currency: str, creditor: str, amount: int) -> None:
        money = self.model.currencies[currency]
        allowed = not money.paused & ISSUANCE and money.may_credit(creditor, amount)
        token = self.town.tokens[currency]
        if self.attempt(AUTHORITY, token, "issue", ADDRESS[creditor], amount, bytes(32), expected=allowed):
            money.of(creditor).balance += amount
            money.outstanding += amount
        self.check(currency, creditor)

    @rule(currency=currencies, amount=amounts)
    def redeem(self, currency: str, amount: int) -> None:
        money = self.model.currencies[currency]
        allowed = not money.paused & ISSUANCE and money.may_debit(AUTHORITY, amount, self.now)
        if self.attempt(AUTHORITY, self.town.tokens[currency], "redeem", amount, bytes(32), expected=allowed):
            money.debit(AUTHORITY, amount, self.now)
            money.outstanding -= amount
        self.check(currency, AUTHORITY)

    # -- the authority

    @rule(currency=currencies, who=holders, frozen=st.sampled_from((True, False, False)))
    def freeze_or_thaw(self, currency: str, who: str, frozen: bool) -> None:
        function = "freeze" if frozen else "thaw"
        self.town.engine.must(ADDRESS[AUTHORITY], self.town.tokens[currency], function, ADDRESS[who])
        self.model.currencies[currency].of(who).frozen = frozen
        self.check(currency, who)

    @rule(currency=currencies, flags=st.sampled_from((0, 0, 0, 0, TRANSFERS, SETTLEMENT, ISSUANCE, 7)))
    def pause_or_unpause(self, currency: str, flags: int) -> None:
        token, money = self.town.tokens[currency], self.model.currencies[currency]
        self.town.engine.must(ADDRESS[AUTHORITY], token, "unpause")
        self.town.engine.must(ADDRESS[AUTHORITY], token, "pause_only", flags)
        money.paused = flags

    @rule(who=st.sampled_from((*BANKS, PROVIDER, CLEARING_AGENT)), active=mostly)
    def suspend_or_reinstate(self, who: str, active: bool) -> None:
        if self.model.active[who] != active:
            status = ParticipantStatus.ACTIVE if active else ParticipantStatus.SUSPENDED
            self.town.engine.must(ADDRESS[AUTHORITY], self.town.registry, "set_status", ADDRESS[who], status)
            self.model.active[who] = active

    @rule(seconds=st.sampled_from((1, 3_600, 50_000)))
    def time_passes(self, seconds: int) -> None:
        self.town.engine.travel(seconds)
