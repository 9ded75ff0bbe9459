"""Takes due payments forward, one step at a time, at its own pace; routes only record.

Which step a state asks for is one table. A step that meets an unreachable chain or a payment that has moved
meanwhile leaves everything as it was and comes again later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from node.book.records import BookTrouble, PaymentRecord, StaleRecord
from node.domain.lifecycle import State
from node.domain.payment import Side
from node.ledger.batch_call import MOST_PAYMENTS
from node.ledger.errors import LedgerUnreachable
from node.settlement.agreement import agree, expire
from node.settlement.batching import submit_batch
from node.settlement.lane import LaneStopped
from node.settlement.office import Office
from node.settlement.submission import AlreadyDecided, submit
from node.settlement.terms import retry_delay_s
from node.settlement.validation import validate
from wallet.signer import SignatureRefused, SignerUnreachable

_log = logging.getLogger(__name__)

WAITS = (LedgerUnreachable, AlreadyDecided, LaneStopped, BookTrouble, SignerUnreachable, SignatureRefused)

STEPS: dict[State, Callable[[Office, PaymentRecord], None]] = {
    State.RECEIVED: validate,
    State.VALIDATED: agree,
    State.ACCEPTED: submit,
}


def due_payments(office: Office, limit: int = 100) -> list[str]:
    """The UETRs of our payments that ask for a step now, the longest due first."""
    with office.book.view() as unit:
        return unit.payments.due(office.clock.now_s(), limit, tuple(STEPS))


@dataclass(frozen=True)
class Due:
    """What a worker may do now: payments to be taken a step each, and payments that settle best together."""

    singly: list[str]
    together: list[str]


def claim_due(office: Office, worker: str, limit: int = 100, *, together: bool = True) -> Due:
    """Claim due payments for a worker; those claimed before and still due are among them.

    Where only a few could settle together, they are taken singly. Without `together` those that could are left
    to be joined by others.
    """
    now_s, states = office.clock.now_s(), tuple(STEPS)
    with office.book.view() as unit:
        ours, free = unit.payments.due_for(worker, now_s, limit, states, in_bulk=False)
        if together:
            ours_in_bulk, free_in_bulk = unit.payments.due_for(worker, now_s, MOST_PAYMENTS, states, in_bulk=True)
        else:
            ours_in_bulk, free_in_bulk = [], []
    claimed = _claimed(office, worker, now_s, free + free_in_bulk)
    singly = ours + [uetr for uetr in free if uetr in claimed]
    in_bulk = ours_in_bulk + [uetr for uetr in free_in_bulk if uetr in claimed]
    return Due(singly, in_bulk) if len(in_bulk) > office.terms.batch_above else Due(singly + in_bulk, [])


def _claimed(office: Office, worker: str, now_s: float, free: list[str]) -> set[str]:
    """Those of these payments that nobody else has claimed before us."""
    if not free:
        return set()
    with office.book.unit() as unit:
        return set(unit.payments.claim(free, worker, now_s, now_s + office.terms.claim_s))


def step_batch(office: Office, uetrs: list[str]) -> None:
    """Submit these payments together. Never raises; where they cannot go together, each is taken by itself."""
    try:
        submit_batch(office, uetrs)
    except StaleRecord:
        _log.info("a payment of a batch moved meanwhile")
    except WAITS as trouble:
        _log.warning("%d payments wait: %s", len(uetrs), trouble)
        for uetr in uetrs:
            postpone(office, uetr)
    except Exception:  # noqa: BLE001  what one payment does to a batch must not hold up the others
        _log.exception("a batch of %d payments could not be made", len(uetrs))
        for uetr in uetrs:
            step(office, uetr)


def carry(office: Office, uetr: str) -> None:
    """Take one payment as far as it goes without waiting: step after step while each leaves it due at once.

    A payment that may go in a batch is left for one when it is ready to be submitted. Never raises.
    """
    version = None
    while True:
        with office.book.view() as unit:
            record = unit.payments.find(uetr)
        if record is None or record.version == version or record.due_at_s > office.clock.now_s():
            return
        if record.state not in STEPS or (version is not None and _waits_for_a_batch(record)):
            return
        version = record.version
        step(office, uetr)


def _waits_for_a_batch(record: PaymentRecord) -> bool:
    return record.state is State.ACCEPTED and record.sequence is not None


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
    except WAITS as trouble:
        _log.warning("payment %s waits: %s", uetr, trouble)
        postpone(office, uetr)
    except Exception:  # noqa: BLE001  one payment's surprise must not stop the others, nor spin
        _log.exception("payment %s waits after a fault of ours", uetr)
        postpone(office, uetr)


def _take(office: Office, record: PaymentRecord) -> None:
    """The step that the state asks for; what is past its deadline and unsigned ends instead."""
    if record.state is not State.ACCEPTED and office.clock.now_s() > record.deadline_s:
        expire(office, record)
    else:
        STEPS[record.state](office, record)


def postpone(office: Office, uetr: str) -> None:
    """Let a payment come again later, the later the more often it was postponed."""
    with office.book.unit() as unit:
        record = unit.payments.find(uetr)
        if record is not None and record.state in STEPS:
            due = office.clock.now_s() + retry_delay_s(office.terms, record.attempts)
            unit.payments.save(replace(record, attempts=record.attempts + 1, due_at_s=due))
