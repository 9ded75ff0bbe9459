"""Several attempts at one nonce, and what a lane says of itself: where it began, why it stopped, its trouble."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ONE = "uq_evm_transactions_lane_nonce"
_SEVERAL = "uq_evm_transactions_lane_nonce_attempt"


def upgrade() -> None:
    """Every transaction kept so far is its nonce's first attempt; a lane began with the first it has kept."""
    with op.batch_alter_table("evm_transactions") as table:
        table.add_column(sa.Column("attempt", sa.Integer(), nullable=False, server_default="0"))
        table.drop_constraint(_ONE, type_="unique")
        table.create_unique_constraint(_SEVERAL, ["lane", "nonce", "attempt"])
    with op.batch_alter_table("lanes") as table:
        table.add_column(sa.Column("first_nonce", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("stopped", sa.Text()))
        table.add_column(sa.Column("trouble", sa.Text()))
    op.execute(
        "UPDATE lanes SET first_nonce = coalesce("
        "(SELECT min(nonce) FROM evm_transactions WHERE evm_transactions.lane = lanes.lane), next_nonce)"
    )


def downgrade() -> None:
    """Keep each nonce's last attempt only."""
    op.execute(
        "DELETE FROM evm_transactions WHERE EXISTS (SELECT 1 FROM evm_transactions AS later"
        " WHERE later.lane = evm_transactions.lane AND later.nonce = evm_transactions.nonce"
        " AND later.attempt > evm_transactions.attempt)"
    )
    with op.batch_alter_table("lanes") as table:
        for column in ("trouble", "stopped", "first_nonce"):
            table.drop_column(column)
    with op.batch_alter_table("evm_transactions") as table:
        table.drop_constraint(_SEVERAL, type_="unique")
        table.drop_column("attempt")
        table.create_unique_constraint(_ONE, ["lane", "nonce"])
