"""From ACCEPTED to SUBMITTED: sign the instruction, build the transaction, take a nonce, keep the signed bytes.

Nonce, bytes and state are one commit; only then may the sender broadcast them. What would be refused by the
contract is not sent at all: it is withdrawn on chain, because a signature once made can never be unmade.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from node.book.records import PaymentRecord
from node.domain.lifecycle import Event, State
from node.domain.reasons import Finding
from node.ledger.revert_reasons import reason_for
from node.ledger.values import CallRefused
from node.settlement.lane import Call, keep_signed, open_slot
from node.settlement.office import Office, now
from node.settlement.returning import original_of
from node.settlement.terms import retry_delay_s
from node.settlement.typed import instruction_of, typed_quote
from wallet.typed_data import Cancellation, Instruction, signing_digest

SETTLE = "settle"
CANCEL = "cancel"
_GAS_HEADROOM_PERCENT = 130


def submit(office: Office, record: PaymentRecord) -> None:
    """Keep the signed settlement of an ACCEPTED payment, or its withdrawal where the contract would refuse it."""
    instruction = instruction_of(record)
    digest = signing_digest(office.contract.domain(), instruction)
    signature = office.signer.sign_digest(digest).to_bytes()
    data = _settle_data(office, record, instruction, signature)
    findings: tuple[Finding, ...] = ()
    gas = office.client.simulate(office.lane_signer.address, office.contract.address, data)
    if isinstance(gas, CallRefused) and instruction.sequence:
        _wait_in_bulk(office, record, refusal(gas.reason))
        return
    if isinstance(gas, CallRefused):
        findings = (refusal(gas.reason),)
        data, gas = _withdrawal(office, instruction)
    call = _call(office, CANCEL if findings else SETTLE, data, gas)
    slot = open_slot(office)
    with office.book.unit() as unit:
        sent = keep_signed(office, unit, slot, call, record.uetr)
        unit.payments.move(
            record,
            Event.SUBMIT,
            now(office),
            findings,
            instruction_signature=signature,
            transaction_hash=sent.transaction_hash,
        )
    office.boundary("signed", record.uetr)


def _wait_in_bulk(office: Office, record: PaymentRecord, finding: Finding) -> None:
    """Try again later what the contract refuses now; a sequence cannot be burnt for us, so it may run out."""
    due = office.clock.now_s() + retry_delay_s(office.terms, record.attempts)
    findings = record.findings if finding in record.findings else (*record.findings, finding)
    later = replace(record, findings=findings, attempts=record.attempts + 1, due_at_s=due)
    with office.book.unit() as unit:
        unit.payments.save(later)
    office.boundary("postponed", record.uetr)


def withdraw(office: Office, record: PaymentRecord, finding: Finding) -> None:
    """Burn the UETR of a submitted payment on chain, so that its public signatures can never settle.

    The payment fails when the burning is final, not before; until then anyone might still submit the set. One
    in the bulk grade is left to run out: only the settlement account itself could burn its sequence.
    """
    instruction = instruction_of(record)
    if instruction.sequence:
        _note(office, record, finding)
        return
    data, gas = _withdrawal(office, instruction)
    call = _call(office, CANCEL, data, gas)
    slot = open_slot(office)
    with office.book.unit() as unit:
        keep_signed(office, unit, slot, call, record.uetr)
        unit.payments.add_finding(record, finding)
    office.boundary("withdrawn", record.uetr)


def _note(office: Office, record: PaymentRecord, finding: Finding) -> None:
    if finding not in record.findings:
        with office.book.unit() as unit:
            unit.payments.add_finding(record, finding)


def withdraw_if_open(office: Office, uetr: str, why: Callable[[], Finding]) -> None:
    """Withdraw a payment that is still submitted, once; `why` is asked only then. Raises as `withdraw` does."""
    with office.book.view() as unit:
        record = unit.payments.find(uetr)
        withdrawn = any(sent.purpose == CANCEL for sent in unit.lanes.of(uetr))
    if record is not None and record.state is State.SUBMITTED and not withdrawn:
        withdraw(office, record, why())


def refusal(sentence: str) -> Finding:
    """What the contract said, as a finding."""
    return Finding(
        reason_for(sentence), f"The settlement contract refuses: {sentence}.", element="instruction", rule=sentence
    )


def _settle_data(office: Office, record: PaymentRecord, instruction: Instruction, signature: bytes) -> bytes:
    quote = typed_quote(record.quote.quote, office.directory.tokens()) if record.quote else None
    original = original_of(office, record)
    contract = office.contract
    call = contract.settle_call if original is None else partial(contract.settle_return_call, original=original)
    return call(
        instruction,
        debtor_signature=signature,
        acceptance_signature=record.acceptance_signature or b"",
        acceptance_expiry_s=record.acceptance_expiry_s or 0,
        quote=quote,
        quote_signature=record.quote.signature if record.quote else b"",
    )


def _withdrawal(office: Office, instruction: Instruction) -> tuple[bytes, int]:
    cancellation = Cancellation(uetr=instruction.uetr, debtor_agent=instruction.debtor_agent)
    digest = signing_digest(office.contract.domain(), cancellation)
    data = office.contract.cancel_call(cancellation, office.signer.sign_digest(digest).to_bytes())
    gas = office.client.simulate(office.lane_signer.address, office.contract.address, data)
    if isinstance(gas, CallRefused):
        # Settled or burnt already: the transaction would change nothing, and the watcher will see which it was.
        raise AlreadyDecided(f"{uuid.UUID(bytes=instruction.uetr)}: {gas.reason}")
    return data, gas


class AlreadyDecided(Exception):
    """The chain has settled or burnt this UETR; the watcher will report it."""


def _call(office: Office, purpose: str, data: bytes, gas: int) -> Call:
    return Call(purpose, office.contract.address, data, gas * _GAS_HEADROOM_PERCENT // 100)
