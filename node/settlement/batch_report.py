"""The report on a message of several instructions: where each stands, and once more when all have ended."""

from __future__ import annotations

from node.book.book import Unit
from node.book.inbox_records import InboxRecord
from node.book.records import PaymentRecord
from node.domain.lifecycle import TERMINAL
from node.settlement.office import Office
from node.settlement.payee_desk import name_remarks
from node.settlement.ports import Remarks


def states_of(unit: Unit, entry: InboxRecord) -> dict[str, PaymentRecord]:
    """The payments that the lines of a message became, by UETR."""
    found = (unit.payments.find(line.uetr) for line in entry.lines if line.uetr is not None)
    return {record.uetr: record for record in found if record is not None}


def remarks_of(unit: Unit, records: dict[str, PaymentRecord]) -> Remarks:
    """What creditor agents said of the creditors' names in these payments, by UETR."""
    return {uetr: name_remarks(unit, uetr) for uetr in records}


def finish_batch(office: Office, unit: Unit, uetr: str) -> None:
    """Keep the final report of the message that this payment was a line of, if it was the last to end."""
    key = unit.inbox.key_of(uetr)
    if key is None or unit.inbox.is_open(key, tuple(TERMINAL)):
        return
    entry = unit.inbox.find(key)
    if entry is not None and entry.final_answer is None:
        records = states_of(unit, entry)
        written = office.translator.report_batch(entry, records, remarks_of(unit, records))
        unit.inbox.finish(key, written.body)
