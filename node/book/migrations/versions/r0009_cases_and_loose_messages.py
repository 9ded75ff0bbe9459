"""Recalls are cases; a message need not be about one payment, and is found by its digest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table of cases, and let messages be without a payment."""
    with op.batch_alter_table("messages") as table:
        table.alter_column("uetr", existing_type=sa.String(36), nullable=True)
        table.create_index("ix_messages_digest", ["digest"])
    op.create_table(
        "cases",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("reference", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(35), nullable=False),
        sa.Column("side", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("counterparty", sa.String(35), nullable=False),
        sa.Column("uetr", sa.String(36), nullable=False),
        sa.Column("reason_code", sa.String(4)),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("request_id", sa.String(70), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_s", sa.BigInteger(), nullable=False),
        sa.Column("due_at_s", sa.Float()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("answer_code", sa.String(4)),
        sa.Column("answer_text", sa.Text(), nullable=False),
        sa.Column("return_uetr", sa.String(36)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["uetr"], ["payments.uetr"], name="fk_cases_uetr"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("reference", name="uq_cases_reference"),
        sa.UniqueConstraint("side", "counterparty", "case_id", name="uq_cases_side_counterparty_case_id"),
    )
    op.create_index("ix_cases_uetr", "cases", ["uetr"])
    op.create_index("ix_cases_due_at_s", "cases", ["due_at_s"])


def downgrade() -> None:
    """Forget the cases and what is about no payment."""
    op.drop_table("cases")
    op.execute("DELETE FROM messages WHERE uetr IS NULL")
    with op.batch_alter_table("messages") as table:
        table.drop_index("ix_messages_digest")
        table.alter_column("uetr", existing_type=sa.String(36), nullable=False)
