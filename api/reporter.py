"""Writes notifications and statements in the name of one institution.

Implements `node.settlement.reporting.Reporter`. Pure but for the clock: it may be called inside a unit of work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from api.iso20022.camt053 import BookedEntry, Statement, write_interim_report, write_statement
from api.iso20022.camt054 import IDENTIFIER as NOTIFICATION
from api.iso20022.camt054 import ChainEvent, Direction, Notice, write_notification
from node.book.records import CashAccountRecord, EntryRecord
from node.domain.money import Money
from node.domain.party import Agent, CashAccount
from node.settlement.ports import Clock, Written
from node.settlement.reporting import Line, StatementDraft

STATEMENT, INTERIM = "camt.053.001.08", "camt.052.001.08"


@dataclass(frozen=True)
class Iso20022Reporter:
    """Writes as `ourselves`, who services the accounts."""

    ourselves: Agent
    clock: Clock

    def notification(self, account: CashAccountRecord, line: Line) -> Written:
        """The camt.054 for one entry; the same entry has the same identification always."""
        notice = self._notice(account, line, f"NTF{line.numbered.number}")
        return Written(NOTIFICATION, notice.message_id, write_notification(notice, line.payment))

    def statement(self, draft: StatementDraft) -> Written:
        """The camt.053 of a closed day."""
        return Written(STATEMENT, draft.message_id, write_statement(self._statement(draft)))

    def interim(self, draft: StatementDraft) -> Written:
        """The camt.052 of the running day."""
        return Written(INTERIM, draft.message_id, write_interim_report(self._statement(draft)))

    def _statement(self, draft: StatementDraft) -> Statement:
        entries = tuple(
            BookedEntry(self._notice(draft.account, line, draft.message_id), line.payment) for line in draft.lines
        )
        return Statement(
            message_id=draft.message_id,
            created_at=self._now(),
            sequence_number=draft.sequence_number,
            account=_account(draft.account),
            servicer=self.ourselves,
            opened_at=draft.began_at,
            closed_at=draft.ended_at,
            opening=draft.opening,
            entries=entries,
            page=draft.page,
            is_last=draft.page == draft.pages,
        )

    def _notice(self, account: CashAccountRecord, line: Line, message_id: str) -> Notice:
        entry = line.numbered.entry
        return Notice(
            message_id=message_id,
            created_at=self._now(),
            account=_account(account),
            servicer=self.ourselves,
            direction=Direction.CREDIT if entry.amount.minor >= 0 else Direction.DEBIT,
            amount=Money(abs(entry.amount.minor), entry.amount.currency),
            booked_on=entry.at.date(),
            servicer_reference=f"ENTRY{line.numbered.number}",
            event=_event(entry),
            text=entry.text,
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now_s(), UTC)


def _account(account: CashAccountRecord) -> CashAccount:
    return CashAccount(account.number, account.scheme, account.currency.code)


def _event(entry: EntryRecord) -> ChainEvent | None:
    if entry.transaction_hash is None or entry.block_number is None or entry.log_index is None:
        return None
    return ChainEvent(entry.transaction_hash, entry.block_number, entry.log_index)
