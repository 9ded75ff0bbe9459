"""When a currency can settle: its business days, its hours, and the day a payment that comes too late moves to.

The chain settles at any hour, so a currency without a calendar is always open; an institution that lives by its
central bank's hours says so in its settings, by the days shipped here or by its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FIRST_TO_SEE_A_DAY = timezone(timedelta(hours=14))
_MOST_CLOSED_DAYS = 60
_MOST_TRIES = 30
_WEEKEND = frozenset({6, 7})


class BadCalendar(ValueError):
    """A calendar that cannot be used; the text says what is wrong with it."""


@dataclass(frozen=True)
class Calendar:
    """One currency's business days and hours, at the place of its settlement system.

    `weekend` holds ISO weekdays (Monday 1), `closed` days that are none, `open_days` business days on a weekend.
    A payment that comes at `cut_off` or later is of the next business day. From `known_until` on only weekends
    are known.
    """

    zone: tzinfo
    opens: time = time(0)
    cut_off: time | None = None
    weekend: frozenset[int] = _WEEKEND
    closed: frozenset[date] = frozenset()
    open_days: frozenset[date] = frozenset()
    known_until: date | None = None

    def is_open_on(self, day: date) -> bool:
        """Whether this is a business day."""
        if day in self.open_days:
            return True
        return day not in self.closed and day.isoweekday() not in self.weekend


@dataclass(frozen=True)
class Opening:
    """The moment from which a payment can settle, the business day that it is, and why it is not now."""

    at: datetime
    day: date
    text: str


_ALWAYS = Calendar(_FIRST_TO_SEE_A_DAY, weekend=frozenset())
"""Open at all times; a day has begun as soon as it has begun anywhere."""


@dataclass(frozen=True)
class Calendars:
    """The calendars an institution lives by, by currency code; a currency without one is always open."""

    by_currency: Mapping[str, Calendar] = field(default_factory=dict)

    def opening(self, currency_code: str, asked: date | None, now: datetime) -> Opening | None:
        """When a payment asked for this day can settle, or None where that is at once.

        A day that has passed, a holiday and a time after the cut-off all mean the next business day.
        """
        calendar = self.by_currency.get(currency_code, _ALWAYS)
        local = now.astimezone(calendar.zone)
        today, first, why = local.date(), local.date(), ""
        if calendar.cut_off is not None and local.time() >= calendar.cut_off:
            first += timedelta(days=1)
            why = f"after the {currency_code} cut-off of {calendar.cut_off:%H:%M} ({calendar.zone})"
        wanted = max(asked or first, first)
        day = _next_business_day(calendar, wanted)
        if day != wanted:
            why = f"{wanted} is no business day of {currency_code}"
        at = datetime.combine(day, calendar.opens, calendar.zone)
        if day == today and local >= at:
            return None
        return Opening(at, day, _sentence(day, asked, why or ("before opening" if day == today else "")))

    def opening_of_all(self, currency_codes: Collection[str], asked: date | None, now: datetime) -> Opening | None:
        """When a payment that settles in all these currencies at once can settle, or None where that is now.

        The first currency decides alone where their hours never meet: the chain has no hours of its own.
        """
        found, moment, day = None, now, asked
        for _ in range(_MOST_TRIES):
            later = [self.opening(code, day, moment) for code in currency_codes]
            waits = [opening for opening in later if opening is not None]
            if not waits:
                return found
            found = max(waits, key=lambda opening: opening.at)
            moment, day = found.at, max(found.day, asked or found.day)
        return self.opening(next(iter(currency_codes)), asked, now)


def _next_business_day(calendar: Calendar, day: date) -> date:
    for ahead in range(_MOST_CLOSED_DAYS):
        if calendar.is_open_on(day + timedelta(days=ahead)):
            return day + timedelta(days=ahead)
    raise BadCalendar(f"no business day in the {_MOST_CLOSED_DAYS} days from {day} on")


def _sentence(day: date, asked: date | None, why: str) -> str:
    if asked == day or not why:
        return f"It settles on {day}, the day that was asked for."
    return f"It settles on {day}: {why}."


def standard_calendars() -> dict[str, Calendar]:
    """The calendars shipped with the product, by currency; raises BadCalendar where the system knows no zones."""
    text = (resources.files("node.domain") / "business_days.txt").read_text("utf-8")
    found: dict[str, Calendar] = {}
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    while rows:
        head = rows.pop(0).split()
        days: list[str] = []
        while rows and rows[0].startswith(" "):
            days += rows.pop(0).split()
        found[head[0]] = _shipped(head, days)
    return found


def _shipped(head: list[str], days: list[str]) -> Calendar:
    _, zone, opens, cut_off, weekend, known_until = head
    return Calendar(
        zone=zone_named(zone),
        opens=time.fromisoformat(opens),
        cut_off=time.fromisoformat(cut_off),
        weekend=frozenset(int(digit) for digit in weekend),
        closed=frozenset(date.fromisoformat(day) for day in days if not day.startswith("+")),
        open_days=frozenset(date.fromisoformat(day[1:]) for day in days if day.startswith("+")),
        known_until=date.fromisoformat(known_until),
    )


def zone_named(name: str) -> tzinfo:
    """The time zone of this name; raises BadCalendar where this system knows none such."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as trouble:
        raise BadCalendar(f"{name} is no time zone that this system knows (is tzdata installed?)") from trouble


