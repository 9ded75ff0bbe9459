"""The other messages that we write: rejects of what is no message, notifications of what was booked."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from lxml import etree

from api.iso20022.admi002 import reference_in, write_message_reject
from api.iso20022.camt054 import Direction, Notice, write_notification
from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from api.iso20022.parse import parse
from api.iso20022.refusal import Refusal
from node.domain.party import AccountScheme, Agent, CashAccount
from node.domain.payment import credit_leg
from tests.api.iso20022.messages import CATALOGUE, MINTED, ONE_CURRENCY, TODAY, full, parsed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
AGENT = Agent("CRDBAEADXXX")


def texts(raw: bytes, path: str) -> list[str | None]:
    return [node.text for node in etree.fromstring(raw).findall(path)]


def rejected(raw: bytes) -> bytes:
    refusal = parse(raw, CATALOGUE)
    assert isinstance(refusal, Refusal)
    header = parsed(full()).header
    for original in (None, header):
        written = write_message_reject(
            refusal, raw, message_id="REJ-1", created_at=NOW, rejecting_agent=AGENT, header=original
        )
        parsed(written)
    return write_message_reject(refusal, raw, message_id="REJ-1", created_at=NOW, rejecting_agent=AGENT)


def test_reject_says_what_where_and_why() -> None:
    raw = rejected(ONE_CURRENCY.replace("SLEV", "OUR").replace("E2E-1", "").encode())

    assert texts(raw, ".//{*}Ref") == ["MSG-1"]
    assert texts(raw, ".//{*}RjctgPtyRsn") == ["schema_invalid"]
    assert texts(raw, ".//{*}ErrLctn") == ["FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId/EndToEndId"]
    assert texts(raw, ".//{*}RsnDesc") == ["FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId/EndToEndId must not be empty."]
    assert "ChrgBr is none of the codes" in (texts(raw, ".//{*}AddtlData")[0] or "")


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff<<<", b"<a>" * 1000, b"x" * 2_000_000, b"<MsgId>" + b"\xff" * 30 + b"</MsgId>"]
)
def test_anything_can_be_rejected(raw: bytes) -> None:
    assert rejected(raw)


def test_reference_is_found_even_in_what_cannot_be_parsed() -> None:
    assert reference_in(full()) == "CRDA-20261123-0001"
    assert reference_in(b"<p:MsgId> ABC </p:MsgId") == "ABC"
    assert reference_in(b"<MsgId>" + b"a" * 36 + b"</MsgId>") == "NOTPROVIDED"
    assert reference_in(b"nothing") == "NOTPROVIDED"
    assert reference_in(b"{1:F01}{4:\r\n:21:<MsgId>A</MsgId>\r\n:20:REF-1\r\n-}") == "REF-1"
    assert reference_in(b"{1:F01}") == "NOTPROVIDED"


def notification_of(raw: bytes | str) -> bytes:
    transfer = read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED)
    assert isinstance(transfer, CreditTransfer)
    payment = transfer.payment
    account = payment.creditor_account or CashAccount("1", AccountScheme.OTHER)
    notice = Notice(
        message_id="NTF-1",
        created_at=NOW,
        account=account,
        servicer=AGENT,
        direction=Direction.CREDIT,
        amount=credit_leg(payment),
        booked_on=date(2026, 11, 23),
        servicer_reference="0x" + "ab" * 32,
    )
    return write_notification(notice, payment)


def test_notification_carries_what_the_creditor_needs() -> None:
    raw = notification_of(full())
    parsed(raw)

    assert texts(raw, ".//{*}Ntry/{*}Amt") == ["5114.97"]
    assert texts(raw, ".//{*}Ntry/{*}CdtDbtInd") == ["CRDT"]
    assert texts(raw, ".//{*}Ntry/{*}Sts/{*}Cd") == ["BOOK"]
    assert texts(raw, ".//{*}Refs/{*}UETR") == ["3f1c2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41"]
    assert texts(raw, ".//{*}Refs/{*}EndToEndId") == ["PO-2026-7781"]
    assert texts(raw, ".//{*}RltdPties/{*}Dbtr/{*}Pty/{*}Nm") == ["Shanghai Huating Textile Co., Ltd."]
    assert texts(raw, ".//{*}Acct/{*}Id/{*}IBAN") == ["AE070331234567890123456"]
    assert texts(raw, ".//{*}RmtInf/{*}Ustrd") == ["Invoice 2026-114, cotton yarn, 12 bales"]


def test_least_payment_can_be_notified() -> None:
    assert parsed(notification_of(ONE_CURRENCY)).identifier == "camt.054.001.08"
