"""The report on a message of several instructions: where each stands, and once more when all have ended."""

from __future__ import annotations

from node.book.book import Unit
from node.book.inbox_records import InboxRecord
from node.book.records import PaymentRecord
from node.domain.lifecycle import TERMINAL
from node.settlement.office import Office


def states_of(unit: Unit, entry: InboxRecord) -> dict[str, PaymentRecord]:
    """The payments that the lines of a message became, by UETR."""
    found = (unit.payments.find(line.uetr) for line in entry.lines if line.uetr is not None)
    return {record.uetr: record for record in found if record is not None}


def finish_batch(office: Office, unit: Unit, uetr: str) -> None:
    """Keep the final report of the message that this payment was a line of, if it was the last to end."""
    key = unit.inbox.key_of(uetr)
    if key is None or unit.inbox.is_open(key, tuple(TERMINAL)):
        return
    entry = unit.inbox.find(key)
    if entry is not None and entry.final_answer is None:
        unit.inbox.finish(key, office.translator.report_batch(entry, states_of(unit, entry)).body)
