"""A return names the payment it gives back, in a column of its own, so that a payment's returns are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No payment kept so far is a return."""
    with op.batch_alter_table("payments") as table:
        table.add_column(sa.Column("return_of", sa.String(36)))
        table.create_index("ix_payments_return_of", ["return_of"])


def downgrade() -> None:
    """A return stays in the book as a payment, its JSON still says what it gives back."""
    with op.batch_alter_table("payments") as table:
        table.drop_index("ix_payments_return_of")
        table.drop_column("return_of")
