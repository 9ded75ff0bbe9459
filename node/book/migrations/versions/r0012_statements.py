"""Statements of closed days, and how far entries have been notified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was booked before is in no notification; its first statement opens with it."""
    op.create_table(
        "statements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("sequence_number", sa.Integer(), nullable=False),
        sa.Column("last_entry", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.String(79), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["cash_accounts.number"], name="fk_statements_account"),
        sa.PrimaryKeyConstraint("id", name="pk_statements"),
        sa.UniqueConstraint("account", "day", "page", name="uq_statements_account_day_page"),
    )
    op.create_table(
        "notified_entry",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_notified_entry_single_row"),
        sa.PrimaryKeyConstraint("id", name="pk_notified_entry"),
    )
    op.execute("INSERT INTO notified_entry (id, entry) SELECT 1, coalesce(max(id), 0) FROM entries")


def downgrade() -> None:
    """The messages themselves stay."""
    op.drop_table("notified_entry")
    op.drop_table("statements")
