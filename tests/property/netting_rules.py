"""Netting at random, in both forms: proposed, signed or agreed to on chain, settled, again, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from node.domain.money import Currency, Money
from node.domain.netting import Obligation
from node.ledger.net_cycle import NetCycle, cycle_id, net_cycle
from tests.property.drawing import amounts, currencies, fresh_uetr, lives_s, mostly
from tests.property.hold_rules import HoldRules
from tests.property.model import SETTLEMENT
from tests.property.town import ADDRESS, AUTHORITY, BANKS, CLEARING_AGENT, CUSTOMERS, ROLES

pairs = st.permutations(BANKS).map(lambda drawn: (drawn[0], drawn[1]))
owed = st.lists(st.tuples(pairs, amounts, currencies), min_size=1, max_size=6)


@dataclass(frozen=True)
class Cycle:
    """A cycle with what the model cares about: the net amount of each (currency, bank), and the call."""

    terms: NetCycle
    nets: dict[tuple[str, str], int]
    number: int
    well_signed: bool
    proposed: bool
    arguments: tuple[object, ...]


class NettingRules(HoldRules):
    """Cycles, each kept so that somebody can submit it again."""

    def __init__(self) -> None:
        super().__init__()
        self.cycles: list[Cycle] = []
        self.withdrawn: set[bytes] = set()  # roots; a root names everybody and every amount

    @rule(owed=owed, on_chain=st.booleans(), agreeing=st.sets(st.sampled_from(BANKS)), well_signed=mostly,
          proposed=st.booleans(), number=st.sampled_from((0, 0, 0, 1, 2)), life_s=lives_s)  # fmt: skip
    def settle_cycle(
        self,
        owed: list[tuple[tuple[str, str], int, str]],
        on_chain: bool,
        agreeing: set[str],
        well_signed: bool,
        proposed: bool,
        number: int,
        life_s: int,
    ) -> None:
        """Some banks agree beforehand and the others sign; where it is not well signed, somebody else does."""
        obligations = [
            Obligation(ADDRESS[debtor], ADDRESS[creditor], Money(max(1, amount), Currency(code, 2)),
                       bytes(16) + fresh_uetr(self.new_number()))
            for (debtor, creditor), amount, code in owed
        ]  # fmt: skip
        number = number or self.new_number()
        tokens = {currency: token.address for currency, token in self.town.tokens.items()}
        cycle = cycle_id(ADDRESS[CLEARING_AGENT], number)
        terms = net_cycle(cycle, obligations, tokens, self.now + life_s, on_chain=on_chain)
        positions = {(self.town.code_of(token), ROLES[who]): net for token, who, net in terms.positions}
        to_sign = [(ROLES[who], position) for who, position in terms.to_sign() if ROLES[who] not in agreeing]
        signers = [who if well_signed else AUTHORITY for who, _ in to_sign]
        signatures = [self.town.sign(who, position) for who, (_, position) in zip(signers, to_sign, strict=True)]
        for who in sorted(agreeing & {who for _, who in positions}):
            self.attempt_call(who, terms.agree_call(), expected=True)
        if proposed:
            self.attempt_call(CLEARING_AGENT, terms.agree_call(), expected=True)
        arguments = terms.settle_arguments(signatures)
        made = Cycle(terms, positions, number, well_signed or not to_sign, proposed, arguments)
        self.cycles.append(made)
        self._settle_cycle(made, CUSTOMERS[0] if proposed else CLEARING_AGENT)

    @precondition(lambda self: self.cycles)
    @rule(choice=st.integers(0, 10**6), who=st.sampled_from((*BANKS, CLEARING_AGENT, CUSTOMERS[0])))
    def submit_cycle_again(self, choice: int, who: str) -> None:
        """It settles now if it could not before, and never twice; unproposed, by its clearing agent only."""
        self._settle_cycle(self.cycles[choice % len(self.cycles)], who)

    @precondition(lambda self: self.cycles)
    @rule(choice=st.integers(0, 10**6), who=st.sampled_from((*BANKS, CLEARING_AGENT, CUSTOMERS[0])))
    def withdraw_cycle(self, choice: int, who: str) -> None:
        """Whoever is in it withdraws this proposal, and no other cycle."""
        made = self.cycles[choice % len(self.cycles)]
        in_it = who == CLEARING_AGENT or who in {bank for _, bank in made.nets}
        if self.attempt_call(who, made.terms.withdraw_call(), expected=in_it):
            self.withdrawn.add(self._proposal(made))

    def attempt_call(self, who: str, data: bytes, *, expected: bool) -> bool:
        refusal = self.town.engine.attempt_data(ADDRESS[who], self.town.settlement, data)
        assert (refusal is None) == expected, refusal or "allowed, the model says otherwise"
        return expected

    def _proposal(self, made: Cycle) -> bytes:
        return made.terms.cycle + made.terms.root() + made.terms.expiry.to_bytes(8, "big")

    def _settle_cycle(self, made: Cycle, by: str) -> None:
        banks = {who for _, who in made.nets}
        allowed = (
            made.well_signed
            and (made.proposed or by == CLEARING_AGENT)
            and self._proposal(made) not in self.withdrawn
            and self.now <= made.terms.expiry
            and made.number > self.model.last_cycle
            and all(self.model.active[who] for who in (*banks, CLEARING_AGENT))
            and all(self._may_take_part(currency, who, net) for (currency, who), net in made.nets.items())
        )
        settlement = self.town.settlement
        if self.attempt(by, settlement, "settle_net", *made.arguments, expected=allowed):
            self.model.last_cycle = made.number
            for (currency, who), net in made.nets.items():
                self.model.currencies[currency].of(who).balance += net
        for currency, who in made.nets:
            self.check(currency, who)

    def _may_take_part(self, currency: str, who: str, net: int) -> bool:
        money = self.model.currencies[currency]
        if money.paused & SETTLEMENT:
            return False
        if net < 0:
            return money.may_debit(who, -net, self.now)
        return net == 0 or money.may_credit(who, net)
