"""What an office does by itself after settlement: cases a step further, notifications, statements of closed days.

What cannot be done now comes again later. Of several workers on one book, one does it at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date

from node.book.cases import CaseRecord
from node.book.records import BookBusy, StaleRecord
from node.domain.lifecycle import IllegalTransition
from node.domain.recall import CaseSide
from node.ledger.errors import LedgerUnreachable
from node.settlement.lane import LaneStopped
from node.settlement.office import Office, now
from node.settlement.recall_deciding import attend
from node.settlement.recalling import LOOK_AGAIN_S, pursue
from node.settlement.reporting import Reporter
from node.settlement.statements import close_yesterday, notify
from node.settlement.terms import retry_delay_s

_log = logging.getLogger(__name__)
_CASES_A_PASS = 50
_ACCOUNTS_A_PASS = 50


class FollowUp:
    """One office's: cases that are due, entries to notify, yesterday's statements."""

    def __init__(self, office: Office, is_ours: Callable[[], bool]) -> None:
        """Nothing is done before the first pass; `is_ours` says, each time, whether it is this worker's to do."""
        self._office = office
        self._is_ours = is_ours
        self._closed: date | None = None

    def __call__(self) -> bool:
        """One pass; True if anything was to be done. Never raises for one case's trouble."""
        aftercare = self._office.aftercare
        if aftercare is None or not self._is_ours():
            return False
        moved = follow_cases(self._office, self._is_ours)
        if not self._is_ours():
            return moved
        moved = notify(self._office, aftercare.reporter) or moved
        return self._close_day(aftercare.reporter) or moved

    def _close_day(self, reporter: Reporter) -> bool:
        today = now(self._office).date()
        if self._closed == today:
            return False
        moved = close_yesterday(self._office, reporter, _ACCOUNTS_A_PASS)
        self._closed = self._closed if moved else today
        return moved


def follow_cases(office: Office, is_ours: Callable[[], bool] = lambda: True) -> bool:
    """Take every due case a step, as long as that is ours to do; True if there was one."""
    with office.book.view() as unit:
        due = unit.cases.due(office.clock.now_s(), _CASES_A_PASS)
    for case in due:
        if not is_ours():
            break
        _step(office, case)
    return bool(due)


def _step(office: Office, case: CaseRecord) -> None:
    try:
        (pursue if case.side is CaseSide.ASKING else attend)(office, case)
    except StaleRecord:
        _log.info("case %s, or its payment, moved meanwhile", case.reference)
    except (LedgerUnreachable, LaneStopped, BookBusy, IllegalTransition) as trouble:
        _log.warning("case %s waits: %s", case.reference, trouble)
        _postpone(office, case)
    except Exception:  # noqa: BLE001  one case's surprise must not stop the others, nor spin
        _log.exception("case %s waits after a fault of ours", case.reference)
        _postpone(office, case)


def _postpone(office: Office, case: CaseRecord) -> None:
    with office.book.unit() as unit:
        kept = unit.cases.find(case.reference)
        if kept is not None and kept.version == case.version:
            due_at_s = office.clock.now_s() + max(LOOK_AGAIN_S, retry_delay_s(office.terms, case.attempts))
            unit.cases.save(kept, due_at_s=due_at_s, attempts=case.attempts + 1)
