"""The tables of what comes in: whole messages with their lines, remarks on payments, what payments wait for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text
from sqlalchemy import Date as Day

from node.book.column_types import Instant, Named
from node.book.inbox_records import InboxVerdict, WaitKind
from node.book.tables import metadata, row_id

_UETR = String(36)
TAKEN = text("verdict = 'taken'")

inbox = Table(
    "inbox",
    metadata,
    row_id(),
    Column("key", String(36), nullable=False, unique=True),
    Column("counterparty", String(35), nullable=False),
    Column("name", String(35), nullable=False),
    Column("message_id", String(70)),
    Column("verdict", Named(InboxVerdict), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("findings", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("final_answer", LargeBinary),
    Column("file_key", LargeBinary),  # None once somebody in the message is erased
    Index(
        "uq_inbox_taken",
        "counterparty",
        "message_id",
        unique=True,
        sqlite_where=TAKEN,
        postgresql_where=TAKEN,
    ),
)

inbox_lines = Table(
    "inbox_lines",
    metadata,
    row_id(),
    Column("key", String(36), ForeignKey("inbox.key"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("block", String(35), nullable=False),
    Column("instruction_id", String(35)),
    Column("transaction_id", String(35)),
    Column("stated_uetr", _UETR, nullable=False),
    Column("uetr", _UETR, ForeignKey("payments.uetr"), unique=True),
    Column("sealed", Text, nullable=False),
)

remarks = Table(
    "payment_remarks",
    metadata,
    row_id(),
    Column("uetr", _UETR, ForeignKey("payments.uetr"), nullable=False, unique=True),
    Column("findings", Text, nullable=False),
)

waits = Table(
    "payment_waits",
    metadata,
    row_id(),
    Column("uetr", _UETR, ForeignKey("payments.uetr"), nullable=False, unique=True),
    Column("kind", Named(WaitKind), nullable=False),
    Column("until_s", BigInteger, nullable=False),
    Column("requested_date", Day),
    Column("settlement_date", Day),
    Column("text", Text, nullable=False),
    Column("ended_at", Instant),
)
