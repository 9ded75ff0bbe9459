"""Reads the chain and moves payments by what it finds: included, settled at finality, burnt, reverted, expired.

It resumes after the last block it has booked, and a block's entries, states and cursor are one commit: so a crash
anywhere costs a second reading and nothing else.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from itertools import groupby
from typing import Any

from node.book.book import Unit
from node.book.records import EvmTransactionRecord, EvmTransactionStatus, PaymentRecord
from node.domain.lifecycle import TERMINAL, Event, State
from node.domain.payment import Side
from node.domain.reasons import Finding, Reason
from node.ledger.logs import CancelledLog, ChainLog, FailedInBatchLog, SettledLog, TransferLog, events
from node.ledger.values import BlockReference
from node.settlement.batch_events import note_failure, told_singly
from node.settlement.batching import SETTLE_BATCH, send_again_in_halves
from node.settlement.closing import close, report
from node.settlement.lane import LaneStopped
from node.settlement.office import Office, now
from node.settlement.postings import book_own, book_settled, unexplained
from node.settlement.relay import TRANSFER
from node.settlement.submission import AlreadyDecided, refusal, withdraw_if_open
from node.settlement.typed import instruction_of

_BLOCKS_A_PASS = 500


def watch(office: Office, *, looks_for_expired: bool = True) -> bool:
    """Read what is new on the chain and book it; True if anything moved.

    What the chain can no longer settle is ended only where `looks_for_expired`, which asks it for its clock.
    """
    with office.book.view() as unit:
        watched = unit.cursor.watched()
        some_wait = looks_for_expired and bool(unit.payments.open_until())
    chain_now_s = office.client.pending_time_s() - office.terms.chain_clock_margin_s if some_wait else 0
    final, head = office.client.tips()
    first = watched[0] + 1 if watched else 0
    last = min(final.number, first + _BLOCKS_A_PASS - 1)
    moved = False
    if first <= last:
        moved = _book_final(office, first, last, watched, final)
    if last < final.number:
        return moved
    if head.number > final.number:
        moved = _note_included(office, final.number + 1, head.number) or moved
        chain_now_s = final.timestamp_s if looks_for_expired else 0
    moved = _answer_reverts(office, last) or moved
    return _expire(office, chain_now_s) or moved


def _read(office: Office, first: int, last: int) -> list[ChainLog]:
    tokens = [info.address for info in office.directory.tokens().values()]
    return events(office.client, office.contract.address, tokens, first, last)


def _book_final(
    office: Office, first: int, last: int, watched: tuple[int, str] | None, final: BlockReference
) -> bool:
    """Book these blocks, unless another process has done so since `watched` was read; `final` may be the last."""
    logs = _read(office, first, last)
    numbers = sorted({last, *(log.block_number for log in logs)} - {final.number})
    times = {block.number: block for block in (*office.client.blocks(numbers), final)}
    end = times[last]
    with office.book.unit() as unit:
        if unit.cursor.watched() != watched:
            return False
        logs, known = told_singly(unit, logs)
        for _, group in groupby(logs, key=lambda log: log.transaction_hash):
            _book_transaction(office, unit, list(group), times, known)
        unit.cursor.advance(end.number, end.hash)
    for log in logs:
        if isinstance(log, SettledLog):
            office.boundary("settled", _uetr_of(log))
    return True


def _book_transaction(
    office: Office,
    unit: Unit,
    logs: list[ChainLog],
    blocks: dict[int, BlockReference],
    known: dict[str, PaymentRecord],
) -> None:
    """Book what one transaction did; `known` has our payments that settled, as they stand."""
    ours: list[SettledLog] = []
    for log in logs:
        if isinstance(log, SettledLog):
            record = _ours(office, known.get(_uetr_of(log)), log)
            if record is not None and record.state not in TERMINAL:
                known[record.uetr] = _settle(office, unit, record, log, blocks[log.block_number])
                ours.append(log)
            if log.provider == office.account:
                unit.quotes.mark_used(str(uuid.UUID(bytes=log.quote_id)), _uetr_of(log))
        elif isinstance(log, FailedInBatchLog):
            note_failure(office, unit, log)
            _read_again(unit, known, log)
        elif isinstance(log, CancelledLog):
            _burnt(office, unit, log)
            _read_again(unit, known, log)
    transfers = [log for log in logs if isinstance(log, TransferLog)]
    currencies = {info.address: info.currency for info in office.directory.tokens().values()}
    for transfer in unexplained(office, transfers, ours, currencies):
        book_own(office, unit, transfer, currencies[transfer.token])


def _read_again(unit: Unit, known: dict[str, PaymentRecord], log: FailedInBatchLog | CancelledLog) -> None:
    """A payment that was found to have failed once may have settled in a later block of the same look."""
    record = unit.payments.find(_uetr_of(log)) if _uetr_of(log) in known else None
    if record is not None:
        known[record.uetr] = record


def _uetr_of(log: SettledLog | FailedInBatchLog | CancelledLog) -> str:
    return str(uuid.UUID(bytes=log.uetr))


def _ours(office: Office, record: PaymentRecord | None, log: SettledLog) -> PaymentRecord | None:
    """The record of a settled payment's UETR, if we are one of its two agents and it is the message we know.

    UETRs are unique per debtor agent only: another agent's payment may carry one that is in our book.
    """
    if record is None or record.message_digest != log.message_digest:
        return None
    agent = log.debtor_agent if record.side is Side.DEBTOR_AGENT else log.creditor_agent
    return record if agent == office.account else None


def _settle(
    office: Office, unit: Unit, record: PaymentRecord, log: SettledLog, block: BlockReference
) -> PaymentRecord:
    # A withdrawal that came too late is nothing against a payment that has settled.
    record = replace(record, findings=())
    if record.state is State.INCLUDED:
        record = unit.payments.move(record, Event.SETTLE, now(office), block_hash=block.hash)
    else:
        taken = (Event.INCLUDE, Event.SETTLE)
        record = unit.payments.move_through(record, taken, now(office), **_placed(log, block))
    book_settled(office, unit, record, log)
    return report(office, unit, record)


def _include(
    office: Office, unit: Unit, record: PaymentRecord, log: SettledLog, block: BlockReference
) -> PaymentRecord:
    return unit.payments.move(record, Event.INCLUDE, now(office), **_placed(log, block))


def _placed(log: SettledLog, block: BlockReference) -> dict[str, Any]:
    """What a record says of the block that its payment is in."""
    return {
        "transaction_hash": log.transaction_hash,
        "block_number": block.number,
        "block_hash": block.hash,
        "block_time_s": block.timestamp_s,
    }


def _burnt(office: Office, unit: Unit, log: CancelledLog) -> None:
    """A burnt UETR ends our payment: failed where we withdrew it for a reason, cancelled where wished."""
    record = unit.payments.find(_uetr_of(log))
    if record is None or record.state in TERMINAL:
        return
    if record.side is Side.DEBTOR_AGENT and log.debtor_agent == office.account:
        wished = all(finding.reason is Reason.CANCELLED_BY_DEBTOR_AGENT for finding in record.findings)
        close(office, unit, record, Event.CANCEL if wished else Event.FAIL)
    elif record.side is Side.CREDITOR_AGENT and instruction_of(record).debtor_agent == log.debtor_agent:
        finding = Finding(Reason.CANCELLED_BY_DEBTOR_AGENT, "The debtor agent withdrew the payment.")
        close(office, unit, record, Event.CANCEL, (finding,))


def _note_included(office: Office, first: int, last: int) -> bool:
    """Mark what is in a block that is not final, and step back what no longer is."""
    read = _read(office, first, last)
    moved = False
    with office.book.unit() as unit:
        told, known = told_singly(unit, read)
        logs = {log.uetr: log for log in told if isinstance(log, SettledLog)}
        for log in logs.values():
            record = _ours(office, known.get(_uetr_of(log)), log)
            if record is not None and record.state in (State.ACCEPTED, State.SUBMITTED):
                _include(office, unit, record, log, office.client.block(log.block_number))
                moved = True
        for record in unit.payments.in_state(State.INCLUDED):
            if uuid.UUID(record.uetr).bytes not in logs:
                unit.payments.move(record, Event.REORGANISE, now(office), block_number=None, block_hash=None)
                moved = True
    return moved


def _answer_reverts(office: Office, final: int) -> bool:
    """Withdraw payments whose transaction is in a final block but reverted: their signatures are public now."""
    with office.book.view() as unit:
        reverted = unit.lanes.reverted(final)
    moved = False
    for sent in reverted:
        moved = _answer_revert(office, sent) or moved
    return moved


def _answer_revert(office: Office, sent: EvmTransactionRecord) -> bool:
    try:
        if sent.purpose == SETTLE_BATCH:
            send_again_in_halves(office, sent)
        elif sent.uetr is not None:
            withdraw_if_open(
                office, sent.uetr, lambda: refusal(office.client.revert_reason(sent.transaction_hash))
            )
    except (AlreadyDecided, LaneStopped):
        return False
    failure = office.client.revert_reason(sent.transaction_hash) if sent.purpose == TRANSFER else ""
    with office.book.unit() as unit:
        if sent.purpose == TRANSFER:
            unit.transfers.fail(sent.lane, sent.nonce, f"The currency token refused it: {failure}.")
        unit.lanes.mark(sent.transaction_hash, EvmTransactionStatus.FINAL, sent.block_number)
    return True


def _expire(office: Office, chain_now_s: int) -> bool:
    """End what the chain can no longer settle.

    `chain_now_s` is the chain's clock as it stood before we read the last block: every block that could still
    have settled an older expiry has been read by now. Our own clock has no say in it.
    """
    if not chain_now_s:
        return False
    with office.book.view() as unit:
        expired = unit.payments.open_until(chain_now_s)
    ended = [_end_expired(office, uetr) for uetr in expired]
    return any(ended)


def _end_expired(office: Office, uetr: str) -> bool:
    with office.book.unit() as unit:
        record = unit.payments.find(uetr)
        if record is None or record.state not in (State.ACCEPTED, State.SUBMITTED):
            return False  # it settled in a block that this very pass has read
        why = () if record.findings else (_expired(instruction_of(record).expiry),)
        close(office, unit, record, Event.EXPIRE, why)
    office.boundary("expired", uetr)
    return True


def _expired(expiry_s: int) -> Finding:
    return Finding(
        Reason.INSTRUCTION_EXPIRED,
        "The signed instruction expired before it was settled; it can never settle now.",
        element="expiry",
        value=str(expiry_s),
        rule="instruction.expiry",
    )
