"""Records to fill a book with; each is new unless told what to be."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from node.book.records import (
    AccountKind,
    AccountStatus,
    CashAccountRecord,
    EvmTransactionRecord,
    EvmTransactionStatus,
    MessageRecord,
    PaymentRecord,
    QuoteDirection,
    QuoteRecord,
    QuoteStatus,
    Step,
)
from node.domain.lifecycle import State
from node.domain.money import Currency, Money
from node.domain.party import AccountScheme
from node.domain.payment import Side
from node.domain.quote import Quote
from tests.node.domain.payments import AED, CNY, domestic

NOON = datetime(2026, 11, 23, 12, 0, 0, 123_456, tzinfo=UTC)
NOW_S = NOON.timestamp()
PROVIDER, TAKER, LANE = "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "33" * 20


def new_uetr() -> str:
    return str(uuid.uuid4())


def payment_record(uetr: str | None = None, **changes: Any) -> PaymentRecord:
    uetr = uetr or new_uetr()
    plain = PaymentRecord(
        uetr=uetr,
        side=Side.DEBTOR_AGENT,
        state=State.RECEIVED,
        payment=domestic(uetr),
        findings=(),
        history=(Step(State.RECEIVED, NOON, None),),
        message_digest=None,
        instruction=None,
        instruction_signature=None,
        quote=None,
        acceptance_signature=None,
        acceptance_expiry_s=None,
        deadline_s=int(NOW_S) + 900,
        due_at_s=NOW_S,
        attempts=0,
        transaction_hash=None,
        block_number=None,
        block_hash=None,
        block_time_s=None,
        received_at=NOON,
        version=1,
    )
    return replace(plain, **changes)


def message_record(uetr: str, **changes: Any) -> MessageRecord:
    body = f"<Document>{uetr}</Document>".encode()
    plain = MessageRecord(
        uetr=uetr,
        direction="in",
        counterparty="back-office",
        name="pacs.008.001.08",
        message_id=f"MSG-{uetr[:8]}",
        body=body,
        at=NOON,
        digest=hashlib.sha256(body).digest(),
    )
    return replace(plain, **changes)


def account_record(number: str, currency: Currency = CNY, **changes: Any) -> CashAccountRecord:
    plain = CashAccountRecord(
        number=number,
        scheme=AccountScheme.OTHER,
        kind=AccountKind.CUSTOMER,
        currency=currency,
        holder="Debtor Ltd",
        wallet_address=None,
        status=AccountStatus.OPEN,
        balance=Money(0, currency),
        reserved=Money(0, currency),
    )
    return replace(plain, **changes)


def quote_record(buy_minor: int = 50_500, **changes: Any) -> QuoteRecord:
    quote = Quote(
        quote_id=str(uuid.uuid4()),
        provider=PROVIDER,
        taker=TAKER,
        sell=Money(100_000, CNY),
        buy=Money(buy_minor, AED),
        expiry_s=int(NOW_S) + 600,
    )
    plain = QuoteRecord(
        quote=quote,
        signature=bytes(range(65)),
        provider_bic="FXPRAEADXXX",
        direction=QuoteDirection.GIVEN,
        status=QuoteStatus.OPEN,
        uetr=None,
        created_at=NOON,
    )
    return replace(plain, **changes)


def transaction_record(nonce: int, uetr: str | None = None, **changes: Any) -> EvmTransactionRecord:
    plain = EvmTransactionRecord(
        transaction_hash="0x" + uuid.uuid4().hex * 2,
        lane=LANE,
        nonce=nonce,
        purpose="settle",
        uetr=uetr,
        raw=bytes(range(256)),
        created_at=NOON,
        broadcast_count=0,
        last_broadcast_s=None,
        status=EvmTransactionStatus.SIGNED,
        block_number=None,
    )
    return replace(plain, **changes)
