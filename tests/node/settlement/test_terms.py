"""Terms as an institution's description states them: right, or refused by name before anything starts."""

from __future__ import annotations

import pytest

from node.settlement.terms import BadTerms, Terms, retry_delay_s, terms_from


def test_what_is_not_stated_keeps_its_usual_value() -> None:
    assert terms_from({}) == Terms()
    assert terms_from({"quote_s": 60, "poll_s": 1}) == Terms(quote_s=60, poll_s=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("instruction_s", 90.0),
        ("instruction_s", "90"),
        ("instruction_s", True),
        ("instruction_s", 0),
        ("poll_s", -0.1),
        ("poll_s", None),
        ("patience_s", 1),
    ],
)
def test_a_wrong_term_is_refused_by_its_name(name: str, value: object) -> None:
    with pytest.raises(BadTerms, match=f"^{name}: "):
        terms_from({name: value})


def test_retries_double_up_to_a_ceiling() -> None:
    delays = [retry_delay_s(Terms(), attempts) for attempts in range(40)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (0.2, 10.0)