def calendars_from(said: Mapping[str, object]) -> Calendars:
    """The calendars of an institution's settings: `"standard"`, or members of a calendar in their own words.

    Members are `zone`, `opens`, `cut_off`, `weekend`, `closed` and `open_days`; what is not said is taken from
    the shipped calendar of that currency, where there is one. Raises BadCalendar.
    """
    return Calendars({code: _stated(code, value) for code, value in said.items()})


def _stated(code: str, value: object) -> Calendar:
    shipped = standard_calendars().get(code)
    if value == "standard":
        if shipped is None:
            raise BadCalendar(f"{code}: no calendar of this currency is shipped; state its zone and hours")
        return shipped
    if not isinstance(value, Mapping):
        raise BadCalendar(f'{code}: "standard" or an object is needed, not {value!r}')
    strangers = set(value) - {"zone", "opens", "cut_off", "weekend", "closed", "open_days"}
    if strangers:
        raise BadCalendar(f"{code}: there is no {', '.join(sorted(strangers))} in a calendar")
    try:
        return _with(shipped, value)
    except (TypeError, ValueError) as fault:
        raise BadCalendar(f"{code}: {fault}") from None


def _with(shipped: Calendar | None, value: Mapping[str, object]) -> Calendar:
    base = shipped or Calendar(_FIRST_TO_SEE_A_DAY)
    said = dict(value)
    cut_off = said.get("cut_off", base.cut_off and base.cut_off.isoformat())
    return Calendar(
        zone=zone_named(str(said["zone"])) if "zone" in said else base.zone,
        opens=time.fromisoformat(str(said["opens"])) if "opens" in said else base.opens,
        cut_off=None if cut_off is None else time.fromisoformat(str(cut_off)),
        weekend=frozenset(_numbers(said["weekend"])) if "weekend" in said else base.weekend,
        closed=frozenset(_days(said["closed"])) if "closed" in said else base.closed,
        open_days=frozenset(_days(said["open_days"])) if "open_days" in said else base.open_days,
        known_until=base.known_until,
    )


def _numbers(value: object) -> list[int]:
    if not isinstance(value, list) or not all(type(day) is int and 1 <= day <= 7 for day in value):
        raise ValueError(f"weekend must be a list of ISO weekdays from 1 to 7, not {value!r}")
    return value


def _days(value: object) -> list[date]:
    if not isinstance(value, list):
        raise TypeError(f"a list of days is needed, not {value!r}")
    return [date.fromisoformat(str(day)) for day in value]
