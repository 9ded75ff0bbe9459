"""Many ACCEPTED payments in one transaction: signed each by itself, kept together before they leave.

A payment the contract will not settle fails alone, in the log; a batch that is refused whole is split, down to
single payments. A bulk payment is never withdrawn: its sequence can be burnt by the settlement account only, so
what has failed runs out with its instruction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from node.book.records import EvmTransactionRecord, PaymentRecord, StaleRecord
from node.domain.lifecycle import Event, State
from node.domain.payment import Payment, is_cross_currency
from node.ledger.batch_call import BatchItem, batch_call, fits, gas_for
from node.settlement.lane import Call, keep_signed, open_slot
from node.settlement.office import Office, now
from node.settlement.typed import instruction_of
from wallet.typed_data import signing_digest

SETTLE_BATCH = "settle_batch"


def may_go_in_bulk(payment: Payment) -> bool:
    """Whether the contract would take this payment in a batch: one currency, and no return of another."""
    return not is_cross_currency(payment) and payment.return_of is None


def submit_batch(office: Office, uetrs: Sequence[str]) -> int:
    """Sign and keep batches of these payments, one for each currency; returns how many payments they carry.

    Those that have moved meanwhile are left out. Raises as `submit` does, and StaleRecord where a payment moved
    in the last moment: then nothing of its batch is kept.
    """
    with office.book.view() as unit:
        found = unit.payments.find_many(uetrs)
    by_token: defaultdict[str, list[PaymentRecord]] = defaultdict(list)
    for record in found:
        if record.state is State.ACCEPTED and record.sequence is not None:
            by_token[instruction_of(record).debit_token].append(record)
    return sum(_submit(office, records) for records in by_token.values())


def _submit(office: Office, records: list[PaymentRecord]) -> int:
    records = records[: fits([instruction_of(record) for record in records])]
    signed = [(record, _sign(office, record)) for record in records]
    call = _call(office, [_item(record, signature) for record, signature in signed])
    slot = open_slot(office)
    with office.book.unit() as unit:
        sent = keep_signed(office, unit, slot, call, None)
        for record, signature in signed:
            unit.payments.move(
                record,
                Event.SUBMIT,
                now(office),
                instruction_signature=signature,
                transaction_hash=sent.transaction_hash,
            )
    for record in records:
        office.boundary("signed", record.uetr)
    return len(records)


def send_again_in_halves(office: Office, refused: EvmTransactionRecord) -> bool:
    """Send what a refused batch carried and is still open in two batches; False where nothing of it is.

    The refused transaction must be in a final block, or never able to be in one. Each payment's sequence is used
    once, so one that has settled some other way is skipped.
    """
    with office.book.view() as unit:
        attempts = unit.lanes.at(refused.lane, refused.nonce)
        records = unit.payments.carried_by([attempt.transaction_hash for attempt in attempts])
    records = [record for record in records if record.state is State.SUBMITTED]
    middle = (len(records) + 1) // 2
    for half in (records[:middle], records[middle:]):
        if half:
            _send_again(office, half)
    return bool(records)


def _send_again(office: Office, records: list[PaymentRecord]) -> None:
    call = _call(office, [_item(record, record.instruction_signature or b"") for record in records])
    slot = open_slot(office)
    with office.book.unit() as unit:
        sent = keep_signed(office, unit, slot, call, None)
        for record in records:
            fresh = unit.payments.find(record.uetr)
            if fresh is None or fresh.version != record.version:
                raise StaleRecord(record.uetr)
            unit.payments.save(replace(fresh, transaction_hash=sent.transaction_hash))


def _sign(office: Office, record: PaymentRecord) -> bytes:
    digest = signing_digest(office.contract.domain(), instruction_of(record))
    return office.signer.sign_digest(digest).to_bytes()


def _item(record: PaymentRecord, signature: bytes) -> BatchItem:
    return BatchItem(
        instruction_of(record), signature, record.acceptance_signature or b"", record.acceptance_expiry_s or 0
    )


def _call(office: Office, items: list[BatchItem]) -> Call:
    return Call(SETTLE_BATCH, office.contract.address, batch_call(items), gas_for(len(items)))
