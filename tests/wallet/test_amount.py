"""Amounts: exact both ways, and every spelling that could be misread refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.amount import BadAmount, format_amount, parse_amount


@given(st.integers(1, 2**190), st.integers(0, 18))
def test_what_is_written_is_read_back(minor: int, decimals: int) -> None:
    assert parse_amount(format_amount(minor, decimals), decimals) == minor


def test_examples() -> None:
    assert parse_amount("100", 2) == 10000
    assert parse_amount("0.1", 2) == 10
    assert parse_amount("7", 0) == 7
    assert format_amount(5, 2) == "0.05"
    assert format_amount(-512, 2) == "-5.12"
    assert format_amount(0, 3) == "0.000"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.00",
        "-1",
        "+1",
        "01",
        "1.",
        ".5",
        "1e3",
        "1,000",
        "1 000",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "1.005",
        "٣",
        "１",
        "1.5\n",
        "1.2.3",
        "9" * 90,
    ],
)
def test_what_could_be_misread_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        parse_amount(text, 2)


def test_more_than_256_bits_is_refused() -> None:
    with pytest.raises(BadAmount, match=r"2\*\*256"):
        parse_amount("9" * 60, 18)
