"""From VALIDATED to ACCEPTED: the rate is fixed, the instruction is written down, the creditor agent says yes.

Each of the three is committed before the next begins, so after a crash the same quote, the same instruction and
the same message are shown again, never a second set.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from node.book.book import Unit
from node.book.inbox_records import WaitKind
from node.book.records import PaymentRecord, QuoteStatus
from node.domain.lifecycle import Event
from node.domain.party import Participant
from node.domain.payment import credit_leg, debit_leg, is_cross_currency
from node.domain.quote import QuoteProblem, SignedQuote, problem_with
from node.domain.reasons import Finding, Reason
from node.settlement.batching import may_go_in_bulk
from node.settlement.closing import close, original_message
from node.settlement.intake import inbound, outbound
from node.settlement.office import Office, now, participant
from node.settlement.ports import AcceptanceRequest, Accepted, QuoteRequest, Refused, Unreachable, Written
from node.settlement.quote_taking import Taken, take
from node.settlement.returning import original_instruction, tie_to_case
from node.settlement.terms import retry_delay_s
from node.settlement.typed import instruction_for, instruction_of, instruction_text, typed_quote
from node.settlement.waiting import cover_missing
from wallet.signature import Signature, SignatureRefused
from wallet.typed_data import Acceptance, Instruction, signing_digest, struct_hash
from wallet.verification import recover

_QUOTE_REASONS = {
    QuoteProblem.QUOTE_BELONGS_TO_ANOTHER_TAKER: Reason.QUOTE_BELONGS_TO_ANOTHER_TAKER,
    QuoteProblem.QUOTE_EXPIRED: Reason.QUOTE_EXPIRED,
    QuoteProblem.QUOTE_AMOUNTS_DIFFER: Reason.QUOTE_AMOUNTS_DIFFER,
}


def agree(office: Office, record: PaymentRecord) -> None:
    """Take a VALIDATED payment one step: fix its quote, or write its instruction, or get the acceptance."""
    if is_cross_currency(record.payment) and record.quote is None:
        _fix_quote(office, record)
    elif record.instruction is None:
        _write_instruction(office, record)
    else:
        _ask(office, record)


def _fix_quote(office: Office, record: PaymentRecord) -> None:
    payment = record.payment
    if payment.quote_id is not None:
        _use_quote(office, record, payment.quote_id)
        return
    sell, buy = debit_leg(payment), credit_leg(payment)
    us = office.bic
    answer = take(office, QuoteRequest(us, sell.currency.code, buy.currency.code, sell, buy))
    if isinstance(answer, Taken):
        _use_quote(office, record, answer.signed.quote.quote_id)
    elif isinstance(answer, Refused):
        _end(office, record, Event.REJECT, answer.findings[0])
    else:
        with office.book.unit() as unit:
            _later(office, unit, record)
        office.boundary("postponed", record.uetr)


def _use_quote(office: Office, record: PaymentRecord, quote_id: str) -> None:
    with office.book.unit() as unit:
        kept = unit.quotes.find(quote_id)
        finding = None
        if kept is None:
            finding = _quote_finding(Reason.QUOTE_UNKNOWN, "We hold no quote of this id.", quote_id)
        elif kept.status is QuoteStatus.USED and kept.uetr != record.uetr:
            finding = _quote_finding(Reason.QUOTE_ALREADY_USED, "Another payment uses this quote.", quote_id)
        else:
            finding = _problem(office, record, SignedQuote(kept.quote, kept.signature))
        if finding is not None or kept is None:
            close(office, unit, record, Event.REJECT, (finding,) if finding else ())
        else:
            unit.quotes.mark_used(quote_id, record.uetr)
            unit.payments.save(replace(record, quote=SignedQuote(kept.quote, kept.signature)))
    office.boundary("rejected" if finding else "quoted", record.uetr)


def _problem(office: Office, record: PaymentRecord, signed: SignedQuote) -> Finding | None:
    problem = problem_with(
        signed.quote,
        taker=office.account,
        sell=debit_leg(record.payment),
        buy=credit_leg(record.payment),
        now_s=int(office.clock.now_s()),
    )
    if problem is None:
        return None
    quote = signed.quote
    text = f"The quote sells {quote.sell} for {quote.buy}: {problem.value}."
    return _quote_finding(_QUOTE_REASONS[problem], text, quote.quote_id)


def _quote_finding(reason: Reason, text: str, quote_id: str) -> Finding:
    return Finding(reason, text, element="quote_id", value=quote_id, rule=f"quote.{reason.sentence}")


def _write_instruction(office: Office, record: PaymentRecord) -> None:
    """Keep the instruction and the message to the creditor agent, both exactly as they will be shown."""
    ourselves, creditor_agent = participant(office, office.bic), _creditor_agent(office, record)
    if ourselves is None or creditor_agent is None:
        _end(office, record, Event.REJECT, _vanished(record))
        return
    with office.book.unit() as unit:
        sequence = _sequence(office, unit, record)
        changes, _ = instructed(office, unit, record, (ourselves, creditor_agent), sequence)
        unit.payments.save(replace(record, **changes))
    office.boundary("instructed", record.uetr)


def instructed(
    office: Office,
    unit: Unit,
    record: PaymentRecord,
    agents: tuple[Participant, Participant],
    sequence: int | None,
) -> tuple[dict[str, Any], bytes]:
    """Write the instruction and keep its message; returns what the record says of them, and the message."""
    debtor_agent, creditor_agent = agents
    expiry_s = int(office.clock.now_s()) + office.terms.instruction_s
    if record.quote is not None:
        expiry_s = min(expiry_s, record.quote.quote.expiry_s)
    written = office.translator.forward(record, original_message(unit, record.uetr))
    digest = hashlib.sha256(written.body).digest()
    instruction = instruction_for(
        record.payment,
        debtor_agent=debtor_agent,
        creditor_agent=creditor_agent,
        tokens=office.directory.tokens(),
        message_digest=digest,
        expiry_s=expiry_s,
        sequence=sequence or 0,
        original=original_instruction(unit, record.payment),
    )
    unit.messages.add(outbound(office, record.uetr, creditor_agent.bic, written))
    changes = {
        "message_digest": digest,
        "instruction": instruction_text(instruction),
        "instruction_expiry_s": expiry_s,
        "sequence": sequence,
    }
    return changes, written.body


def _sequence(office: Office, unit: Unit, record: PaymentRecord) -> int | None:
    """The payment's number in the bulk grade where more than a few are under way and it may go in a batch.

    The strict grade is the better one (a return can prove its original by it), so it is what a single one gets.
    """
    if not may_go_in_bulk(record.payment) or not many_under_way(office, unit):
        return None
    return unit.payments.number_of(record.uetr)


def many_under_way(office: Office, unit: Unit) -> bool:
    """Whether so many payments of ours are on their way that they settle in batches."""
    few = office.terms.batch_above
    return unit.payments.under_way(few + 1) > few


def _ask(office: Office, record: PaymentRecord) -> None:
    instruction = instruction_of(record)
    creditor_agent = _creditor_agent(office, record)
    if creditor_agent is None:
        _end(office, record, Event.REJECT, _vanished(record))
        return
    if instruction.expiry <= office.clock.now_s():
        expire(office, record)
        return
    if creditor_agent == participant(office, office.bic):
        _accept_ourselves(office, record)
        return
    with office.book.view() as unit:
        request = request_for(office, unit, record)
    answer = office.correspondent.ask_acceptance(creditor_agent, request)
    with office.book.unit() as unit:
        boundary = take_answer(office, unit, record, creditor_agent, answer)
    office.boundary(boundary, record.uetr)


def _accept_ourselves(office: Office, record: PaymentRecord) -> None:
    """Both accounts are here, and validation has looked at both; the contract wants no acceptance of ours."""
    with office.book.unit() as unit:
        tie_to_case(unit, record.payment)
        unit.payments.move(record, Event.ACCEPT, now(office), due_at_s=office.clock.now_s(), attempts=0)
    office.boundary("accepted", record.uetr)


def take_answer(
    office: Office,
    unit: Unit,
    record: PaymentRecord,
    creditor_agent: Participant,
    answer: Accepted | Refused | Unreachable,
) -> str:
    """Keep what the creditor agent said, if anything, and what follows from it; returns the boundary crossed."""
    if isinstance(answer, Unreachable):
        _later(office, unit, record)
        return "postponed"
    if isinstance(answer, Refused):
        if answer.message is not None:
            _keep_answer(office, unit, record, creditor_agent, answer.message)
        close(office, unit, record, Event.REJECT, answer.findings)
    elif not _signed_by(office, answer, instruction_of(record)):
        close(office, unit, record, Event.REJECT, (_ill_signed(creditor_agent),))
    else:
        _accepted(office, unit, record, creditor_agent, answer)
        return "accepted"
    return "rejected"


def request_for(office: Office, unit: Unit, record: PaymentRecord) -> AcceptanceRequest:
    """What the creditor agent is shown of a payment whose instruction is written."""
    message = next(
        message.body
        for message in unit.messages.of(record.uetr)
        if message.direction == "out" and message.digest == record.message_digest
    )
    return request_with(office, record, message)


def request_with(office: Office, record: PaymentRecord, message: bytes) -> AcceptanceRequest:
    """The same, where the message is at hand."""
    signed = record.quote
    return AcceptanceRequest(
        message=message,
        instruction=instruction_of(record),
        quote=typed_quote(signed.quote, office.directory.tokens()) if signed else None,
        quote_signature=signed.signature if signed else None,
    )


def _signed_by(office: Office, answer: Accepted, instruction: Instruction) -> bool:
    acceptance = Acceptance(struct_hash(instruction), answer.expiry_s)
    try:
        digest = signing_digest(office.contract.domain(), acceptance)
        return recover(digest, Signature.from_bytes(answer.signature)) == instruction.creditor_agent
    except SignatureRefused:
        return False


def _accepted(
    office: Office, unit: Unit, record: PaymentRecord, creditor_agent: Participant, answer: Accepted
) -> None:
    _keep_answer(office, unit, record, creditor_agent, answer.message)
    if answer.remarks:
        unit.remarks.add(record.uetr, answer.remarks)
    unit.payments.move(
        record,
        Event.ACCEPT,
        now(office),
        acceptance_signature=answer.signature,
        acceptance_expiry_s=answer.expiry_s,
        due_at_s=office.clock.now_s(),
        attempts=0,
    )


def _keep_answer(
    office: Office, unit: Unit, record: PaymentRecord, creditor_agent: Participant, body: bytes
) -> None:
    written = Written("pacs.002.001.10", "", body)
    unit.messages.add(inbound(office, record.uetr, creditor_agent.bic, written))


def _later(office: Office, unit: Unit, record: PaymentRecord) -> None:
    """Nobody answered: try again after a while, with everything as it stands."""
    due = office.clock.now_s() + retry_delay_s(office.terms, record.attempts)
    unit.payments.save(replace(record, attempts=record.attempts + 1, due_at_s=due))


def _end(office: Office, record: PaymentRecord, event: Event, finding: Finding) -> None:
    with office.book.unit() as unit:
        close(office, unit, record, event, (finding,))
    office.boundary("expired" if event is Event.EXPIRE else "rejected", record.uetr)


def _creditor_agent(office: Office, record: PaymentRecord) -> Participant | None:
    return participant(office, record.payment.creditor_agent.bic)


def _vanished(record: PaymentRecord) -> Finding:
    return Finding(
        Reason.CREDITOR_AGENT_UNKNOWN,
        "The creditor agent is no longer registered.",
        element="creditor_agent",
        value=record.payment.creditor_agent.bic,
        rule="network.creditor-agent-registered",
    )


def _ill_signed(creditor_agent: Participant) -> Finding:
    return Finding(
        Reason.CREDITOR_AGENT_ANSWERED_WRONGLY,
        "The creditor agent's acceptance is not signed with its registered key.",
        element="creditor_agent",
        value=creditor_agent.bic,
        rule="acceptance.signed-by-creditor-agent",
    )


def expire(office: Office, record: PaymentRecord) -> None:
    """End a payment that nobody has accepted in time; no signature of ours exists, so nothing can settle it."""
    with office.book.view() as unit:
        wait = unit.waits.of(record.uetr)
    if wait is not None and wait.kind is WaitKind.COVER and wait.ended_at is None:
        _end(office, record, Event.EXPIRE, cover_missing())
        return
    reason = Reason.CREDITOR_AGENT_UNREACHABLE if record.attempts else Reason.INSTRUCTION_EXPIRED
    finding = Finding(
        reason,
        "No acceptance came before the payment's deadline; nothing has moved.",
        element="creditor_agent",
        value=record.payment.creditor_agent.bic,
        rule="payment.deadline",
    )
    _end(office, record, Event.EXPIRE, finding)
