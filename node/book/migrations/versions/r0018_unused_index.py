"""An index that served no query is gone: each entry wrote to a place in it that nothing else kept in memory."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """UETRs are random, so in a long history the page that a new one belongs to is one of thousands."""
    op.drop_index("ix_entries_uetr", table_name="entries")


def downgrade() -> None:
    """The index is back, and serves nothing."""
    op.create_index("ix_entries_uetr", "entries", ["uetr"])
