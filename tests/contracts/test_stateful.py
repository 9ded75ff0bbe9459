"""Random actors, random operations, a Python model beside the contracts: they agree at every step.

Whatever happens: supply is what was issued less what was redeemed, and the sum of all balances; a payment settles
once; both legs move or neither; returns stay within what was settled; a freeze holds.
"""

from dataclasses import astuple, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from web3.contract.contract import Contract, ContractFunction

from tests.contracts.chain import Actor
from tests.contracts.model import SETTLEMENT, SettlementModel, TokenModel, both_or_neither
from tests.contracts.network import (
    CREDITOR_AGENT,
    DEBTOR_AGENT,
    ENFORCER,
    FREEZER,
    ISSUER,
    PAUSER,
    PROVIDER,
    REFERENCE,
    RELAY,
    TIER_KEEPER,
    UNPAUSER,
    Network,
)
from tests.contracts.payments import Draft, arguments, pvp, settle, single_currency

HOLDERS = {who.role: who for who in (DEBTOR_AGENT, CREDITOR_AGENT, PROVIDER, ISSUER)}
TIERS = {1: (10**9, 40_000_00, 60_000_00), 2: (90_000_00, 10**9, 10**9), 3: (10**5, 10**4, 10**5)}
UETRS = [bytes([n] * 16) for n in range(1, 5)]

holders = st.sampled_from(sorted(HOLDERS))
currencies = st.sampled_from(["CNY", "AED"])
amounts = st.one_of(
    st.integers(1, 500_000_00), st.sampled_from([1, 10**4, 40_000_00, 90_000_00, 400_000_00, 2**80])
)


