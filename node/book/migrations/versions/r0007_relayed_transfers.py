"""Wallet holders' transfers that the institution carries, so that each can be followed to its end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, empty: what was carried before is in the transactions alone."""
    op.create_table(
        "transfers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("transfer_id", sa.String(length=66), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("debtor", sa.String(length=42), nullable=False),
        sa.Column("creditor", sa.String(length=42), nullable=False),
        sa.Column("amount", sa.String(length=79), nullable=False),
        sa.Column("lane", sa.String(length=42), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transfers"),
        sa.UniqueConstraint("transfer_id", name="uq_transfers_transfer_id"),
    )
    op.create_index("ix_transfers_lane_nonce", "transfers", ["lane", "nonce"])


def downgrade() -> None:
    """Forget which transfers were carried; their transactions stay."""
    op.drop_table("transfers")
