"""Takes cases forward, one step each, when their time has come; what cannot be done now comes again later."""

from __future__ import annotations

import logging

from node.book.cases import CaseRecord
from node.book.records import BookBusy, StaleRecord
from node.domain.lifecycle import IllegalTransition
from node.domain.recall import CaseSide
from node.ledger.errors import LedgerUnreachable
from node.settlement.lane import LaneStopped
from node.settlement.office import Office
from node.settlement.recall_deciding import attend
from node.settlement.recalling import LOOK_AGAIN_S, pursue
from node.settlement.terms import retry_delay_s

_log = logging.getLogger(__name__)
_CASES_A_PASS = 50


def follow_up(office: Office) -> bool:
    """Take every due case a step; True if there was one. Never raises for one case's trouble."""
    if office.aftercare is None:
        return False
    with office.book.view() as unit:
        due = unit.cases.due(office.clock.now_s(), _CASES_A_PASS)
    for case in due:
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
