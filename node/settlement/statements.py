"""Tells account owners what was booked: a notification an entry, a statement a day, a report on request.

What is opening balance is the closing balance before, and the closing balance is checked against the account: a
statement that does not add up is never written.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from node.book.book import Unit
from node.book.records import CashAccountRecord
from node.book.statements import NumberedEntry, StatementRecord
from node.domain.money import Money
from node.settlement.intake import about_account
from node.settlement.office import Office, now
from node.settlement.ports import Written
from node.settlement.reporting import Line, Reporter, StatementDraft

ENTRIES_A_PAGE = 1000
_NOTIFIED_A_PASS = 200
_LAST_MOMENT = time(23, 59, 59, 999_000, UTC)


class DoesNotAddUp(Exception):
    """Opening balance and entries do not give the account's balance: stop and look, do not tell the owner."""


@dataclass(frozen=True)
class _Range:
    """Entries between two moments, with the balance before them and the last entry they may follow."""

    opening: int
    entries: list[NumberedEntry]
    last_entry: int


def notify(office: Office, reporter: Reporter) -> bool:
    """Write the notifications of what has been booked since the last time; True if there was anything."""
    with office.book.view() as unit:
        if not unit.statements.fresh(1):
            return False
    with office.book.unit() as unit:
        fresh = unit.statements.fresh(_NOTIFIED_A_PASS)
        told = {number: unit.accounts.find(number) for number in {one.entry.account for one in fresh}}
        for line in _lines(unit, fresh):
            account = told[line.numbered.entry.account]
            if account is not None:
                unit.messages.add(about_account(office, account.number, reporter.notification(account, line)))
        if fresh:
            unit.statements.notified(fresh[-1].number)
    office.boundary("notified", fresh[-1].entry.uetr or "" if fresh else "")
    return bool(fresh)


def close_yesterday(office: Office, reporter: Reporter, limit: int) -> bool:
    """Write the statements that yesterday still lacks, some accounts at a time; True if there were any."""
    yesterday = now(office).date() - timedelta(days=1)
    with office.book.view() as unit:
        open_accounts = [one.number for one in unit.accounts.list() if _lacks(unit, one.number, yesterday)]
    for number in open_accounts[:limit]:
        close_days(office, reporter, number, yesterday)
    return bool(open_accounts)


def _lacks(unit: Unit, number: str, day: date) -> bool:
    last, first = unit.statements.last(number), unit.statements.first_day(number)
    return first is not None and first <= day and (last is None or last.day < day)


def close_days(office: Office, reporter: Reporter, number: str, until: date) -> None:
    """Write every statement that an account lacks up to and with a day, in order; today is never closed."""
    until = min(until, now(office).date() - timedelta(days=1))
    with office.book.unit() as unit:
        account, last = unit.accounts.find(number), unit.statements.last(number)
        first = unit.statements.first_day(number)
        if account is None or first is None:
            return
        day = last.day + timedelta(days=1) if last else first
        while day <= until:
            last = _close_day(office, unit, reporter, account, day, last)
            day += timedelta(days=1)


def _close_day(
    office: Office,
    unit: Unit,
    reporter: Reporter,
    account: CashAccountRecord,
    day: date,
    last: StatementRecord | None,
) -> StatementRecord:
    end = datetime.combine(day + timedelta(days=1), time(0), UTC)
    found = _range(unit, account, last, end)
    pages = [found.entries[at : at + ENTRIES_A_PAGE] for at in range(0, len(found.entries), ENTRIES_A_PAGE)] or [
        []
    ]
    sequence_number, opening = (last.sequence_number if last else 0) + 1, found.opening
    for page, some in enumerate(pages, 1):
        draft = _draft(office, unit, account, some, opening, datetime.combine(day, time(0), UTC), sequence_number)
        draft = draft.on_page(page, len(pages), datetime.combine(day, _LAST_MOMENT))
        written = reporter.statement(draft)
        last_entry = some[-1].number if some else found.last_entry
        opening = draft.closing.minor
        last = _keep(office, unit, account, day, draft, written, last_entry)
    if last is None:
        raise LookupError("a statement has a page at least")
    return last


def _keep(
    office: Office,
    unit: Unit,
    account: CashAccountRecord,
    day: date,
    draft: StatementDraft,
    written: Written,
    last_entry: int,
) -> StatementRecord:
    unit.messages.add(about_account(office, account.number, written))
    record = StatementRecord(
        account=account.number,
        day=day,
        page=draft.page,
        pages=draft.pages,
        sequence_number=draft.sequence_number,
        last_entry=last_entry,
        closing=draft.closing.minor,
        digest=hashlib.sha256(written.body).digest(),
    )
    unit.statements.add(record)
    return record


def report(office: Office, reporter: Reporter, number: str) -> Written | None:
    """The report on the day that is running, kept like every message; None for an account that is not known."""
    day_began = datetime.combine(now(office).date(), time(0), UTC)
    close_days(office, reporter, number, now(office).date())
    with office.book.unit() as unit:
        account, last = unit.accounts.find(number), unit.statements.last(number)
        if account is None:
            return None
        moment = now(office)
        found = _range(unit, account, last, moment + timedelta(days=1))
        sequence_number = (last.sequence_number if last else 0) + 1
        draft = _draft(office, unit, account, found.entries, found.opening, day_began, sequence_number)
        written = reporter.interim(draft.on_page(1, 1, moment))
        unit.messages.add(about_account(office, account.number, written))
    return written


def _range(unit: Unit, account: CashAccountRecord, last: StatementRecord | None, end: datetime) -> _Range:
    """What was booked after the last statement and before a moment; checked against the account's balance."""
    before, opening = (last.last_entry, last.closing) if last else (0, 0)
    found = unit.statements.entries_after(account.number, before, end)
    if opening + unit.statements.sum_after(account.number, before) != account.balance.minor:
        raise DoesNotAddUp(f"{account.number}: {opening} and its entries do not make {account.balance}")
    return _Range(opening, found, before)


def _draft(
    office: Office,
    unit: Unit,
    account: CashAccountRecord,
    some: list[NumberedEntry],
    opening: int,
    began_at: datetime,
    sequence_number: int,
) -> StatementDraft:
    return StatementDraft(
        account=account,
        message_id="STM" + office.fresh_id().replace("-", ""),
        sequence_number=sequence_number,
        began_at=began_at,
        ended_at=began_at,
        opening=Money(opening, account.currency),
        lines=tuple(_lines(unit, some)),
    )


def _lines(unit: Unit, some: list[NumberedEntry]) -> list[Line]:
    uetrs = {one.entry.uetr for one in some if one.entry.uetr}
    payments = unit.payments.contents(sorted(uetrs))
    return [Line(one, payments.get(one.entry.uetr or "")) for one in some]
