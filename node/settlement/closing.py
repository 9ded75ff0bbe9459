"""Ending a payment before settlement: the state, the reservation and the report to the back office, in one commit.

Every end goes through here, so none can leave a reservation behind.
"""

from __future__ import annotations

from node.book.book import Unit
from node.book.records import PaymentRecord
from node.domain.lifecycle import Event
from node.domain.payment import Side
from node.domain.reasons import Finding
from node.settlement.intake import BACK_OFFICE, outbound
from node.settlement.office import Office, now


def close(
    office: Office, unit: Unit, record: PaymentRecord, event: Event, findings: tuple[Finding, ...] = ()
) -> PaymentRecord:
    """Move the payment by an ending event, release what it reserved and tell the back office."""
    record = unit.payments.move(record, event, now(office), findings)
    unit.accounts.release(record.uetr)
    return report(office, unit, record)


def original_message(unit: Unit, uetr: str) -> bytes:
    """The credit transfer as we received it."""
    return next(message.body for message in unit.messages.of(uetr) if message.direction == "in")


def report(office: Office, unit: Unit, record: PaymentRecord) -> PaymentRecord:
    """Write the status report of a debtor agent's payment into the outgoing messages; the other side has none."""
    if record.side is Side.DEBTOR_AGENT:
        written = office.translator.report(record, original_message(unit, record.uetr))
        unit.messages.add(outbound(office, record.uetr, BACK_OFFICE, written))
    return record
