"""Takes due payments forward, one step at a time, at its own pace; routes only record.

Which step a state asks for is one table. A step that meets an unreachable chain or a payment that has moved
meanwhile leaves everything as it was and comes again later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from node.book.records import PaymentRecord, StaleRecord
from node.domain.lifecycle import State
from node.domain.payment import Side
from node.ledger.errors import LedgerUnreachable
from node.settlement.agreement import agree
from node.settlement.lane import LaneStopped
from node.settlement.office import Office
from node.settlement.submission import AlreadyDecided, submit
from node.settlement.terms import retry_delay_s
from node.settlement.validation import validate

_log = logging.getLogger(__name__)

STEPS: dict[State, Callable[[Office, PaymentRecord], None]] = {
    State.RECEIVED: validate,
    State.VALIDATED: agree,
    State.ACCEPTED: submit,
}


def due_payments(office: Office, limit: int = 100) -> list[str]:
    """The UETRs of our payments that ask for a step now, the longest due first."""
    with office.book.view() as unit:
        return unit.payments.due(office.clock.now_s(), limit, tuple(STEPS))


def step(office: Office, uetr: str) -> None:
    """Take one payment one step. Never raises for what chain or network can do; the payment comes again."""
    with office.book.view() as unit:
        record = unit.payments.find(uetr)
    if record is None or record.side is not Side.DEBTOR_AGENT or record.state not in STEPS:
        return
    try:
        STEPS[record.state](office, record)
    except StaleRecord:
        _log.info("payment %s moved meanwhile", uetr)
    except (LedgerUnreachable, AlreadyDecided, LaneStopped) as trouble:
        _log.warning("payment %s waits: %s", uetr, trouble)
        _postpone(office, record)


def _postpone(office: Office, record: PaymentRecord) -> None:
    due = office.clock.now_s() + retry_delay_s(office.terms, record.attempts)
    with office.book.unit() as unit:
        unit.payments.save(replace(record, attempts=record.attempts + 1, due_at_s=due))