class Money(RuleBasedStateMachine):
    """One run: a snapshot of the network, and a model that begins with the same balances."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.snapshot = network.chain.snapshot()
        self.contracts: dict[str, Contract] = {"CNY": network.cny, "AED": network.aed}
        self.settlement = SettlementModel()
        self.tokens = {currency: self.begin(token) for currency, token in self.contracts.items()}
        self.originals: dict[bytes, Draft] = {}

    def begin(self, token: Contract) -> TokenModel:
        for tier, caps in TIERS.items():
            self.network.chain.send(TIER_KEEPER, token.functions.set_tier(tier, *caps))
        call = token.functions
        balances = {role: call.balanceOf(who.address).call() for role, who in HOLDERS.items()}
        allowance = call.issue_allowance(ISSUER.address).call()
        return TokenModel(balances, call.issued_total().call(), allowance, TIERS)

    def teardown(self) -> None:
        self.network.chain.revert(self.snapshot)

    def expect(self, who: Actor, call: ContractFunction, refusal: str | None) -> None:
        if refusal is None:
            self.network.chain.send(who, call)
        else:
            self.network.chain.refuses(who, call, refusal)

    @rule(currency=currencies, owner=holders, to=holders, amount=amounts)
    def transfer(self, currency: str, owner: str, to: str, amount: int) -> None:
        call = self.contracts[currency].functions.transfer(HOLDERS[to].address, amount)
        self.expect(HOLDERS[owner], call, self.tokens[currency].move(owner, to, amount))

    @rule(currency=currencies, owner=holders, parts=st.lists(st.tuples(holders, amounts), max_size=4))
    def pay_batch(self, currency: str, owner: str, parts: list[tuple[str, int]]) -> None:
        parts = [(to, amount) for to, amount in parts if to != owner]
        token = self.tokens[currency]
        refusal = "CurrencyToken: paused" if token.paused & 1 else None
        legs = [partial(token.move, owner, to, amount) for to, amount in parts]
        refusal = refusal or both_or_neither([token], legs)
        batch = [(HOLDERS[to].address, amount, UETRS[0]) for to, amount in parts]
        call = self.contracts[currency].functions.pay_batch(batch, REFERENCE)
        self.expect(HOLDERS[owner], call, refusal)

    @rule(currency=currencies, to=holders, amount=amounts)
    def issue(self, currency: str, to: str, amount: int) -> None:
        call = self.contracts[currency].functions.issue(HOLDERS[to].address, amount, REFERENCE)
        self.expect(ISSUER, call, self.tokens[currency].issue(to, amount))

    @rule(currency=currencies, amount=amounts)
    def redeem(self, currency: str, amount: int) -> None:
        call = self.contracts[currency].functions.redeem(amount, REFERENCE)
        self.expect(ISSUER, call, self.tokens[currency].redeem(ISSUER.role, amount))

    @rule(currency=currencies, account=holders, freeze=st.booleans())
    def freeze_or_thaw(self, currency: str, account: str, freeze: bool) -> None:
        frozen = self.tokens[currency].frozen
        (frozen.add if freeze else frozen.discard)(account)
        change = self.contracts[currency].functions["freeze" if freeze else "thaw"]
        self.expect(FREEZER, change(HOLDERS[account].address), None)

    @rule(currency=currencies, account=holders, amount=st.one_of(st.just(0), amounts))
    def freeze_amount(self, currency: str, account: str, amount: int) -> None:
        self.tokens[currency].frozen_amounts[account] = amount
        change = self.contracts[currency].functions.setFrozenTokens(HOLDERS[account].address, amount)
        self.expect(FREEZER, change, None)

    @rule(currency=currencies, owner=holders, to=holders, amount=amounts)
    def force(self, currency: str, owner: str, to: str, amount: int) -> None:
        take = self.contracts[currency].functions.forcedTransfer
        call = take(HOLDERS[owner].address, HOLDERS[to].address, amount, REFERENCE)
        self.expect(ENFORCER, call, self.tokens[currency].force(owner, to, amount))

    @rule(currency=currencies, account=holders, tier=st.integers(0, 3))
    def set_tier(self, currency: str, account: str, tier: int) -> None:
        self.tokens[currency].tier[account] = tier
        change = self.contracts[currency].functions.set_account_tier(HOLDERS[account].address, tier)
        self.expect(TIER_KEEPER, change, None)

    @rule(currency=currencies, flags=st.integers(0, 7))
    def pause(self, currency: str, flags: int) -> None:
        self.tokens[currency].paused |= flags
        self.expect(PAUSER, self.contracts[currency].functions.pause_only(flags), None)

    @rule(currency=currencies)
    def unpause(self, currency: str) -> None:
        self.tokens[currency].paused = 0
        self.expect(UNPAUSER, self.contracts[currency].functions.unpause(), None)

    @rule(uetr=st.sampled_from(UETRS), sequence=st.sampled_from([0, 0, 1, 2]), amount=st.integers(1, 200_000_00))
    def settle_one_currency(self, uetr: bytes, sequence: int, amount: int) -> None:
        draft = single_currency(self.network).with_instruction(
            uetr=uetr, sequence=sequence, debit_amount=amount, credit_amount=amount
        )
        refusal = self.settlement.key_refusal(uetr, sequence) or self.tokens["CNY"].move(
            DEBTOR_AGENT.role, CREDITOR_AGENT.role, amount, SETTLEMENT
        )
        self.settled(draft, refusal)

    @rule(
        uetr=st.sampled_from(UETRS),
        sequence=st.sampled_from([0, 0, 1, 2]),
        quote_id=st.sampled_from(UETRS),
        sell=st.integers(1, 200_000_00),
        buy=st.integers(1, 200_000_00),
    )
    def settle_pvp(self, uetr: bytes, sequence: int, quote_id: bytes, sell: int, buy: int) -> None:
        draft = pvp(self.network).with_instruction(
            uetr=uetr, sequence=sequence, debit_amount=sell, credit_amount=buy,
            creditor_account=CREDITOR_AGENT.address,
        ).with_quote(id=quote_id, sell_amount=sell, buy_amount=buy)  # fmt: skip
        refusal = self.settlement.key_refusal(uetr, sequence)
        if refusal is None and quote_id in self.settlement.quotes:
            refusal = "Settlement: quote already used"
        cny, aed = self.tokens["CNY"], self.tokens["AED"]
        legs = [
            lambda: cny.move(DEBTOR_AGENT.role, PROVIDER.role, sell, SETTLEMENT),
            lambda: aed.move(PROVIDER.role, CREDITOR_AGENT.role, buy, SETTLEMENT),
        ]
        refusal = refusal or both_or_neither([cny, aed], legs)
        if refusal is None:
            self.settlement.quotes.add(quote_id)
        self.settled(draft, refusal)

    def settled(self, draft: Draft, refusal: str | None) -> None:
        terms = draft.instruction
        if refusal is None:
            self.settlement.use_key(terms.uetr, terms.sequence, terms.credit_amount)
            if not terms.sequence:
                self.originals[terms.uetr] = draft
        self.expect(RELAY, settle(self.network, draft), refusal)

    @precondition(lambda self: len(self.settlement.uetrs) in (1, 3))  # now and then, not every other step
    @rule(uetr=st.sampled_from(UETRS))
    def cancel(self, uetr: bytes) -> None:
        refusal = self.settlement.key_refusal(uetr, 0)
        if refusal is None:
            self.settlement.uetrs[uetr] = ("cancelled", 0)
        self.expect(DEBTOR_AGENT, self.network.settlement.functions.cancel(uetr), refusal)

    @precondition(lambda self: self.returnable())
    @rule(choice=st.integers(0, 9), part=st.integers(1, 120), number=st.integers(0, 1))
    def settle_return(self, choice: int, part: int, number: int) -> None:
        """Sends back up to 120 percent of a payment in one currency, under one of two UETRs of its own."""
        returnable = self.returnable()
        of = returnable[choice % len(returnable)]
        original = self.originals[of]
        amount = max(1, original.instruction.credit_amount * part // 100)
        uetr = bytes([of[0] + 0x10 * (number + 1)] * 16)
        done = self.settlement.returned.get(of, 0)
        refusal: str | None = None
        if done + amount > original.instruction.credit_amount:
            refusal = "Settlement: returns exceed the original"
        refusal = refusal or self.settlement.key_refusal(uetr, 0)
        refusal = refusal or self.tokens["CNY"].move(CREDITOR_AGENT.role, DEBTOR_AGENT.role, amount, SETTLEMENT)
        if refusal is None:
            self.settlement.returned[of] = done + amount
            self.settlement.uetrs[uetr] = ("settled", amount)
        self.expect(RELAY, self.returning(original, uetr, amount), refusal)

    def returnable(self) -> list[bytes]:
        return sorted(uetr for uetr, draft in self.originals.items() if draft.provider is None)

    def returning(self, original: Draft, uetr: bytes, amount: int) -> ContractFunction:
        terms = replace(
            original.instruction, uetr=uetr, return_of=original.instruction.uetr,
            debtor_agent=CREDITOR_AGENT.address, creditor_agent=DEBTOR_AGENT.address,
            debtor_account=CREDITOR_AGENT.address, creditor_account=DEBTOR_AGENT.address,
            debit_amount=amount, credit_amount=amount,
        )  # fmt: skip
        draft = replace(original, instruction=terms, debtor=CREDITOR_AGENT, acceptor=DEBTOR_AGENT)
        given: tuple[Any, ...] = arguments(self.network, draft)
        return self.network.settlement.functions.settle_return(*given, astuple(original.instruction))

    @invariant()
    def chain_and_model_agree(self) -> None:
        for currency, model in self.tokens.items():
            call = self.contracts[currency].functions
            found = {role: call.balanceOf(who.address).call() for role, who in HOLDERS.items()}
            assert found == {role: model.balances.get(role, 0) for role in HOLDERS}
            assert call.issued_total().call() == model.issued
            assert call.totalSupply().call() == model.issued - model.redeemed


def run(network: Network, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: Money(network),  # type: ignore[arg-type]  # a factory, as its documentation says
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_contracts_and_model_agree(network: Network) -> None:
    run(network, examples=4, steps=40)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_contracts_and_model_agree_for_ten_thousand_steps(network: Network) -> None:
    run(network, examples=200, steps=50)
