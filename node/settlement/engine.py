"""Takes due payments forward, one step at a time, at its own pace; routes only record.

Which step a state asks for is one table. A step that meets an unreachable chain or a payment that has moved
meanwhile leaves everything as it was and comes again later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from node.book.records import BookTrouble, PaymentRecord, StaleRecord
from node.domain.lifecycle import State
from node.domain.payment import Side
from node.ledger.errors import LedgerUnreachable
from node.settlement.agreement import agree, expire
from node.settlement.lane import LaneStopped
from node.settlement.office import Office
from node.settlement.submission import AlreadyDecided, submit
from node.settlement.terms import retry_delay_s
from node.settlement.validation import validate
from wallet.signer import SignatureRefused, SignerUnreachable

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
    """Take one payment one step. Never raises; what went wrong is logged and the payment comes again later."""
    with office.book.view() as unit:
        record = unit.payments.find(uetr)
    if record is None or record.side is not Side.DEBTOR_AGENT or record.state not in STEPS:
        return
    try:
        _take(office, record)
    except StaleRecord:
        _log.info("payment %s moved meanwhile", uetr)
    except (
        LedgerUnreachable,
        AlreadyDecided,
        LaneStopped,
        BookTrouble,
        SignerUnreachable,
        SignatureRefused,
    ) as trouble:
        _log.warning("payment %s waits: %s", uetr, trouble)
        _postpone(office, uetr)
    except Exception:  # noqa: BLE001  one payment's surprise must not stop the others, nor spin
        _log.exception("payment %s waits after a fault of ours", uetr)
        _postpone(office, uetr)


def _take(office: Office, record: PaymentRecord) -> None:
    """The step that the state asks for; what is past its deadline and unsigned ends instead."""
    if record.state is not State.ACCEPTED and office.clock.now_s() > record.deadline_s:
        expire(office, record)
    else:
        STEPS[record.state](office, record)


def _postpone(office: Office, uetr: str) -> None:
    with office.book.unit() as unit:
        record = unit.payments.find(uetr)
        if record is not None and record.state in STEPS:
            due = office.clock.now_s() + retry_delay_s(office.terms, record.attempts)
            unit.payments.save(replace(record, attempts=record.attempts + 1, due_at_s=due))
