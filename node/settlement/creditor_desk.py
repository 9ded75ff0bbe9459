"""The creditor agent's side: look at a payment that another institution proposes, and sign that we will take it.

The signed word is kept before it is given, and asked again the same question gets the same word; so a debtor
agent that lost our answer can simply ask once more.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from node.book.book import Unit
from node.book.payments import through
from node.book.records import BookTrouble, PaymentRecord
from node.domain.lifecycle import Event
from node.domain.party import Participant, ParticipantStatus
from node.domain.payment import Payment, Side, credit_leg, debit_leg, is_cross_currency
from node.domain.quote import SignedQuote
from node.domain.reasons import Finding, Reason
from node.ledger.errors import LedgerUnreachable
from node.settlement.batching import may_go_in_bulk
from node.settlement.crediting import account_findings, remark_on_name
from node.settlement.intake import Report, inbound, new_record, outbound
from node.settlement.office import Office, now, participant
from node.settlement.payee_desk import is_refused
from node.settlement.ports import AcceptanceRequest, Accepted, Refused, Written
from node.settlement.returning import original_instruction, return_finding, tie_to_case
from node.settlement.typed import domain_quote, instruction_for, instruction_text
from wallet.typed_data import Acceptance, Instruction, signing_digest, struct_hash

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Proposal:
    """A payment that another institution proposes, as it was read; `findings` is what the message rules found.

    `report` answers the message; without one it is read again for that.
    """

    payment: Payment
    findings: tuple[Finding, ...]
    message: Written
    request: AcceptanceRequest
    report: Report | None = None


def consider(office: Office, debtor_agent: Participant, proposal: Proposal) -> Accepted | Refused:
    """Answer a proposed payment: our pacs.002 with a signed acceptance, or with the reasons against it.

    `debtor_agent` is whoever signed the request. A refusal is recorded too, unless the UETR is already another
    payment's.
    """
    (answer,) = _considered(office, debtor_agent, (proposal,))
    return answer


def consider_all(
    office: Office, debtor_agent: Participant, proposals: Sequence[Proposal]
) -> list[Accepted | Refused]:
    """Answer many as `consider` answers one, each for itself and all in one commit; in their order."""
    try:
        return _considered(office, debtor_agent, proposals)
    except (BookTrouble, LedgerUnreachable):
        raise
    except Exception:  # noqa: BLE001  what one of them does to the unit is that one's alone
        _log.exception("%d proposals could not be considered together", len(proposals))
        return [consider(office, debtor_agent, proposal) for proposal in proposals]


def _considered(
    office: Office, debtor_agent: Participant, proposals: Sequence[Proposal]
) -> list[Accepted | Refused]:
    digests = [hashlib.sha256(proposal.message.body).digest() for proposal in proposals]
    misfits = [
        _misfits(office, debtor_agent, proposal.payment, proposal.request, digest)
        for proposal, digest in zip(proposals, digests, strict=True)
    ]
    with office.book.unit() as unit:
        answers = [
            _consider(office, unit, debtor_agent, replace(proposal, findings=proposal.findings + wrong), digest)
            for proposal, wrong, digest in zip(proposals, misfits, digests, strict=True)
        ]
    for proposal, answer in zip(proposals, answers, strict=True):
        if answer.is_new:
            office.boundary("considered", proposal.payment.uetr)
    return [answer.word for answer in answers]


@dataclass(frozen=True)
class _Answer:
    word: Accepted | Refused
    is_new: bool


def _consider(office: Office, unit: Unit, debtor_agent: Participant, proposal: Proposal, digest: bytes) -> _Answer:
    payment, message = proposal.payment, proposal.message
    known = unit.payments.find(payment.uetr)
    if known is not None:
        return _Answer(_again(unit, known, digest), is_new=False)
    if unit.messages.find_inbound(debtor_agent.bic, message.message_id) is not None:
        return _Answer(Refused((_reused(message.message_id),)), is_new=False)
    record = replace(new_record(office, payment, Side.CREDITOR_AGENT), message_digest=digest)
    findings = proposal.findings or _return_findings(unit, payment) or account_findings(unit, payment)
    named = None if findings else remark_on_name(unit, payment)
    if named is not None and is_refused(office.name_check, named):
        findings = (named,)
    remarks = (named,) if named is not None and not findings else ()
    word = _refused(record, findings, now(office)) if findings else _accepted(office, record, proposal.request)
    unit.payments.add(word)
    unit.messages.add(inbound(office, payment.uetr, debtor_agent.bic, message))
    unit.remarks.add(payment.uetr, remarks)
    if not findings:
        tie_to_case(unit, payment)
    if proposal.report is not None:
        written = proposal.report(word, remarks)
    else:
        written = office.translator.report(word, message.body, remarks)
    unit.messages.add(outbound(office, payment.uetr, debtor_agent.bic, written))
    return _Answer(_word(word, written.body), is_new=True)


def _again(unit: Unit, known: PaymentRecord, digest: bytes) -> Accepted | Refused:
    """The answer given before, or a refusal where the UETR is another payment's."""
    if known.side is not Side.CREDITOR_AGENT or known.message_digest != digest:
        return Refused((_duplicate(known.uetr),))
    answer = next(message.body for message in unit.messages.of(known.uetr) if message.direction == "out")
    return _word(known, answer)


