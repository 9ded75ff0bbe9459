"""What is said about payments beside their state: remarks that refuse nothing, and what a payment waits for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from node.book.finding_seal import open_findings, seal_findings
from node.book.inbox_records import Wait
from node.book.intake_tables import remarks, waits
from node.book.prepared import Hand, Prepared
from node.book.seals import Seals
from node.domain.reasons import Finding

_REMARKS = Prepared(select(remarks.c.findings).where(remarks.c.uetr == bindparam("wanted")))
_WAIT = Prepared(select(waits).where(waits.c.uetr == bindparam("wanted")))


class Remarks:
    """Warnings about payments, told at intake and kept."""

    def __init__(self, connection: Hand, seals: Seals) -> None:
        """Made by Unit."""
        self._connection = connection
        self._seals = seals

    def add(self, uetr: str, findings: tuple[Finding, ...]) -> None:
        """Keep remarks on a payment after those that are there."""
        if not findings:
            return
        known = self.of(uetr)
        text = seal_findings(self._seals, self._seals.file(uetr), known + findings, remarks.name, uetr)
        if known:
            self._connection.execute(update(remarks).where(remarks.c.uetr == uetr).values(findings=text))
        else:
            self._connection.execute(insert(remarks), {"uetr": uetr, "findings": text})

    def of(self, uetr: str) -> tuple[Finding, ...]:
        """The remarks on a payment, in order."""
        text = self._connection.scalar(_REMARKS, {"wanted": uetr})
        if text is None:
            return ()
        return open_findings(self._seals, self._seals.file(uetr), text, remarks.name, uetr)


class Waits:
    """What payments wait for; one thing at a time, the last is remembered when it is over."""

    def __init__(self, connection: Hand) -> None:
        """Made by Unit."""
        self._connection = connection

    def begin(self, uetr: str, wait: Wait) -> None:
        """Let a payment wait; what it waited for before is forgotten."""
        row = {
            "kind": wait.kind,
            "until_s": wait.until_s,
            "requested_date": wait.requested_date,
            "settlement_date": wait.settlement_date,
            "text": wait.text,
            "ended_at": wait.ended_at,
        }
        if self.of(uetr) is None:
            self._connection.execute(insert(waits), {"uetr": uetr, **row})
        else:
            self._connection.execute(update(waits).where(waits.c.uetr == uetr).values(row))

    def of(self, uetr: str) -> Wait | None:
        """What the payment waits for, or waited for last; None where it never waited."""
        row = self._connection.execute(_WAIT, {"wanted": uetr}).one_or_none()
        if row is None:
            return None
        return Wait(row.kind, row.until_s, row.text, row.requested_date, row.settlement_date, row.ended_at)

    def end(self, uetr: str, at: datetime) -> None:
        """The waiting is over."""
        self._connection.execute(update(waits).where(waits.c.uetr == uetr).values(ended_at=at))
