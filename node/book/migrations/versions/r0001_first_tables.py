"""The first tables of the book: payments, messages, accounts, quotes, nonce lanes, the watched block."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A revision says its types in full: what node.book.tables becomes later must not change it.
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(32)
_DIGITS = sa.String(79)
_INSTANT = sa.DateTime(timezone=True)
_INBOUND = sa.text("direction = 'in'")


def upgrade() -> None:
    """Create all tables, each after those it refers to."""
    _payments()
    _accounts()
    _movements()
    _quotes()
    _chain()


def downgrade() -> None:
    """Drop all tables."""
    for table in (
        "request_nonces",
        "watched_block",
        "evm_transactions",
        "lanes",
        "quotes",
        "entries",
        "reservations",
        "cash_accounts",
        "messages",
        "payment_steps",
        "payments",
    ):
        op.drop_table(table)


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("uetr", sa.String(length=36), nullable=False),
        sa.Column("side", _NAME, nullable=False),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("payment", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("message_digest", sa.LargeBinary(length=32)),
        sa.Column("instruction", sa.Text()),
        sa.Column("instruction_signature", sa.LargeBinary(length=65)),
        sa.Column("quote", sa.Text()),
        sa.Column("acceptance_signature", sa.LargeBinary(length=65)),
        sa.Column("acceptance_expiry_s", sa.BigInteger()),
        sa.Column("deadline_s", sa.BigInteger(), nullable=False),
        sa.Column("due_at_s", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("transaction_hash", sa.String(length=66)),
        sa.Column("block_number", sa.BigInteger()),
        sa.Column("block_hash", sa.String(length=66)),
        sa.Column("block_time_s", sa.BigInteger()),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("uetr", name=op.f("uq_payments_uetr")),
    )
    op.create_index(op.f("ix_payments_state_due_at_s"), "payments", ["state", "due_at_s"])
    op.create_table(
        "payment_steps",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("uetr", sa.String(length=36), nullable=False),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("event", _NAME),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name=op.f("fk_payment_steps_uetr")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_steps")),
    )
    op.create_index(op.f("ix_payment_steps_uetr"), "payment_steps", ["uetr"])
    op.create_table(
        "messages",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("uetr", sa.String(length=36), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("counterparty", sa.String(length=35), nullable=False),
        sa.Column("name", sa.String(length=35), nullable=False),
        sa.Column("message_id", sa.String(length=70)),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_messages_direction")),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name=op.f("fk_messages_uetr")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_uetr"), "messages", ["uetr"])
    op.create_index(
        "uq_messages_inbound",
        "messages",
        ["counterparty", "message_id"],
        unique=True,
        sqlite_where=_INBOUND,
        postgresql_where=_INBOUND,
    )


def _accounts() -> None:
    op.create_table(
        "cash_accounts",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("number", sa.String(length=34), nullable=False),
        sa.Column("scheme", _NAME, nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("minor_units", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=140)),
        sa.Column("wallet_address", sa.String(length=42)),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("balance", _DIGITS, nullable=False),
        sa.Column("reserved", _DIGITS, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_accounts")),
        sa.UniqueConstraint("number", name=op.f("uq_cash_accounts_number")),
    )


def _movements() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("uetr", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=34), nullable=False),
        sa.Column("amount", _DIGITS, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["cash_accounts.number"], name=op.f("fk_reservations_account")),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name=op.f("fk_reservations_uetr")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
        sa.UniqueConstraint("uetr", name=op.f("uq_reservations_uetr")),
    )
    op.create_index(op.f("ix_reservations_account"), "reservations", ["account"])
    op.create_table(
        "entries",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("account", sa.String(length=34), nullable=False),
        sa.Column("amount", _DIGITS, nullable=False),
        sa.Column("uetr", sa.String(length=36)),
        sa.Column("source", sa.String(length=140), nullable=False),
        sa.Column("transaction_hash", sa.String(length=66)),
        sa.Column("block_number", sa.BigInteger()),
        sa.Column("log_index", sa.Integer()),
        sa.Column("text", sa.String(length=140), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["cash_accounts.number"], name=op.f("fk_entries_account")),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name=op.f("fk_entries_uetr")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("source", "account", "text", name=op.f("uq_entries_source_account_text")),
    )
    op.create_index(op.f("ix_entries_account"), "entries", ["account"])
    op.create_index(op.f("ix_entries_uetr"), "entries", ["uetr"])


def _quotes() -> None:
    op.create_table(
        "quotes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("quote_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=42), nullable=False),
        sa.Column("taker", sa.String(length=42), nullable=False),
        sa.Column("sell_amount", _DIGITS, nullable=False),
        sa.Column("sell_currency", sa.String(length=8), nullable=False),
        sa.Column("sell_minor_units", sa.Integer(), nullable=False),
        sa.Column("buy_amount", _DIGITS, nullable=False),
        sa.Column("buy_currency", sa.String(length=8), nullable=False),
        sa.Column("buy_minor_units", sa.Integer(), nullable=False),
        sa.Column("expiry_s", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=65), nullable=False),
        sa.Column("provider_bic", sa.String(length=11), nullable=False),
        sa.Column("direction", _NAME, nullable=False),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("uetr", sa.String(length=36)),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
        sa.UniqueConstraint("quote_id", name=op.f("uq_quotes_quote_id")),
    )
    op.create_index(op.f("ix_quotes_status_expiry_s"), "quotes", ["status", "expiry_s"])


def _chain() -> None:
    op.create_table(
        "lanes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("lane", sa.String(length=42), nullable=False),
        sa.Column("next_nonce", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lanes")),
        sa.UniqueConstraint("lane", name=op.f("uq_lanes_lane")),
    )
    op.create_table(
        "evm_transactions",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("transaction_hash", sa.String(length=66), nullable=False),
        sa.Column("lane", sa.String(length=42), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("uetr", sa.String(length=36)),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("broadcast_count", sa.Integer(), nullable=False),
        sa.Column("last_broadcast_s", sa.Float()),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("block_number", sa.BigInteger()),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name=op.f("fk_evm_transactions_uetr")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evm_transactions")),
        sa.UniqueConstraint("lane", "nonce", name=op.f("uq_evm_transactions_lane_nonce")),
        sa.UniqueConstraint("transaction_hash", name=op.f("uq_evm_transactions_transaction_hash")),
    )
    op.create_index(op.f("ix_evm_transactions_lane_status_nonce"), "evm_transactions", ["lane", "status", "nonce"])
    op.create_index(op.f("ix_evm_transactions_uetr"), "evm_transactions", ["uetr"])
    op.create_table(
        "watched_block",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=66), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_watched_block_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watched_block")),
    )
    op.create_table(
        "request_nonces",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("keyid", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=128), nullable=False),
        sa.Column("expires_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_nonces")),
        sa.UniqueConstraint("keyid", "nonce", name=op.f("uq_request_nonces_keyid_nonce")),
    )
    op.create_index(op.f("ix_request_nonces_expires_s"), "request_nonces", ["expires_s"])