def _word(record: PaymentRecord, answer: bytes) -> Accepted | Refused:
    """What we have said of a payment, with the message that says so."""
    if record.acceptance_signature is None or record.acceptance_expiry_s is None:
        return Refused(record.findings, answer)
    return Accepted(answer, record.acceptance_expiry_s, record.acceptance_signature)


def _refused(record: PaymentRecord, findings: tuple[Finding, ...], at: datetime) -> PaymentRecord:
    return replace(through(record, (Event.REJECT,), at), findings=findings, version=2)


def _accepted(office: Office, record: PaymentRecord, request: AcceptanceRequest) -> PaymentRecord:
    acceptance = Acceptance(struct_hash(request.instruction), request.instruction.expiry)
    signature = office.signer.sign_digest(signing_digest(office.contract.domain(), acceptance)).to_bytes()
    return replace(
        through(record, (Event.VALIDATE, Event.ACCEPT), now(office)),
        version=3,
        instruction=instruction_text(request.instruction),
        instruction_expiry_s=request.instruction.expiry,
        sequence=request.instruction.sequence or None,
        quote=_signed_quote(office, request),
        acceptance_signature=signature,
        acceptance_expiry_s=acceptance.expiry,
    )


def _signed_quote(office: Office, request: AcceptanceRequest) -> SignedQuote | None:
    if request.quote is None:
        return None
    quote = domain_quote(request.quote, office.directory.tokens())
    return SignedQuote(quote, request.quote_signature or b"") if quote else None


def _misfits(
    office: Office, debtor_agent: Participant, payment: Payment, request: AcceptanceRequest, digest: bytes
) -> tuple[Finding, ...]:
    """What does not fit between the message, the instruction to be accepted, and who we both are."""
    ourselves = participant(office, office.bic)
    if ourselves is None or ourselves.status is not ParticipantStatus.ACTIVE:
        return (_finding(Reason.CREDITOR_AGENT_NOT_ACTIVE, "We are not active on the network.", "creditor_agent"),)
    if debtor_agent.status is not ParticipantStatus.ACTIVE:
        return (_finding(Reason.DEBTOR_AGENT_NOT_ACTIVE, "The debtor agent is not active.", "debtor_agent"),)
    if participant(office, payment.creditor_agent.bic) != ourselves:
        return (_finding(Reason.AGENT_IN_CHAIN_IS_WRONG, "We are not the creditor agent.", "creditor_agent"),)
    if participant(office, payment.debtor_agent.bic) != debtor_agent:
        return (_finding(Reason.AGENT_IN_CHAIN_IS_WRONG, "The signer is not the debtor agent.", "debtor_agent"),)
    tokens = office.directory.tokens()
    for money in (debit_leg(payment), credit_leg(payment)):
        if money.currency.code not in tokens:
            return (
                _finding(Reason.CURRENCY_NOT_ISSUED, f"Nobody issues {money.currency.code} here.", "currency"),
            )
    expected = instruction_for(
        payment,
        debtor_agent=debtor_agent,
        creditor_agent=ourselves,
        tokens=tokens,
        message_digest=digest,
        expiry_s=request.instruction.expiry,
        sequence=request.instruction.sequence if may_go_in_bulk(payment) else 0,
        original=_original(office, payment),
    )
    if request.instruction != expected:
        return (_finding(Reason.SIGNATURE_WRONG, "The instruction is not what the message says.", "instruction"),)
    return _lateness(office, request) + _quote_misfits(payment, request)


def _lateness(office: Office, request: AcceptanceRequest) -> tuple[Finding, ...]:
    now_s, expiry_s = int(office.clock.now_s()), request.instruction.expiry
    if now_s < expiry_s <= now_s + 2 * office.terms.payment_s:
        return ()
    return (_finding(Reason.INSTRUCTION_EXPIRED, "The instruction's expiry is past, or too far ahead.", "expiry"),)


def _quote_misfits(payment: Payment, request: AcceptanceRequest) -> tuple[Finding, ...]:
    quote, instruction = request.quote, request.instruction
    if is_cross_currency(payment) != (quote is not None):
        return (_finding(Reason.QUOTE_UNKNOWN, "Two currencies need a quote, one needs none.", "quote"),)
    if quote is None:
        return ()
    fits = (
        quote.taker == instruction.debtor_agent
        and (quote.sell_token, quote.sell_amount) == (instruction.debit_token, instruction.debit_amount)
        and (quote.buy_token, quote.buy_amount) == (instruction.credit_token, instruction.credit_amount)
        and quote.expiry >= instruction.expiry
    )
    if not fits:
        return (_finding(Reason.QUOTE_AMOUNTS_DIFFER, "The quote is not for these legs.", "quote"),)
    return ()


def _original(office: Office, payment: Payment) -> Instruction | None:
    if payment.return_of is None:
        return None
    with office.book.view() as unit:
        return original_instruction(unit, payment)


def _return_findings(unit: Unit, payment: Payment) -> tuple[Finding, ...]:
    finding = return_finding(unit, payment)
    return (finding,) if finding else ()


def _duplicate(uetr: str) -> Finding:
    text = "This UETR already names another payment here."
    return _finding(Reason.UETR_ALREADY_USED, text, "uetr", str(uuid.UUID(uetr)))


def _reused(message_id: str) -> Finding:
    text = "This message identification was used for another message."
    return _finding(Reason.MESSAGE_ID_ALREADY_USED, text, "message_id", message_id)


def _finding(reason: Reason, text: str, element: str, value: str | None = None) -> Finding:
    return Finding(reason, text, element=element, value=value, rule=f"creditor-agent.{reason.sentence}")
