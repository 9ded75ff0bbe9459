"""The tables of one institution's book. Every table has an integer row id; business keys are unique columns.

(A text primary key without row id would make inserts several times slower on SQLite.)
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from node.book.column_types import Instant, Minor, Named
from node.book.records import (
    AccountKind,
    AccountStatus,
    DeliveryStatus,
    EvmTransactionStatus,
    QuoteDirection,
    QuoteStatus,
)
from node.domain.lifecycle import Event, State
from node.domain.party import AccountScheme
from node.domain.payment import Side
from node.domain.recall import CaseSide, CaseState

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_ADDRESS = String(42)
_HASH = String(66)
_UETR = String(36)
_ROW_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts rows only in a column called INTEGER


def row_id() -> Column[int]:
    """The integer key that every table has."""
    return Column("id", _ROW_ID, primary_key=True)


payments = Table(
    "payments",
    metadata,
    row_id(),
    Column("uetr", _UETR, nullable=False, unique=True),
    Column("side", Named(Side), nullable=False),
    Column("state", Named(State), nullable=False),
    Column("payment", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("message_digest", LargeBinary(32)),
    Column("instruction", Text),
    Column("instruction_signature", LargeBinary(65)),
    Column("quote", Text),
    Column("acceptance_signature", LargeBinary(65)),
    Column("acceptance_expiry_s", BigInteger),
    Column("deadline_s", BigInteger, nullable=False),
    Column("due_at_s", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("transaction_hash", _HASH, index=True),
    Column("block_number", BigInteger),
    Column("block_hash", _HASH),
    Column("block_time_s", BigInteger),
    Column("received_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sequence", BigInteger),
    Column("instruction_expiry_s", BigInteger),
    Column("claimed_by", String(36)),
    Column("claimed_until_s", Float, nullable=False, server_default="0"),
    Column("return_of", _UETR, index=True),
    Column("sealed", LargeBinary),  # whatever is personal in the payment; None once it is erased
    Column("file_key", LargeBinary),
    Column("subject", String(16), index=True),
    Column("other_subject", String(16)),
    Index(None, "state", "due_at_s"),
)

steps = Table(
    "payment_steps",
    metadata,
    row_id(),
    Column("uetr", _UETR, ForeignKey("payments.uetr"), nullable=False, index=True),
    Column("state", Named(State), nullable=False),
    Column("event", Named(Event)),
    Column("at", Instant, nullable=False),
)

INBOUND = text("direction = 'in'")

messages = Table(
    "messages",
    metadata,
    row_id(),
    Column("uetr", _UETR, ForeignKey("payments.uetr"), index=True),  # a statement is about no one payment
    Column("direction", String(3), nullable=False),
    Column("counterparty", String(35), nullable=False),
    Column("name", String(35), nullable=False),
    Column("message_id", String(70)),
    Column("body", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("digest", LargeBinary(32), nullable=False, index=True),
    Column("subject", String(16)),  # whose account a message without a payment is about
    CheckConstraint("direction IN ('in', 'out')", name="direction"),
    Index(
        "uq_messages_inbound",
        "counterparty",
        "message_id",
        unique=True,
        sqlite_where=INBOUND,
        postgresql_where=INBOUND,
    ),
)

cases = Table(
    "cases",
    metadata,
    row_id(),
    Column("reference", String(36), nullable=False, unique=True),
    Column("case_id", String(35), nullable=False),
    Column("side", Named(CaseSide), nullable=False),
    Column("state", Named(CaseState), nullable=False),
    Column("counterparty", String(35), nullable=False),
    Column("uetr", _UETR, ForeignKey("payments.uetr"), nullable=False, index=True),
    Column("reason_code", String(4)),
    Column("reason_text", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("request_id", String(70), nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("deadline_s", BigInteger, nullable=False),
    Column("due_at_s", Float, index=True),
    Column("attempts", Integer, nullable=False),
    Column("is_told", Boolean, nullable=False),
    Column("answer_code", String(4)),
    Column("answer_text", Text, nullable=False),
    Column("return_uetr", _UETR),
    Column("version", Integer, nullable=False),
    UniqueConstraint("side", "counterparty", "case_id"),
)

accounts = Table(
    "cash_accounts",
    metadata,
    row_id(),
    Column("number", String(34), key="reference", nullable=False, unique=True),  # ours: says nothing of anybody
    Column("scheme", Named(AccountScheme), nullable=False),
    Column("kind", Named(AccountKind), nullable=False),
    Column("currency", String(8), nullable=False),
    Column("minor_units", Integer, nullable=False),
    Column("wallet_address", _ADDRESS),
    Column("status", Named(AccountStatus), nullable=False),
    Column("balance", Minor, nullable=False),
    Column("reserved", Minor, nullable=False),
    Column("subject", String(16), index=True, unique=True),
    Column("number_index", LargeBinary(32), index=True, unique=True),
    Column("sealed", LargeBinary),
)

statements = Table(
    "statements",
    metadata,
    row_id(),
    Column("account", String(34), ForeignKey("cash_accounts.reference"), nullable=False),
    Column("day", String(10), nullable=False),
    Column("page", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("sequence_number", Integer, nullable=False),
    Column("last_entry", BigInteger, nullable=False),
    Column("closing", Minor, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    UniqueConstraint("account", "day", "page"),
)

notified_entry = Table(
    "notified_entry",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("entry", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

reservations = Table(
    "reservations",
    metadata,
    row_id(),
    Column("uetr", _UETR, ForeignKey("payments.uetr"), nullable=False, unique=True),
    Column("account", String(34), ForeignKey("cash_accounts.reference"), nullable=False, index=True),
    Column("amount", Minor, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    row_id(),
    Column("account", String(34), ForeignKey("cash_accounts.reference"), nullable=False, index=True),
    Column("amount", Minor, nullable=False),
    Column("uetr", _UETR, ForeignKey("payments.uetr")),  # nobody looks for an entry by it
    Column("source", String(140), nullable=False),
    Column("transaction_hash", _HASH),
    Column("block_number", BigInteger),
    Column("log_index", Integer),
    Column("text", String(140), nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("source", "account", "text"),
)

quotes = Table(
    "quotes",
    metadata,
    row_id(),
    Column("quote_id", String(36), nullable=False, unique=True),
    Column("provider", _ADDRESS, nullable=False),
    Column("taker", _ADDRESS, nullable=False),
    Column("sell_amount", Minor, nullable=False),
    Column("sell_currency", String(8), nullable=False),
    Column("sell_minor_units", Integer, nullable=False),
    Column("buy_amount", Minor, nullable=False),
    Column("buy_currency", String(8), nullable=False),
    Column("buy_minor_units", Integer, nullable=False),
    Column("expiry_s", BigInteger, nullable=False),
    Column("signature", LargeBinary(65), nullable=False),
    Column("provider_bic", String(11), nullable=False),
    Column("direction", Named(QuoteDirection), nullable=False),
    Column("status", Named(QuoteStatus), nullable=False),
    Column("uetr", _UETR),  # at the provider, another institution's payment: no foreign key
    Column("created_at", Instant, nullable=False),
    Index(None, "status", "expiry_s"),
)

lanes = Table(
    "lanes",
    metadata,
    row_id(),
    Column("lane", _ADDRESS, nullable=False, unique=True),
    Column("next_nonce", BigInteger, nullable=False),
    Column("first_nonce", BigInteger, nullable=False, server_default="0"),
    Column("stopped", Text),
    Column("trouble", Text),
)

transactions = Table(
    "evm_transactions",
    metadata,
    row_id(),
    Column("transaction_hash", _HASH, nullable=False, unique=True),
    Column("lane", _ADDRESS, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("purpose", String(32), nullable=False),
    Column("uetr", _UETR, ForeignKey("payments.uetr"), index=True),
    Column("raw", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("broadcast_count", Integer, nullable=False),
    Column("last_broadcast_s", Float),
    Column("status", Named(EvmTransactionStatus), nullable=False),
    Column("block_number", BigInteger),
    UniqueConstraint("lane", "nonce", "attempt"),
    Index(None, "lane", "status", "nonce"),
    Index(None, "status", "block_number"),
)

transfers = Table(
    "transfers",
    metadata,
    row_id(),
    Column("transfer_id", _HASH, nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("debtor", _ADDRESS, nullable=False),
    Column("creditor", _ADDRESS, nullable=False),
    Column("amount", Minor, nullable=False),
    Column("lane", _ADDRESS, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("failure", Text),
    Column("created_at", Instant, nullable=False),
    Index(None, "lane", "nonce"),
)

duties = Table(
    "duties",
    metadata,
    row_id(),
    Column("name", String(32), nullable=False, unique=True),
    Column("owner", String(36), nullable=False),
    Column("until_s", Float, nullable=False),
)

cursor = Table(
    "watched_block",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", _HASH, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

nonces = Table(
    "request_nonces",
    metadata,
    row_id(),
    Column("keyid", String(64), nullable=False),
    Column("nonce", String(128), nullable=False),
    Column("expires_s", BigInteger, nullable=False, index=True),
    UniqueConstraint("keyid", "nonce"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    row_id(),
    Column("caller", String(64), nullable=False),
    Column("route", String(255), nullable=False),
    Column("key", String(255), nullable=False),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("claim", String(32), nullable=False),
    Column("claimed_until_s", Float, nullable=False),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", LargeBinary),
    Column("at", Instant, nullable=False, index=True),
    UniqueConstraint("caller", "route", "key"),
)

events = Table(
    "events",
    metadata,
    row_id(),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("kind", String(64), nullable=False),
    Column("uetr", _UETR),
    Column("version", Integer),
    Column("message_row", _ROW_ID),
    Column("entry_row", _ROW_ID),
    Column("transaction_hash", _HASH),
    Column("subject", String(40)),
    Column("at", Instant, nullable=False),
)

endpoints = Table(
    "webhook_endpoints",
    metadata,
    row_id(),
    Column("endpoint_id", String(40), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("secrets", Text, nullable=False),
    Column("disabled", String(280)),
    Column("cursor", BigInteger, nullable=False),
    Column("failing_since_s", Float),
    Column("created_at", Instant, nullable=False),
)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    row_id(),
    Column("endpoint_id", String(40), ForeignKey("webhook_endpoints.endpoint_id"), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("status", Named(DeliveryStatus), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at_s", Float, nullable=False),
    Column("last_status", Integer),
    Column("last_fault", String(280)),
    UniqueConstraint("endpoint_id", "position"),
    Index(None, "endpoint_id", "status", "next_at_s"),
)

callers = Table(
    "api_callers",
    metadata,
    row_id(),
    Column("name", String(64), nullable=False, unique=True),
    Column("digest", LargeBinary(32)),
    Column("public_key", Text),
    Column("scopes", Text, nullable=False),
    Column("expires_s", Float),
    Column("revoked", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("(digest IS NULL) <> (public_key IS NULL)", name="one_proof"),
)
