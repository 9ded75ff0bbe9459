"""Taking an instruction in: one commit holds the payment, the message as received and the answer to it.

The request ends there. The same message again gets the same answer, byte for byte; the same UETR or message
identification with another body is refused and changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from node.book.book import Unit
from node.book.inbox_records import Wait, WaitKind
from node.book.records import MessageRecord, PaymentRecord, Step
from node.domain.lifecycle import Event, State
from node.domain.payment import Payment, Side
from node.domain.reasons import Finding, Reason
from node.settlement.office import Office, now
from node.settlement.ports import Written
from node.settlement.waiting import Role, cover_misfit, rolled, settlement_wait, wait_for

BACK_OFFICE = "back-office"


CUSTOMER = "customer"
"""Whose orders (pain.001) are answered by a report on all of them, not payment by payment."""


Report = Callable[[PaymentRecord, tuple[Finding, ...]], Written]
"""Writes the status report on a payment, with these remarks."""


@dataclass(frozen=True)
class Received:
    """A readable credit transfer with what the message rules found on it.

    `findings` refuse it, `remarks` are only told and kept. `translated` is what `message` was read as, where it
    came in another form (FIN). `report` answers it; without one the message is read again for that.
    """

    payment: Payment
    findings: tuple[Finding, ...]
    message: Written
    counterparty: str = BACK_OFFICE
    remarks: tuple[Finding, ...] = ()
    translated: Written | None = None
    role: Role = Role.DIRECT
    report: Report | None = None

    @property
    def readable(self) -> Written:
        """The message in the form that everything else reads."""
        return self.translated or self.message


@dataclass(frozen=True)
class Recorded:
    """The payment is in the book; `answer` is the status report to send back."""

    record: PaymentRecord
    answer: bytes


@dataclass(frozen=True)
class Repeated:
    """This very message was here before; `answer` is what it was answered then."""

    record: PaymentRecord
    answer: bytes


@dataclass(frozen=True)
class Conflicting:
    """The UETR or the message identification belongs to another message."""

    finding: Finding


Within = Callable[[Unit, Recorded | Repeated], None]
"""Told of the outcome inside the unit that records it; what it keeps there is kept with the payment."""


def alone(_unit: Unit, _outcome: Recorded | Repeated) -> None:
    """Nothing else is kept with the payment."""


def receive(office: Office, received: Received, within: Within = alone) -> Recorded | Repeated | Conflicting:
    """Record an instruction as debtor agent, RECEIVED, or REJECTED at once where a message rule is broken.

    A payment that has to wait for its day or its cover is RECEIVED too, and says what it waits for.
    """
    outcome = office.book.share(lambda unit: _receive(office, unit, received, within))
    if isinstance(outcome, Recorded):
        office.boundary("received", outcome.record.uetr)
    return outcome


def _receive(office: Office, unit: Unit, received: Received, within: Within) -> Recorded | Repeated | Conflicting:
    known = _known(unit, received, hashlib.sha256(received.message.body).digest())
    if isinstance(known, Conflicting):
        return known
    outcome = known or record_new(office, unit, received)
    if isinstance(outcome, Finding):
        return Conflicting(outcome)
    within(unit, outcome)
    return outcome


def record_new(office: Office, unit: Unit, received: Received) -> Recorded | Finding:
    """Put an instruction into the book that is not there yet, with the answer to it; the finding is why not."""
    placed = place(office, unit, received)
    if isinstance(placed, Finding):
        return placed
    remarks = unit.remarks.of(placed.uetr)
    if received.report is not None:
        written = received.report(placed, remarks)
    else:
        written = office.translator.report(placed, received.readable.body, remarks, received.message.name)
    unit.messages.add(outbound(office, placed.uetr, received.counterparty, written))
    return Recorded(placed, written.body)


def place(office: Office, unit: Unit, received: Received) -> PaymentRecord | Finding:
    """Put a credit transfer into the book, by itself or with the one that it covers or is covered by.

    The finding is why not: its UETR names another payment here, or it does not fit its counterpart.
    """
    uetr = received.payment.uetr
    kept = unit.payments.find(uetr)
    if kept is not None:
        return meet(office, unit, kept, received)
    wait = None if received.findings else wait_for(office, received.payment, received.role)
    record = new_record(office, received.payment, Side.DEBTOR_AGENT, wait)
    unit.payments.add(record)
    keep_messages(office, unit, received)
    remarks = received.remarks
    if wait is not None:
        unit.waits.begin(uetr, wait)
        remarks += tuple(rolled(wait))
    unit.remarks.add(uetr, remarks)
    if received.findings:
        record = unit.payments.move(record, Event.REJECT, now(office), received.findings)
    return record


def meet(office: Office, unit: Unit, kept: PaymentRecord, received: Received) -> PaymentRecord | Finding:
    """Bring a payment and its cover together, whichever of them came first; the payment then goes on."""
    wait = unit.waits.of(kept.uetr)
    partner = {Role.COVERED: WaitKind.UNDERLYING, Role.COVER: WaitKind.COVER}.get(received.role)
    waiting = wait is not None and wait.ended_at is None and wait.kind is partner
    if not waiting or kept.state is not State.RECEIVED or received.findings:
        return _uetr_conflict(kept.uetr)
    misfit = cover_misfit(kept.payment, received.payment)
    if misfit is not None:
        return misfit
    if received.role is Role.COVERED:
        kept = unit.payments.take_over(kept, received.payment)
    keep_messages(office, unit, received)
    unit.remarks.add(kept.uetr, received.remarks)
    unit.waits.end(kept.uetr, now(office))
    later = settlement_wait(office, kept.payment)
    if later is not None:
        unit.waits.begin(kept.uetr, later)
    due_s = later.until_s if later else office.clock.now_s()
    deadline_s = int(due_s) + office.terms.payment_s
    return unit.payments.save(replace(kept, due_at_s=due_s, deadline_s=deadline_s))


def keep_messages(office: Office, unit: Unit, received: Received) -> None:
    """Keep the message as it came, and behind it what it was read as."""
    uetr, counterparty = received.payment.uetr, received.counterparty
    unit.messages.add(inbound(office, uetr, counterparty, received.message))
    if received.translated is not None:
        unit.messages.add(inbound(office, uetr, counterparty, replace(received.translated, message_id="")))


def _known(unit: Unit, received: Received, digest: bytes) -> Repeated | Conflicting | None:
    """The answer this very message had, or the conflict with another message of its identification."""
    uetr = received.payment.uetr
    by_id = unit.messages.find_inbound(received.counterparty, received.message.message_id)
    if unit.inbox.find_taken(received.counterparty, received.message.message_id) is not None:
        return Conflicting(id_conflict(received.message.message_id))
    if by_id is not None and by_id.digest == digest and by_id.uetr is not None:
        uetr = by_id.uetr
    record = unit.payments.find(uetr)
    answer = None if record is None else _answer_to(unit, uetr, digest)
    if record is not None and answer is not None:
        return Repeated(record, answer)
    if by_id is not None:
        return Conflicting(_uetr_conflict(uetr) if record else id_conflict(received.message.message_id))
    return None


def _answer_to(unit: Unit, uetr: str, digest: bytes) -> bytes | None:
    """What was answered when a message of this digest came: the first that left after it."""
    messages = iter(unit.messages.of(uetr))
    if not any(message.direction == "in" and message.digest == digest for message in messages):
        return None
    return next((message.body for message in messages if message.direction == "out"), None)


def _uetr_conflict(uetr: str) -> Finding:
    return Finding(
        Reason.UETR_ALREADY_USED,
        "This UETR already names another payment here; a new instruction needs a new UETR.",
        element="uetr",
        value=uetr,
        rule="intake.uetr-unique",
    )


def id_conflict(message_id: str) -> Finding:
    """The refusal of a message whose identification was used before, for something else."""
    return Finding(
        Reason.MESSAGE_ID_ALREADY_USED,
        "This message identification was used for a message with another content.",
        element="message_id",
        value=message_id,
        rule="intake.message-id-unique",
    )


def new_record(office: Office, payment: Payment, side: Side, wait: Wait | None = None) -> PaymentRecord:
    """A payment's first record: RECEIVED now, due at once or when its wait is over, with its deadline set."""
    at = now(office)
    due_s = office.clock.now_s() if wait is None else float(wait.until_s)
    # A missing cover ends the payment when it is looked at again; any other wait ends and the payment goes on.
    allowed_s = -1 if wait is not None and wait.kind is WaitKind.COVER else office.terms.payment_s
    return PaymentRecord(
        uetr=payment.uetr,
        side=side,
        state=State.RECEIVED,
        payment=payment,
        findings=(),
        history=(Step(State.RECEIVED, at, None),),
        message_digest=None,
        instruction=None,
        instruction_signature=None,
        quote=None,
        acceptance_signature=None,
        acceptance_expiry_s=None,
        deadline_s=int(due_s) + allowed_s,
        due_at_s=due_s,
        attempts=0,
        transaction_hash=None,
        block_number=None,
        block_hash=None,
        block_time_s=None,
        received_at=at,
        version=1,
    )


def inbound(office: Office, uetr: str | None, counterparty: str, message: Written) -> MessageRecord:
    """A message as it came."""
    return _message(office, uetr, "in", counterparty, message)


def outbound(office: Office, uetr: str | None, counterparty: str, message: Written) -> MessageRecord:
    """A message as it leaves."""
    return _message(office, uetr, "out", counterparty, message)


def about_account(office: Office, account: str, message: Written) -> MessageRecord:
    """What an account's owner is told, of no one payment: it is sealed with the owner's key."""
    return replace(outbound(office, None, BACK_OFFICE, message), account=account)


def _message(
    office: Office, uetr: str | None, direction: str, counterparty: str, message: Written
) -> MessageRecord:
    return MessageRecord(
        uetr=uetr,
        direction=direction,
        counterparty=counterparty,
        name=message.name,
        message_id=message.message_id,
        body=message.body,
        at=now(office),
        digest=hashlib.sha256(message.body).digest(),
    )
