"""An index for what is looked for at every pass: transactions that reverted, or wait for a block."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Without it, every look at the chain reads all transactions there ever were."""
    op.create_index("ix_evm_transactions_status_block_number", "evm_transactions", ["status", "block_number"])


def downgrade() -> None:
    """The queries are slower again."""
    op.drop_index("ix_evm_transactions_status_block_number", table_name="evm_transactions")
