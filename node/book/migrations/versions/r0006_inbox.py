"""Whole messages with their lines, remarks on payments, and what payments wait for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(32)
_UETR = sa.String(36)
_INSTANT = sa.DateTime(timezone=True)
_TAKEN = sa.text("verdict = 'taken'")


def upgrade() -> None:
    """Create the tables; what came before stays with its payments."""
    _inbox()
    _lines()
    op.create_table(
        "payment_remarks",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("uetr", _UETR, nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name="fk_payment_remarks_uetr"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_remarks"),
        sa.UniqueConstraint("uetr", name="uq_payment_remarks_uetr"),
    )
    op.create_table(
        "payment_waits",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("uetr", _UETR, nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("until_s", sa.BigInteger(), nullable=False),
        sa.Column("requested_date", sa.Date()),
        sa.Column("settlement_date", sa.Date()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name="fk_payment_waits_uetr"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_waits"),
        sa.UniqueConstraint("uetr", name="uq_payment_waits_uetr"),
    )


def downgrade() -> None:
    """Drop the tables, those that refer to others first."""
    for table in ("payment_waits", "payment_remarks", "inbox_lines", "inbox"):
        op.drop_table(table)


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("counterparty", sa.String(35), nullable=False),
        sa.Column("name", sa.String(35), nullable=False),
        sa.Column("message_id", sa.String(70)),
        sa.Column("verdict", _NAME, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("final_answer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("key", name="uq_inbox_key"),
    )
    op.create_index(
        "uq_inbox_taken",
        "inbox",
        ["counterparty", "message_id"],
        unique=True,
        sqlite_where=_TAKEN,
        postgresql_where=_TAKEN,
    )


def _lines() -> None:
    op.create_table(
        "inbox_lines",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("block", sa.String(35), nullable=False),
        sa.Column("instruction_id", sa.String(35)),
        sa.Column("end_to_end_id", sa.String(35), nullable=False),
        sa.Column("transaction_id", sa.String(35)),
        sa.Column("stated_uetr", _UETR, nullable=False),
        sa.Column("uetr", _UETR),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["inbox.key"], name="fk_inbox_lines_key"),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name="fk_inbox_lines_uetr"),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_lines"),
        sa.UniqueConstraint("uetr", name="uq_inbox_lines_uetr"),
    )
    op.create_index("ix_inbox_lines_key", "inbox_lines", ["key"])
