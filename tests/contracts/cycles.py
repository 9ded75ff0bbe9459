"""Netting cycles to settle: ten banks or fewer, a clearing agent, and everybody's signature by eth-account."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from web3.contract.contract import ContractFunction

from contracts.roles import ParticipantRole
from node.domain.money import Currency, Money
from node.domain.netting import Obligation
from node.ledger.net_cycle import NetCycle, cycle_id, net_cycle
from tests.contracts.chain import Actor, actor
from tests.contracts.network import ISSUER, REFERENCE, Network, register
from tests.contracts.settle_batches import FAR, banks, compact
from tests.contracts.signing import sign

CNY, AED = Currency("CNY", 2), Currency("AED", 2)
CLEARING_AGENT = actor("clearing agent")


def members(network: Network, count: int) -> list[Actor]:
    """Banks with 1,000.00 of both currencies each, by ascending address; and the clearing agent is registered."""
    network.chain.fund(CLEARING_AGENT)
    register(network.chain, network.registry, CLEARING_AGENT, "CLRGCNBJ", ParticipantRole.CLEARING_AGENT)
    found = banks(network, count)
    for bank in found:
        network.chain.send(ISSUER, network.aed.functions.issue(bank.address, 1_000_00, REFERENCE))
    return sorted(found, key=lambda bank: int(bank.address, 16))


def owes(debtor: Actor, creditor: Actor, minor: int, currency: Currency = CNY) -> Obligation:
    payment = sha256(f"{debtor.role} {creditor.role} {minor} {currency.code}".encode()).digest()
    return Obligation(debtor.address, creditor.address, Money(minor, currency), payment)


@dataclass(frozen=True)
class Draft:
    """A cycle before it is signed, and who signs for a position instead of its participant."""

    cycle: NetCycle
    everybody: dict[str, Actor]
    instead: dict[str, Actor]
    agreed: frozenset[str] = frozenset()

    def changed(self, **terms: Any) -> "Draft":
        return replace(self, cycle=replace(self.cycle, **terms))

    def signed_by(self, participant: Actor, by: Actor) -> "Draft":
        return replace(self, instead={**self.instead, participant.address: by})

    def after_agreement_of(self, *participants: Actor) -> "Draft":
        return replace(self, agreed=self.agreed | {each.address for each in participants})


def draft(
    network: Network,
    everybody: list[Actor],
    obligations: list[Obligation],
    *,
    on_chain: bool = True,
    number: int = 1,
    expiry: int = FAR,
) -> Draft:
    tokens = {"CNY": network.cny.address, "AED": network.aed.address}
    cycle = cycle_id(CLEARING_AGENT.address, number)
    found = net_cycle(cycle, obligations, tokens, expiry, on_chain=on_chain)
    return Draft(found, {who.address: who for who in everybody}, {})


def signatures(network: Network, made: Draft) -> list[bytes]:
    """In the order of the positions; none of those who have agreed on chain."""
    return [
        sign(made.instead.get(who, made.everybody.get(who, CLEARING_AGENT)), network.settlement, position)
        for who, position in made.cycle.to_sign()
        if who not in made.agreed
    ]


def settle_net(network: Network, made: Draft, given: list[bytes] | None = None) -> ContractFunction:
    cycle = made.cycle
    return network.settlement.functions.settle_net(
        cycle.cycle,
        cycle.payments_root,
        list(cycle.tokens),
        places(cycle),
        list(cycle.obligations),
        [] if cycle.obligations else [net for _, _, net in cycle.positions],
        cycle.expiry,
        [compact(each) for each in (signatures(network, made) if given is None else given)],
    )


def places(cycle: NetCycle) -> list[int]:
    return [cycle.tokens.index(token) << 160 | int(who, 16) for token, who, _ in cycle.positions]


def agree(network: Network, made: Draft) -> ContractFunction:
    return _consent(network, made, given=True)


def withdraw(network: Network, made: Draft) -> ContractFunction:
    return _consent(network, made, given=False)


def _consent(network: Network, made: Draft, *, given: bool) -> ContractFunction:
    cycle = made.cycle
    return network.settlement.functions.consent(
        cycle.cycle, cycle.root(), list(cycle.tokens), places(cycle), cycle.expiry, given
    )
