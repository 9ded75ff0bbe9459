"""What a payment waits for before anything is done for it: its settlement day, or the cover that brings its money.

A cover (pacs.009 COV) settles on this network, so a covered payment (pacs.008 with method COVE) and its cover are
one payment here: the first to come waits for the other. A cover that waits in vain settles between the two
institutions; a covered payment that does expires.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum

from node.book.inbox_records import Wait, WaitKind
from node.domain.payment import Payment, credit_leg, debit_leg
from node.domain.reasons import Finding, Reason
from node.settlement.office import Office


class Role(Enum):
    """What a credit transfer is to its money: it brings it, waits for its cover, or is the cover of another."""

    DIRECT = "direct"
    COVERED = "covered"
    COVER = "cover"


def wait_for(office: Office, payment: Payment, role: Role) -> Wait | None:
    """What a new payment has to wait for, None where it can be taken at once."""
    now_s = int(office.clock.now_s())
    if role is Role.COVERED:
        text = "It waits for its cover, a pacs.009 COV of the same UETR, amount and agents."
        return Wait(WaitKind.COVER, now_s + office.terms.cover_s, text)
    day = settlement_wait(office, payment)
    if role is Role.COVER and day is None:
        text = "It waits a moment for the payment that it covers, and settles between the institutions without."
        return Wait(WaitKind.UNDERLYING, now_s + office.terms.underlying_s, text)
    return day


def settlement_wait(office: Office, payment: Payment) -> Wait | None:
    """The wait for the day on which this payment can settle in both its currencies, None where that is now."""
    moment = datetime.fromtimestamp(office.clock.now_s(), UTC)
    legs = dict.fromkeys(leg.currency.code for leg in (credit_leg(payment), debit_leg(payment)))
    opening = office.calendars.opening_of_all(legs, payment.settlement_date, moment)
    if opening is None:
        return None
    until_s = int(opening.at.timestamp())
    asked = payment.settlement_date
    return Wait(WaitKind.SETTLEMENT_DATE, until_s, opening.text, asked, opening.day)


def rolled(wait: Wait) -> Iterator[Finding]:
    """The remark on a payment that settles on another day than it was ordered for."""
    if wait.settlement_date is not None and wait.settlement_date != wait.requested_date:
        yield Finding(
            Reason.SETTLEMENT_DATE_NOT_POSSIBLE,
            wait.text,
            element="settlement_date",
            value=wait.requested_date.isoformat() if wait.requested_date else None,
            rule="calendar.business-day",
        )


def cover_misfit(one: Payment, other: Payment) -> Finding | None:
    """Why one of these cannot be the cover of the other."""
    for element, here, there in (
        ("interbank_settlement_amount", str(credit_leg(one)), str(credit_leg(other))),
        ("debtor_agent", one.debtor_agent.bic[:8], other.debtor_agent.bic[:8]),
        ("creditor_agent", one.creditor_agent.bic[:8], other.creditor_agent.bic[:8]),
    ):
        if here != there:
            text = f"A payment and its cover must agree; this one says {there}, the other of its UETR {here}."
            return Finding(Reason.COVER_DIFFERS, text, element, there, "cover.agrees")
    return None


def cover_missing() -> Finding:
    """Why a covered payment ended."""
    return Finding(
        Reason.COVER_MISSING,
        "No cover (pacs.009 COV of this UETR) came in time; nothing has moved.",
        element="uetr",
        rule="cover.in-time",
    )
