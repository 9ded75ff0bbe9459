"""Netting: sums to zero, owes nobody more than before, and commits to every payment."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.domain.money import Currency, Money
from node.domain.netting import (
    BadObligation,
    Obligation,
    inclusion_proof,
    is_included,
    net_positions,
    payments_root,
    within_means,
    without,
)

CNY, AED = Currency("CNY", 2), Currency("AED", 2)
BANKS = ("AAAACNBJ", "BBBBAEAD", "CCCCCNSH", "DDDDHKHH")


def _payment(number: int) -> bytes:
    return sha256(f"payment {number}".encode()).digest()


def _owes(debtor: str, creditor: str, minor: int, number: int = 0, currency: Currency = CNY) -> Obligation:
    return Obligation(debtor, creditor, Money(minor, currency), _payment(number))


pairs = st.permutations(BANKS).map(lambda drawn: (drawn[0], drawn[1]))
drawn_cycles = st.lists(
    st.tuples(pairs, st.integers(1, 10**12), st.sampled_from((CNY, AED))), min_size=1, max_size=40
).map(
    lambda drawn: [
        _owes(debtor, creditor, minor, number, currency)
        for number, ((debtor, creditor), minor, currency) in enumerate(drawn)
    ]
)


@given(drawn_cycles)
def test_positions_sum_to_zero_in_every_currency(cycle: list[Obligation]) -> None:
    nets = net_positions(cycle)
    for currency in (CNY, AED):
        assert sum(net for (of, _), net in nets.items() if of == currency) == 0


@given(drawn_cycles)
def test_a_position_is_what_settling_each_by_itself_would_leave(cycle: list[Obligation]) -> None:
    nets = net_positions(cycle)
    for (currency, who), net in nets.items():
        received = sum(o.amount.minor for o in cycle if o.creditor == who and o.amount.currency == currency)
        paid = sum(o.amount.minor for o in cycle if o.debtor == who and o.amount.currency == currency)
        assert net == received - paid


@given(
    drawn_cycles,
    st.dictionaries(st.tuples(st.sampled_from((CNY, AED)), st.sampled_from(BANKS)), st.integers(0, 10**12)),
)
def test_what_is_within_means_settles(cycle: list[Obligation], means: dict[tuple[Currency, str], int]) -> None:
    kept = within_means(cycle, means)
    assert set(kept) <= set(cycle)
    assert all(-net <= means.get(position, 0) for position, net in net_positions(kept).items())


def test_everything_is_kept_where_nobody_is_short() -> None:
    cycle = [_owes("A", "B", 100, 1), _owes("B", "C", 100, 2), _owes("C", "A", 100, 3)]
    assert within_means(cycle, {}) == tuple(cycle)
    assert net_positions(cycle) == {(CNY, "A"): 0, (CNY, "B"): 0, (CNY, "C"): 0}


def test_leaving_one_out_can_leave_another_short() -> None:
    cycle = [_owes("A", "B", 100, 1), _owes("B", "C", 90, 2), _owes("D", "C", 5, 3)]
    assert within_means(cycle, {(CNY, "A"): 99, (CNY, "D"): 5}) == (cycle[2],)
    assert without(cycle, "C") == (cycle[0],)


@pytest.mark.parametrize(
    "cycle",
    [
        [_owes("A", "A", 1)],
        [_owes("A", "B", 0)],
        [_owes("A", "B", -1)],
        [_owes("A", "B", 1), _owes("B", "A", 2)],
    ],
    ids=["to oneself", "nothing", "less than nothing", "the same payment twice"],
)
def test_what_no_cycle_can_contain(cycle: list[Obligation]) -> None:
    with pytest.raises(BadObligation, match=r"to [AB]: CNY"):
        net_positions(cycle)


@given(st.integers(1, 70), st.data())
def test_a_root_proves_each_payment_and_no_other(count: int, data: st.DataObject) -> None:
    payments = [_payment(number) for number in range(count)]
    root, place = payments_root(payments), data.draw(st.integers(0, count - 1))
    proof = inclusion_proof(payments, payments[place])
    assert is_included(root, payments[place], proof)
    assert not is_included(root, _payment(-1), proof)
    assert is_included(root, payments[place], proof[:-1]) == (len(proof) == 0)


def test_a_root_depends_on_every_payment_and_their_order() -> None:
    payments = [_payment(number) for number in range(5)]
    roots = {payments_root(each) for each in (payments, payments[::-1], payments[:-1], [*payments, _payment(5)])}
    assert len(roots) == 4


def test_a_node_of_the_tree_is_no_payment() -> None:
    left, right = _payment(1), _payment(2)
    inner = sha256(b"\x01" + sha256(b"\x00" + left).digest() + sha256(b"\x00" + right).digest()).digest()
    assert payments_root([left, right]) == inner
    assert not is_included(inner, inner, ())


def test_hashes_of_payments_have_one_length() -> None:
    with pytest.raises(ValueError, match="has 32 bytes, not 31"):
        payments_root([bytes(31)])
    with pytest.raises(ValueError, match="at least one payment"):
        payments_root([])
    with pytest.raises(ValueError, match="not in list"):
        inclusion_proof([_payment(1)], _payment(2))
