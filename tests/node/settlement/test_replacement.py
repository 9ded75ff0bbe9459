"""How much more is offered: enough for every engine's rule, never above the cap, never the same again."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from node.ledger.values import Fees
from node.settlement.replacement import next_offer, raised

WEI = st.integers(min_value=0, max_value=2**128)


def offers() -> st.SearchStrategy[Fees]:
    return st.tuples(WEI, WEI).map(lambda pair: Fees(max(pair), min(pair)))


@given(WEI)
def test_an_eighth_more_rounded_up_and_at_least_one_wei(fee_wei: int) -> None:
    least = raised(fee_wei)
    assert least > fee_wei
    assert least >= Fraction(fee_wei) * Fraction(9, 8)
    assert least - 1 <= fee_wei or least - 1 < Fraction(fee_wei) * Fraction(9, 8)


def test_known_amounts() -> None:
    assert [raised(fee) for fee in (0, 1, 7, 8, 9, 1_000_000_000)] == [1, 2, 8, 9, 11, 1_125_000_000]


@given(offers(), offers())
def test_without_a_cap_both_fees_rise_and_reach_what_is_usual(offered: Fees, usual: Fees) -> None:
    offer = next_offer(offered, usual, None)
    assert offer is not None
    assert all(after >= raised(before) for before, after in zip(offered, offer, strict=True))
    assert all(after >= common for common, after in zip(usual, offer, strict=True))
    assert offer.max_priority_fee_per_gas <= offer.max_fee_per_gas


@given(offers(), offers(), WEI)
def test_the_cap_is_kept_and_what_remains_within_it_still_replaces(
    offered: Fees, usual: Fees, cap_wei: int
) -> None:
    offer = next_offer(offered, usual, cap_wei)
    if offer is None:
        assert raised(offered.max_fee_per_gas) > cap_wei
        return
    assert offer.max_fee_per_gas <= cap_wei
    assert offer.max_priority_fee_per_gas <= offer.max_fee_per_gas
    assert all(after >= raised(before) for before, after in zip(offered, offer, strict=True))


@given(offers(), st.integers(min_value=0, max_value=10**15))
def test_offers_end_at_the_cap(offered: Fees, cap_wei: int) -> None:
    offer: Fees | None = offered
    steps = 0
    while offer is not None:
        offer, steps = next_offer(offer, Fees(1, 1), cap_wei), steps + 1
    assert steps < 400
