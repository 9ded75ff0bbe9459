"""Taking in a message of several instructions: one commit for all of it, and each of them succeeds or fails alone.

The message is kept whole, with what became of every line; an instruction that cannot be taken is a line with
reasons and no payment. What is wrong with the message as a whole refuses all of its lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from node.book.book import Unit
from node.book.inbox_records import InboxLine, InboxRecord, InboxVerdict
from node.book.records import PaymentRecord
from node.domain.lifecycle import TERMINAL
from node.domain.reasons import Finding
from node.settlement.batch_report import states_of
from node.settlement.intake import Conflicting, Received, id_conflict, place
from node.settlement.office import Office, now
from node.settlement.ports import Written


@dataclass(frozen=True)
class BatchLine:
    """One instruction as it was read: a credit transfer, or the reasons for which there is none."""

    block: str
    instruction_id: str | None
    end_to_end_id: str
    transaction_id: str | None
    uetr: str
    received: Received | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Batch:
    """A message with its instructions; `findings` are errors of the message as a whole."""

    message: Written
    counterparty: str
    lines: tuple[BatchLine, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class BatchTaken:
    """The message is in the book; `entry.answer` is the report to send back, the first time and every time."""

    entry: InboxRecord
    repeated: bool


Within = Callable[[Unit, BatchTaken], None]
"""Told of the outcome inside the unit that records it; what it keeps there is kept with the payments."""


def alone(_unit: Unit, _taken: BatchTaken) -> None:
    """Nothing else is kept with the payments."""


def receive_batch(office: Office, batch: Batch, within: Within = alone) -> BatchTaken | Conflicting:
    """Record every instruction of a message, RECEIVED or REJECTED, in one commit with the answer to all."""
    digest = hashlib.sha256(batch.message.body).digest()
    with office.book.unit() as unit:
        known = unit.inbox.find_taken(batch.counterparty, batch.message.message_id)
        if known is not None and known.digest == digest:
            taken = BatchTaken(known, repeated=True)
            within(unit, taken)
            return taken
        if known is not None or unit.messages.find_inbound(batch.counterparty, batch.message.message_id):
            return Conflicting(id_conflict(batch.message.message_id))
        lines = tuple(_line(office, unit, batch, place_) for place_ in enumerate(batch.lines, start=1))
        entry = _entry(office, batch, digest, lines)
        records = states_of(unit, entry)
        entry = replace(entry, answer=office.translator.report_batch(entry, records).body)
        if all(record.state in TERMINAL for record in records.values()):
            entry = replace(entry, final_answer=entry.answer)
        unit.inbox.add(entry)
        taken = BatchTaken(entry, repeated=False)
        within(unit, taken)
    office.boundary("received", entry.key)
    return taken


def keep_refused(
    office: Office, message: Written, counterparty: str, findings: tuple[Finding, ...]
) -> InboxRecord:
    """Keep bytes that were refused as a message, with the reject that answers them.

    `message` is what came, named as far as that could be read; the answer is the translator's.
    """
    entry = InboxRecord(
        key=office.fresh_id(),
        counterparty=counterparty,
        name=message.name,
        message_id=message.message_id or None,
        verdict=InboxVerdict.REFUSED,
        body=message.body,
        digest=hashlib.sha256(message.body).digest(),
        at=now(office),
        findings=findings,
        answer=b"",
    )
    entry = replace(entry, answer=office.translator.report_batch(entry, {}).body)
    with office.book.unit() as unit:
        unit.inbox.add(entry)
    return entry


def _line(office: Office, unit: Unit, batch: Batch, place_: tuple[int, BatchLine]) -> InboxLine:
    position, line = place_
    placed = _place(office, unit, batch, line)
    return InboxLine(
        position=position,
        block=line.block,
        instruction_id=line.instruction_id,
        end_to_end_id=line.end_to_end_id,
        transaction_id=line.transaction_id,
        stated_uetr=line.uetr,
        uetr=placed.uetr if isinstance(placed, PaymentRecord) else None,
        findings=() if isinstance(placed, PaymentRecord) else placed,
    )


def _place(office: Office, unit: Unit, batch: Batch, line: BatchLine) -> PaymentRecord | tuple[Finding, ...]:
    if batch.findings or line.received is None:
        return line.findings or batch.findings
    placed = place(office, unit, line.received)
    return (placed,) if isinstance(placed, Finding) else placed


def _entry(office: Office, batch: Batch, digest: bytes, lines: tuple[InboxLine, ...]) -> InboxRecord:
    return InboxRecord(
        key=office.fresh_id(),
        counterparty=batch.counterparty,
        name=batch.message.name,
        message_id=batch.message.message_id,
        verdict=InboxVerdict.TAKEN,
        body=batch.message.body,
        digest=digest,
        at=now(office),
        findings=batch.findings,
        answer=b"",
        lines=lines,
    )
