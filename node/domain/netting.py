"""What many owe each other, as what each owes in the end; and one digest over all the payments behind it.

A cycle is computed off chain by whoever proposes it, and again by every participant before it signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from node.domain.money import Currency, Money

_LEAF, _NODE = b"\x00", b"\x01"


@dataclass(frozen=True)
class Obligation:
    """One payment inside a cycle: who owes whom how much, and the 32-byte hash of the instruction that says so.

    Participants are known by any text, the same throughout a cycle: a BIC, or an address on chain.
    """

    debtor: str
    creditor: str
    amount: Money
    payment: bytes


class BadObligation(ValueError):
    """An obligation that no cycle can contain: to oneself, of nothing, or a payment that is in it already."""


NetPositions = dict[tuple[Currency, str], int]


def net_positions(obligations: Iterable[Obligation]) -> NetPositions:
    """What each participant is to receive in each currency, in minor units; below zero what it pays.

    Somebody whose debts and claims are equal has a position of zero, which it signs like any other: its payments
    are settled too. Sums to zero in every currency. Raises BadObligation.
    """
    nets: NetPositions = {}
    seen: set[bytes] = set()
    for obligation in obligations:
        amount = obligation.amount
        if obligation.debtor == obligation.creditor or amount.minor <= 0 or obligation.payment in seen:
            raise BadObligation(f"{obligation.debtor} to {obligation.creditor}: {amount}")
        seen.add(obligation.payment)
        for who, change in ((obligation.debtor, -amount.minor), (obligation.creditor, amount.minor)):
            nets[amount.currency, who] = nets.get((amount.currency, who), 0) + change
    return nets


def without(obligations: Iterable[Obligation], participant: str) -> tuple[Obligation, ...]:
    """What is left of a cycle when one participant cannot settle its part: all that does not involve it."""
    return tuple(each for each in obligations if participant not in {each.debtor, each.creditor})


def within_means(
    obligations: Sequence[Obligation], means: Mapping[tuple[Currency, str], int]
) -> tuple[Obligation, ...]:
    """The part of a cycle that settles with what everybody has: whoever is short is left out, until nobody is.

    `means` is what each can pay in a currency, in minor units. The one who lacks most goes first, since leaving
    one out can leave another short, or help it. The rest may be empty.
    """
    kept = tuple(obligations)
    while True:
        lacking = [
            (-net - means.get((currency, who), 0), who) for (currency, who), net in net_positions(kept).items()
        ]
        most, short = max(lacking, default=(0, ""))
        if most <= 0:
            return kept
        kept = without(kept, short)


def payments_root(payments: Sequence[bytes]) -> bytes:
    """The root of a Merkle tree of SHA-256 over the payments' 32-byte hashes, in their order.

    Leaves and nodes are hashed with different first bytes, so a node is never a payment; an odd node moves up
    as it is. Raises ValueError for no payments, or a hash of another length.
    """
    level = [_leaf(payment) for payment in payments]
    if not level:
        raise ValueError("a cycle has at least one payment")
    while len(level) > 1:
        level = _above(level)
    return level[0]


def inclusion_proof(payments: Sequence[bytes], payment: bytes) -> tuple[tuple[bool, bytes], ...]:
    """What proves to others that a payment is under the root: (is on the left, hash) of each neighbour upwards.

    Raises ValueError where the payment is not among them.
    """
    place, level, proof = list(payments).index(payment), [_leaf(each) for each in payments], []
    while len(level) > 1:
        neighbour = place ^ 1
        if neighbour < len(level):
            proof.append((neighbour < place, level[neighbour]))
        place, level = place // 2, _above(level)
    return tuple(proof)


def is_included(root: bytes, payment: bytes, proof: Iterable[tuple[bool, bytes]]) -> bool:
    """Whether a payment is among those a root commits to."""
    found = _leaf(payment)
    for on_the_left, neighbour in proof:
        found = _node(neighbour, found) if on_the_left else _node(found, neighbour)
    return found == root


def _leaf(payment: bytes) -> bytes:
    if len(payment) != 32:
        raise ValueError(f"the hash of a payment has 32 bytes, not {len(payment)}")
    return sha256(_LEAF + payment).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [_node(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
    return pairs + ([level[-1]] if len(level) % 2 else [])
