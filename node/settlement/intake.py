"""Taking an instruction in: one commit holds the payment, the message as received and the answer to it.

The request ends there. The same message again gets the same answer, byte for byte; the same UETR or message
identification with another body is refused and changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from node.book.book import Unit
from node.book.records import MessageRecord, PaymentRecord, Step
from node.domain.lifecycle import Event, State
from node.domain.payment import Payment, Side
from node.domain.reasons import Finding, Reason
from node.settlement.office import Office, now
from node.settlement.ports import Written

BACK_OFFICE = "back-office"


@dataclass(frozen=True)
class Received:
    """A readable credit transfer with what the message rules found on it; errors only, warnings stay outside."""

    payment: Payment
    findings: tuple[Finding, ...]
    message: Written
    counterparty: str = BACK_OFFICE


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
    """Record an instruction as debtor agent, RECEIVED, or REJECTED at once where a message rule is broken."""
    digest = hashlib.sha256(received.message.body).digest()
    with office.book.unit() as unit:
        known = _known(unit, received, digest)
        if known is not None:
            if isinstance(known, Repeated):
                within(unit, known)
            return known
        record = new_record(office, received.payment, Side.DEBTOR_AGENT)
        unit.payments.add(record)
        unit.messages.add(inbound(office, received.payment.uetr, received.counterparty, received.message))
        if received.findings:
            record = unit.payments.move(record, Event.REJECT, now(office), received.findings)
        else:
            record = unit.payments.find(record.uetr) or record
        written = office.translator.report(record, received.message.body)
        unit.messages.add(outbound(office, record.uetr, received.counterparty, written))
        recorded = Recorded(record, written.body)
        within(unit, recorded)
    office.boundary("received", record.uetr)
    return recorded


def _known(unit: Unit, received: Received, digest: bytes) -> Repeated | Conflicting | None:
    uetr = received.payment.uetr
    by_id = unit.messages.find_inbound(received.counterparty, received.message.message_id)
    if by_id is not None and by_id.digest == digest:
        uetr = by_id.uetr
    record = unit.payments.find(uetr)
    if record is None:
        return Conflicting(_id_conflict(received)) if by_id is not None else None
    messages = unit.messages.of(uetr)
    if not any(message.direction == "in" and message.digest == digest for message in messages):
        return Conflicting(_uetr_conflict(uetr))
    answer = next(message.body for message in messages if message.direction == "out")
    return Repeated(record, answer)


def _uetr_conflict(uetr: str) -> Finding:
    return Finding(
        Reason.UETR_ALREADY_USED,
        "This UETR already names another payment here; a new instruction needs a new UETR.",
        element="uetr",
        value=uetr,
        rule="intake.uetr-unique",
    )


def _id_conflict(received: Received) -> Finding:
    return Finding(
        Reason.MESSAGE_ID_ALREADY_USED,
        "This message identification was used for a message with another content.",
        element="message_id",
        value=received.message.message_id,
        rule="intake.message-id-unique",
    )


def new_record(office: Office, payment: Payment, side: Side) -> PaymentRecord:
    """A payment's first record: RECEIVED now, due at once, with its deadline set."""
    at = now(office)
    now_s = office.clock.now_s()
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
        deadline_s=int(now_s) + office.terms.payment_s,
        due_at_s=now_s,
        attempts=0,
        transaction_hash=None,
        block_number=None,
        block_hash=None,
        block_time_s=None,
        received_at=at,
        version=1,
    )


def inbound(office: Office, uetr: str, counterparty: str, message: Written) -> MessageRecord:
    """A message as it came."""
    return _message(office, uetr, "in", counterparty, message)


def outbound(office: Office, uetr: str, counterparty: str, message: Written) -> MessageRecord:
    """A message as it leaves."""
    return _message(office, uetr, "out", counterparty, message)


def _message(office: Office, uetr: str, direction: str, counterparty: str, message: Written) -> MessageRecord:
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
