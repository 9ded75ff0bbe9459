"""A row's ratio always grows with what is good, and its verdict follows from it."""

import pytest

from node.chain.bench.figure import Figure, Samples, Spread, capped, compared, kept_up, spread


def test_more_a_second_is_better() -> None:
    samples = Samples(ours=[300.0, 320.0, 310.0], eth_tester=[100.0, 160.0, 155.0])
    row = compared("sends", "tx/s", samples, "eth_tester", 1.5, faster=True)
    assert row.ratio == 2.0
    assert row.holds
    assert row.ours == Spread(305.0, 310.0, 315.0)
    assert row.anvil is None


def test_fewer_milliseconds_are_better() -> None:
    samples = Samples(ours=[20.0], anvil=[10.0])
    row = compared("loop", "ms", samples, "anvil", 1.0, faster=False)
    assert row.ratio == 0.5
    assert row.holds is False


def test_turns_are_paired_so_a_machine_that_slows_down_changes_nothing() -> None:
    steady = compared("x", "ms", Samples([1, 1, 1], [3, 3, 3]), "eth_tester", 3, faster=False)
    slowing = compared("x", "ms", Samples([1, 5, 25], [3, 15, 75]), "eth_tester", 3, faster=False)
    assert steady.ratio == slowing.ratio == 3


def test_an_absent_engine_gives_no_verdict() -> None:
    row = compared("sends", "tx/s", Samples(ours=[1.0]), "anvil", 1.0, faster=True)
    assert (row.ratio, row.holds, row.anvil) == (None, None, None)


@pytest.mark.parametrize(("measured", "holds"), [(199.0, True), (201.0, False)])
def test_a_cap_is_kept_or_not(measured: float, holds: bool) -> None:
    assert capped("memory", "MB", Samples([measured]), 200).holds is holds


@pytest.mark.parametrize(("grown", "holds"), [(11.9, True), (12.1, False)])
def test_a_fifth_slower_is_the_limit(grown: float, holds: bool) -> None:
    assert kept_up("grown", "ms", [grown], [10.0], 0.2).holds is holds


def test_a_row_needs_samples() -> None:
    assert spread([]) is None
    with pytest.raises(ValueError, match="nothing was measured"):
        capped("memory", "MB", Samples([]), 200)


def test_only_a_ratio_makes_a_verdict() -> None:
    ours = Spread(1, 1, 1)
    assert Figure("x", "ms", ours, None, None, "anvil", None, 1.0).holds is None
