"""Business days, cut-off times and the day a payment moves to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.domain.calendar import BadCalendar, Calendars, calendars_from, standard_calendars

STANDARD = calendars_from({"CNY": "standard", "AED": "standard"})
# 2026-11-23 is a Monday.
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, 06:00 in Dubai


@pytest.mark.parametrize(
    ("currency", "asked", "now", "day"),
    [
        ("CNY", None, MORNING, None),
        ("CNY", date(2026, 11, 20), MORNING, None),
        ("CNY", date(2026, 11, 24), MORNING, date(2026, 11, 24)),
        ("CNY", date(2026, 11, 28), MORNING, date(2026, 11, 30)),  # a Saturday
        ("CNY", None, MORNING.replace(hour=9, minute=14), None),  # 17:14
        ("CNY", None, MORNING.replace(hour=9, minute=15), date(2026, 11, 24)),  # 17:15 is too late
        ("CNY", None, datetime(2026, 9, 30, 9, 30, tzinfo=UTC), date(2026, 10, 8)),  # National Day
        ("CNY", date(2026, 10, 10), datetime(2026, 9, 30, 1, tzinfo=UTC), date(2026, 10, 10)),  # worked Saturday
        ("AED", None, MORNING, date(2026, 11, 23)),  # before opening
        ("AED", None, MORNING.replace(hour=5), None),
        ("AED", None, datetime(2026, 12, 1, 15, tzinfo=UTC), date(2026, 12, 4)),  # National Day
        ("XXX", None, datetime(2026, 12, 25, 23, 59, tzinfo=UTC), None),
        ("XXX", date(2026, 11, 24), MORNING, date(2026, 11, 24)),
        ("XXX", date(2026, 11, 24), MORNING.replace(hour=10), None),  # begun where the day is furthest ahead
    ],
)
def test_a_payment_settles_on_the_next_business_day(
    currency: str, asked: date | None, now: datetime, day: date | None
) -> None:
    opening = STANDARD.opening(currency, asked, now)
    assert (opening and opening.day) == day
    if opening is not None:
        assert opening.at > now
        assert str(day) in opening.text


def test_the_reason_is_said() -> None:
    late = STANDARD.opening("CNY", None, MORNING.replace(hour=9, minute=15))
    assert late is not None
    assert late.text == "It settles on 2026-11-24: after the CNY cut-off of 17:15 (Asia/Shanghai)."
    asked = STANDARD.opening("CNY", date(2026, 11, 28), MORNING)
    assert asked is not None
    assert asked.text == "It settles on 2026-11-30: 2026-11-28 is no business day of CNY."


@given(
    st.sampled_from(["CNY", "AED", "EUR", "USD", "XXX"]),
    st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 11, 30), timezones=st.just(UTC)),  # noqa: DTZ001  hypothesis adds the zone
)
def test_when_it_opens_it_is_open(currency: str, asked: date | None, now: datetime) -> None:
    calendars = Calendars(standard_calendars())
    opening = calendars.opening(currency, asked, now)
    if opening is not None:
        assert opening.at > now
        assert asked is None or opening.day >= asked
        assert calendars.opening(currency, asked, opening.at) is None
        assert calendars.opening(currency, asked, opening.at - timedelta(seconds=1)) is not None


def test_a_payment_across_two_currencies_waits_until_both_are_open() -> None:
    both = ("AED", "CNY")
    assert STANDARD.opening_of_all(both, None, MORNING.replace(hour=5)) is None
    # The yuan's day is over at 13:30 in Dubai; the dirham's second of December is a holiday, and so is the third.
    late = STANDARD.opening_of_all(both, None, datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
    assert late is not None
    assert late.day == date(2026, 12, 4)
    assert late.at == datetime(2026, 12, 4, 4, tzinfo=UTC)
    # National Day in China, and nothing in the Emirates.
    golden = STANDARD.opening_of_all(both, None, datetime(2026, 10, 1, 6, tzinfo=UTC))
    assert golden is not None
    assert golden.day == date(2026, 10, 8)


def test_where_hours_never_meet_the_first_currency_decides() -> None:
    apart = calendars_from(
        {
            "CNY": {"zone": "UTC", "opens": "01:00", "cut_off": "02:00"},
            "AED": {"zone": "UTC", "opens": "03:00", "cut_off": "04:00"},
        }
    )
    opening = apart.opening_of_all(("AED", "CNY"), None, MORNING.replace(hour=0))
    assert opening is not None
    assert opening.at == MORNING.replace(hour=3)


def test_an_institutions_own_words_come_before_what_is_shipped() -> None:
    own = calendars_from(
        {"CNY": {"cut_off": "12:00", "closed": ["2026-11-24"]}, "MYR": {"zone": "Asia/Singapore"}}
    )
    late = own.opening("CNY", None, MORNING.replace(hour=4))
    assert late is not None
    assert late.day == date(2026, 11, 25)
    weekend = own.opening("MYR", date(2026, 11, 28), MORNING)
    assert weekend is not None
    assert weekend.day == date(2026, 11, 30)
    always = calendars_from({"CNY": {"cut_off": None, "opens": "00:00", "weekend": [], "closed": []}})
    assert always.opening("CNY", None, datetime(2026, 10, 1, 23, 59, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "said",
    [
        {"QQQ": "standard"},
        {"CNY": "always"},
        {"CNY": {"cutoff": "17:00"}},
        {"CNY": {"cut_off": "25:00"}},
        {"CNY": {"zone": "Asia/Nowhere"}},
        {"CNY": {"weekend": [0]}},
        {"CNY": {"closed": "2026-10-01"}},
    ],
)
def test_a_wrong_calendar_is_refused_by_name(said: dict[str, object]) -> None:
    with pytest.raises(BadCalendar):
        calendars_from(said)


def test_a_currency_without_business_days_is_refused_when_it_matters() -> None:
    never = calendars_from({"CNY": {"weekend": [1, 2, 3, 4, 5, 6, 7], "open_days": []}})
    with pytest.raises(BadCalendar):
        never.opening("CNY", None, MORNING)
