"""A book with a long past: settled payments with steps, messages, entries and transactions, put there at once.

For measuring only: what such a book says was never on any chain.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from node.book.book import Book, Unit
from node.book.records import EntryRecord, EvmTransactionRecord, EvmTransactionStatus, MessageRecord, PaymentRecord
from node.domain.lifecycle import State
from node.domain.payment import Side

_IN_ONE_UNIT = 50
_PAUSE_S = 0.005  # the institution's own units get their turn in between
_IN_ONE_TRANSACTION = 100


@dataclass(frozen=True)
class _Pattern:
    """A settled payment of a book, with its messages and its entry: what every copy is like."""

    record: PaymentRecord
    messages: list[MessageRecord]
    entry: EntryRecord


def lengthen(books: Sequence[Book], like: str, until: int) -> list[int]:
    """Add copies of the settled payment `like` until each book has so many payments; returns how many were added.

    The books grow in turns, so that none has lain for minutes when the last is ready: what is not read for a while
    a system may take out of its memory. Balances stay what they are: of two copies one credits and one debits.
    """
    patterns = [_read_pattern(book, like) for book in books]
    missing = [max(0, until - have) for _, have in patterns]
    for start in range(0, max(missing, default=0), _IN_ONE_UNIT):
        for book, (pattern, _), most in zip(books, patterns, missing, strict=True):
            _add_copies(book, pattern, range(start, min(start + _IN_ONE_UNIT, most)))
        time.sleep(_PAUSE_S)
    return missing


def _read_pattern(book: Book, like: str) -> tuple[_Pattern, int]:
    """The payment to be copied, and how many payments there are."""
    with book.view() as unit:
        record = unit.payments.find(like)
        if record is None or record.state is not State.SETTLED:
            raise LookupError(f"{like} has not settled here")
        entry = next((one for one in unit.accounts.entries(_account_of(record)) if one.uetr == like), None)
        if entry is None:
            raise LookupError(f"{like} is not booked here")
        return _Pattern(record, unit.messages.of(like), entry), unit.payments.how_many()


def _add_copies(book: Book, pattern: _Pattern, copies: range) -> None:
    """One unit's share of copies, by their numbers."""
    if not copies:
        return
    with book.unit() as unit:
        for copy in copies:
            _add_copy(unit, pattern.record, pattern.messages, pattern.entry, credits_it=copy % 2 == 0)
            if copy % _IN_ONE_TRANSACTION == 0:
                _add_transaction(unit, copy)
        _notified(unit)


def _notified(unit: Unit) -> None:
    """Nobody is to be told of what never happened."""
    fresh = unit.statements.fresh(2 * _IN_ONE_UNIT)
    if fresh:
        unit.statements.notified(fresh[-1].number)


def _add_transaction(unit: Unit, copy: int) -> None:
    """A batch that is long final, on the lane that there is; its nonces are none that the chain ever counted."""
    for lane in unit.lanes.all()[:1]:
        name = uuid.uuid4().bytes
        unit.lanes.keep(
            EvmTransactionRecord(
                transaction_hash="0x" + hashlib.sha256(name).hexdigest(),
                lane=lane.lane,
                nonce=-1 - copy - uuid.UUID(bytes=name).int % 2**40,
                purpose="settle_batch",
                uetr=None,
                raw=name,
                created_at=datetime.now(UTC),
                broadcast_count=1,
                last_broadcast_s=0.0,
                status=EvmTransactionStatus.FINAL,
                block_number=0,
            )
        )


def _account_of(pattern: PaymentRecord) -> str:
    payment = pattern.payment
    named = payment.debtor_account if pattern.side is Side.DEBTOR_AGENT else payment.creditor_account
    return named.number if named else ""


def _add_copy(
    unit: Unit, pattern: PaymentRecord, messages: list[MessageRecord], entry: EntryRecord, *, credits_it: bool
) -> None:
    uetr = str(uuid.uuid4())
    unit.payments.add(replace(pattern, uetr=uetr, payment=replace(pattern.payment, uetr=uetr)))
    for message in messages:
        unit.messages.add(replace(message, uetr=uetr, message_id=uetr if message.message_id else None))
    transaction_hash = "0x" + hashlib.sha256(uetr.encode()).hexdigest()
    minor = abs(entry.amount.minor) if credits_it else -abs(entry.amount.minor)
    unit.accounts.post(
        entry.account,
        replace(entry.amount, minor=minor),
        uetr=uetr,
        transaction_hash=transaction_hash,
        block_number=entry.block_number or 0,
        log_index=0,
        text=entry.text,
        at=entry.at,
    )
