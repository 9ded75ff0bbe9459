"""Ending a payment before settlement: the state, the reservation and the report to the back office, in one commit.

Every end goes through here, so none can leave a reservation behind.
"""

from __future__ import annotations

from node.book.book import Unit
from node.book.records import MessageRecord, PaymentRecord
from node.domain.lifecycle import Event
from node.domain.payment import Side
from node.domain.reasons import Finding
from node.settlement.batch_report import finish_batch
from node.settlement.intake import BACK_OFFICE, outbound
from node.settlement.office import Office, now
from node.settlement.payee_desk import name_remarks

_FIN = ("MT103", "MT202", "MT205")
_TRANSFERS = ("pacs.004.", "pacs.008.", "pacs.009.")


def close(
    office: Office, unit: Unit, record: PaymentRecord, event: Event, findings: tuple[Finding, ...] = ()
) -> PaymentRecord:
    """Move the payment by an ending event, release what it reserved and tell the back office."""
    record = unit.payments.move(record, event, now(office), findings)
    unit.accounts.release(record.uetr)
    return report(office, unit, record)


def original_message(unit: Unit, uetr: str) -> bytes:
    """The credit transfer as we received it, or read it; the customer's, where it came with its cover."""
    transfers = _transfers(unit, uetr)
    return min(transfers, key=lambda message: message.name[:8]).body


def report(office: Office, unit: Unit, record: PaymentRecord) -> PaymentRecord:
    """Write the status report of a debtor agent's payment into the outgoing messages; the other side has none.

    A payment and its cover are told of each by itself; a customer's orders all together, when the last has ended.
    What the creditor agent said of the creditor's name is told once more, for only now has the back office it all.
    """
    if record.side is Side.DEBTOR_AGENT:
        remarks = name_remarks(unit, record.uetr)
        for came_as, message in _instructions(unit, record.uetr):
            if message.counterparty == BACK_OFFICE:
                written = office.translator.report(record, message.body, remarks, came_as)
                unit.messages.add(outbound(office, record.uetr, BACK_OFFICE, written))
        finish_batch(office, unit, record.uetr)
    return record


def _instructions(unit: Unit, uetr: str) -> list[tuple[str, MessageRecord]]:
    """The same, each under the name of what came: a FIN message is kept in front of its translation."""
    found: list[tuple[str, MessageRecord]] = []
    came_as = None
    for message in unit.messages.transfers(uetr, (*_FIN, *_TRANSFERS)):
        if message.name.startswith(_FIN):
            came_as = message.name
        else:
            found.append((came_as or message.name, message))
            came_as = None
    return found


def _transfers(unit: Unit, uetr: str) -> list[MessageRecord]:
    """The credit transfers that instructed a payment, in the form in which they can be read."""
    return unit.messages.transfers(uetr, _TRANSFERS)
