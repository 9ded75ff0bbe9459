"""Many payments among ten banks, settled by what each owes in the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from node.domain.money import Money
from node.domain.netting import Obligation
from node.ledger.bench.floor import Least
from node.ledger.bench.network import (
    BANKS,
    CLEARING_AGENT,
    CNY,
    EXPIRY_S,
    BenchNetwork,
    Call,
    actor,
    digest,
)
from node.ledger.bench.operation import Operation
from node.ledger.net_cycle import NetCycle, cycle_id, net_cycle

MANY: Final = 100
THOUSAND: Final = 1_000
_ROLES: Final = {actor(bank).address: bank for bank in BANKS}


def _obligation(number: int) -> Obligation:
    """Everybody pays everybody else in turn, a pair more than once where there are more payments than pairs."""
    turn, place = divmod(number, len(BANKS))
    step = 1 + turn % (len(BANKS) - 1)
    drawn = digest(f"obligation {number}")
    amount = Money(1 + int.from_bytes(drawn[:3], "big"), CNY)
    debtor, creditor = BANKS[place], BANKS[(place + step) % len(BANKS)]
    return Obligation(actor(debtor).address, actor(creditor).address, amount, drawn)


def _cycle(network: BenchNetwork, number: int, payments: int, *, on_chain: bool) -> NetCycle:
    cycle = cycle_id(actor(CLEARING_AGENT).address, number)
    obligations = [_obligation(each) for each in range(payments)]
    return net_cycle(cycle, obligations, network.deployed.tokens, EXPIRY_S, on_chain=on_chain)


def _agreed(network: BenchNetwork, number: int) -> Call:
    """A cycle with its obligations, that every bank has agreed to on chain: its own transaction, once a cycle."""
    cycle = _cycle(network, number, MANY, on_chain=True)
    network.send(*(Call(actor(bank), network.settlement.address, cycle.agree_call()) for bank in BANKS))
    return Call(actor(CLEARING_AGENT), network.settlement.address, cycle.settle_call([]))


def _signed(network: BenchNetwork, number: int) -> Call:
    """A cycle by its positions, with the signatures of all in the same transaction."""
    cycle = _cycle(network, number, THOUSAND, on_chain=False)
    signatures = [network.sign(_ROLES[who], position) for who, position in cycle.to_sign()]
    return Call(actor(CLEARING_AGENT), network.settlement.address, cycle.settle_call(signatures))


def _by_obligations(network: BenchNetwork) -> Call:
    network.send(_agreed(network, 1))
    return _agreed(network, 2)


def _by_positions(network: BenchNetwork) -> Call:
    network.send(_signed(network, 3))
    return _signed(network, 4)


# An account word of each bank and the word of the cycle; the token's gate and the registry's version.
_TEN_BANKS: Final = Least(read=2, updated=len(BANKS) + 1, recovered=len(BANKS), contracts=2)
_AGREED: Final = replace(_TEN_BANKS, read=3, recovered=0)

OPERATIONS = (
    Operation("netting, obligations on chain, 100 over 10 banks", MANY, 1_800, _AGREED, _by_obligations),
    Operation("netting, positions only, 1,000 payments over 10 banks", THOUSAND, 250, _TEN_BANKS, _by_positions),
)
