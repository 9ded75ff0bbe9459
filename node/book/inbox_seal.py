"""A message of several payments as rows, sealed with a key of its own that ends with the first person erased."""

from __future__ import annotations

import json
from typing import Any

from node.book.finding_seal import open_findings, seal_findings
from node.book.inbox_records import InboxLine, InboxRecord
from node.book.intake_tables import inbox, inbox_lines
from node.book.payment_json import NO_REFERENCE
from node.book.redacting import Traces
from node.book.sealing import ERASED, Key, at_place
from node.book.seals import Seals


def seal_message(seals: Seals, key: Key | None, record: InboxRecord) -> dict[str, Any]:
    """The columns of a message but for its key."""
    final = record.final_answer
    return {
        "key": record.key,
        "counterparty": record.counterparty,
        "name": record.name,
        "message_id": record.message_id or None,
        "verdict": record.verdict,
        "body": seal_answer(seals, key, record.key, "body", record.body),
        "digest": record.digest,
        "at": record.at,
        "findings": seal_findings(seals, key, record.findings, inbox.name, record.key),
        "answer": seal_answer(seals, key, record.key, "answer", record.answer),
        "final_answer": None if final is None else seal_answer(seals, key, record.key, "final_answer", final),
    }


def open_message(seals: Seals, key: Key | None, row: Any, lines: tuple[InboxLine, ...]) -> InboxRecord:
    """The message of a row; what is erased of it says so."""
    return InboxRecord(
        key=row.key,
        counterparty=row.counterparty,
        name=row.name,
        message_id=row.message_id,
        verdict=row.verdict,
        body=seals.open_body(key, row.body, at_place(inbox.name, "body", row.key)),
        digest=row.digest,
        at=row.at,
        findings=open_findings(seals, key, row.findings, inbox.name, row.key),
        answer=seals.open_body(key, row.answer, at_place(inbox.name, "answer", row.key)),
        final_answer=None if row.final_answer is None else _final(seals, key, row),
        lines=lines,
    )


def speaks_of(seals: Seals, row: Any, traces: Traces) -> bool:
    """Whether the message of a row, or what was answered, speaks of a person."""
    key = seals.vault.file_key(inbox.name, row.key, row.file_key, None)
    record = open_message(seals, key, row, ())
    return traces.are_in(record.body, record.answer, record.final_answer or b"")


def seal_answer(seals: Seals, key: Key | None, row: str, column: str, body: bytes) -> bytes:
    """A message's body, or one of its answers, for its column."""
    return seals.vault.seal(key, body, at_place(inbox.name, column, row))


def seal_line(seals: Seals, key: Key | None, row: str, line: InboxLine) -> dict[str, Any]:
    """The columns of one line; the debtor's reference is sealed with the findings."""
    place = _line_name(row, line.position)
    findings = seal_findings(seals, key, line.findings, inbox_lines.name, place)
    reference = seals.seal_text(key, line.end_to_end_id, inbox_lines.name, "sealed", place)
    return {
        "key": row,
        "position": line.position,
        "block": line.block,
        "instruction_id": line.instruction_id,
        "transaction_id": line.transaction_id,
        "stated_uetr": line.stated_uetr,
        "uetr": line.uetr,
        "sealed": json.dumps({"end_to_end_id": reference, "findings": findings}),
    }


def open_line(seals: Seals, key: Key | None, row: Any) -> InboxLine:
    """The line of a row."""
    place, kept = _line_name(row.key, row.position), json.loads(row.sealed)
    reference = seals.open_text(key, kept["end_to_end_id"], inbox_lines.name, "sealed", place)
    return InboxLine(
        position=row.position,
        block=row.block,
        instruction_id=row.instruction_id,
        end_to_end_id=NO_REFERENCE if key is None and reference == ERASED else reference,
        transaction_id=row.transaction_id,
        stated_uetr=row.stated_uetr,
        uetr=row.uetr,
        findings=open_findings(seals, key, kept["findings"], inbox_lines.name, place),
    )


def _final(seals: Seals, key: Key | None, row: Any) -> bytes:
    return seals.open_body(key, row.final_answer, at_place(inbox.name, "final_answer", row.key))


def _line_name(row: str, position: int) -> str:
    return f"{row}/{position}"
