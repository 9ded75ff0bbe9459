"""Settlement at random: in both grades, across currencies, submitted again, cancelled, returned."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.property.drawing import Route, amounts, currencies, fresh_uetr, lives_s, mostly, routes
from tests.property.model import NETTED, Payment
from tests.property.token_rules import TokenRules
from tests.property.town import BANKS, CURRENCIES, PROVIDER


class SettlementRules(TokenRules):
    """Payments across institutions, each kept so that somebody can submit it again."""

    def __init__(self) -> None:
        super().__init__()
        self.payments: list[Payment] = []

    @rule(
        route=routes,
        currency=currencies,
        amount=amounts,
        life_s=lives_s,
        well_signed=mostly,
        sequence=st.sampled_from((0, 0, 0, 1, 2, 3, 300, 300, NETTED + 1)),
        reused=st.booleans(),
    )
    def settle_in_one_currency(
        self,
        route: Route,
        currency: str,
        amount: int,
        life_s: int,
        well_signed: bool,
        sequence: int,
        reused: bool,
    ) -> None:
        debtor_agent, creditor_agent, debtor, creditor = route
        payment = Payment(
            uetr=fresh_uetr(self.counter if reused and self.counter else self.new_number()),
            sequence=sequence,
            debtor_agent=debtor_agent,
            creditor_agent=creditor_agent,
            debtor=debtor,
            creditor=creditor,
            sold=currency,
            sold_amount=amount,
            bought=currency,
            bought_amount=amount,
            provider=None,
            free_quote=None,
            expiry=self.now + life_s,
            well_signed=well_signed,
        )
        self.payments.append(payment)
        self._settle(payment)

    @rule(
        route=routes,
        sold=currencies,
        sold_amount=amounts,
        bought_amount=amounts,
        life_s=lives_s,
        well_signed=mostly,
        quote=st.sampled_from((None, None, 1, 2, 3)),
        sequence=st.sampled_from((0, 0, 0, 1, 2, 3, 300, 300, NETTED + 1)),
    )
    def settle_across_currencies(
        self,
        route: Route,
        sold: str,
        sold_amount: int,
        bought_amount: int,
        life_s: int,
        well_signed: bool,
        quote: int | None,
        sequence: int,
    ) -> None:
        """By a quote bound to the payment, or by one of three free ones, which count once."""
        debtor_agent, creditor_agent, debtor, creditor = route
        payment = Payment(
            uetr=fresh_uetr(self.new_number()),
            sequence=0 if quote is None else sequence,
            debtor_agent=debtor_agent,
            creditor_agent=creditor_agent,
            debtor=debtor,
            creditor=creditor,
            sold=sold,
            sold_amount=sold_amount,
            bought=next(currency for currency in CURRENCIES if currency != sold),
            bought_amount=bought_amount,
            provider=PROVIDER,
            free_quote=None if quote is None else fresh_uetr(-quote),
            expiry=self.now + life_s,
            well_signed=well_signed,
        )
        self.payments.append(payment)
        self._settle(payment)

    def _settle(self, payment: Payment) -> None:
        allowed = self.model.may_settle(payment, self.now)
        arguments = self.town.settle_arguments(payment)
        if self.attempt(BANKS[0], self.town.settlement, "settle", *arguments, expected=allowed):
            self.model.settle(payment, self.now)
        for currency, debtor, creditor, _ in self.model.legs(payment):
            self.check(currency, debtor, creditor)

    @precondition(lambda self: self.payments)
    @rule(choice=st.integers(0, 10**6))
    def submit_again(self, choice: int) -> None:
        """Whoever kept a set of signatures submits it again: a settled one changes nothing."""
        self._settle(self.payments[choice % len(self.payments)])

    @precondition(lambda self: self.payments)
    @rule(choice=st.integers(0, 10**6))
    def cancel(self, choice: int) -> None:
        payment = self.payments[choice % len(self.payments)]
        key = (payment.debtor_agent, payment.uetr)
        allowed = key not in self.model.used
        if self.attempt(payment.debtor_agent, self.town.settlement, "cancel", payment.uetr, expected=allowed):
            self.model.used.add(key)

    @precondition(lambda self: self.model.settled)
    @rule(choice=st.integers(0, 10**6), amount=amounts, whole=st.booleans(), other_amount=amounts)
    def settle_return(self, choice: int, amount: int, whole: bool, other_amount: int) -> None:
        settled = sorted(self.model.settled.items())
        _, original = settled[choice % len(settled)]
        if original.returns is not None:
            return
        given_back = original.bought_amount if whole else amount
        payment = replace(
            original,
            uetr=fresh_uetr(self.new_number()),
            debtor_agent=original.creditor_agent,
            creditor_agent=original.debtor_agent,
            debtor=original.creditor_agent,
            creditor=original.debtor,
            sold=original.bought,
            sold_amount=given_back,
            bought=original.sold,
            bought_amount=given_back if original.provider is None else other_amount,
            free_quote=None,
            expiry=self.now + 60,
            returns=original.uetr,
        )
        allowed = self.model.may_settle(payment, self.now)
        from_original = self.town.instruction(original)
        arguments = (*self.town.settle_arguments(payment), tuple(vars(from_original).values()))
        if self.attempt(BANKS[0], self.town.settlement, "settle_return", *arguments, expected=allowed):
            self.model.settle(payment, self.now)
        for currency, debtor, creditor, _ in self.model.legs(payment):
            self.check(currency, debtor, creditor)
