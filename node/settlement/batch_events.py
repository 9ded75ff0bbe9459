"""What the contract says of a batch, told as of single payments: each of ours settled, or failed with its reason.

A batch's event names only the instruction's hash; its terms are those of the instruction our book keeps.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import fields

from node.book.book import Unit
from node.book.records import PaymentRecord
from node.domain.lifecycle import State
from node.domain.payment import Side
from node.ledger.logs import ChainLog, FailedInBatchLog, LogPlace, SettledInBatchLog, SettledLog
from node.settlement.office import Office
from node.settlement.submission import refusal
from node.settlement.typed import instruction_of
from wallet.typed_data import struct_hash


def told_singly(unit: Unit, logs: Iterable[ChainLog]) -> tuple[list[ChainLog], dict[str, PaymentRecord]]:
    """The logs, with every payment that settled in a batch and is in our book as if it had settled alone.

    Beside them the payments of ours that are said to have settled, by UETR: one question for all of them.
    """
    logs = list(logs)
    uetrs = [_uetr(log) for log in logs if isinstance(log, SettledInBatchLog | SettledLog)]
    records = {record.uetr: record for record in unit.payments.find_many(uetrs)}
    told: list[ChainLog] = []
    for log in logs:
        if isinstance(log, SettledInBatchLog):
            told += _settled(records.get(_uetr(log)), log)
        else:
            told.append(log)
    return told, records


def note_failure(office: Office, unit: Unit, log: FailedInBatchLog) -> None:
    """Keep why a payment of ours did not settle; it may still, until its instruction runs out and ends it."""
    record = unit.payments.find(_uetr(log))
    if record is None or record.side is not Side.DEBTOR_AGENT or log.debtor_agent != office.account:
        return
    if record.state is State.SUBMITTED and record.sequence == log.sequence:
        unit.payments.add_finding(record, refusal(log.reason))


def _settled(record: PaymentRecord | None, log: SettledInBatchLog) -> list[SettledLog]:
    if record is None or record.instruction is None:
        return []
    terms = instruction_of(record)
    if terms.debtor_agent != log.debtor_agent or struct_hash(terms) != log.instruction:
        return []
    place = {field.name: getattr(log, field.name) for field in fields(LogPlace)}
    return [
        SettledLog(
            **place,
            uetr=terms.uetr,
            debtor_agent=terms.debtor_agent,
            creditor_agent=terms.creditor_agent,
            debtor_account=terms.debtor_account,
            creditor_account=terms.creditor_account,
            debit_token=terms.debit_token,
            debit_amount=terms.debit_amount,
            credit_token=terms.credit_token,
            credit_amount=terms.credit_amount,
            provider=None,
            quote_id=bytes(16),
            message_digest=terms.message_digest,
            return_of=terms.return_of,
        )
    ]


def _uetr(log: SettledInBatchLog | SettledLog | FailedInBatchLog) -> str:
    return str(uuid.UUID(bytes=log.uetr))
