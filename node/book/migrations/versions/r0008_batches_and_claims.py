"""Payments that may go in batches have a sequence, those of one transaction are found, and workers claim them."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No payment kept so far goes in a batch, and nobody works on any."""
    with op.batch_alter_table("payments") as table:
        table.add_column(sa.Column("sequence", sa.BigInteger()))
        table.add_column(sa.Column("instruction_expiry_s", sa.BigInteger()))
        table.add_column(sa.Column("claimed_by", sa.String(36)))
        table.add_column(sa.Column("claimed_until_s", sa.Float(), nullable=False, server_default="0"))
        table.create_index("ix_payments_transaction_hash", ["transaction_hash"])
    _tell_expiries()
    op.create_table(
        "duties",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("until_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duties")),
        sa.UniqueConstraint("name", name=op.f("uq_duties_name")),
    )


def _tell_expiries() -> None:
    """Those of payments under way are needed; what has ended is never asked for its expiry."""
    connection = op.get_bind()
    under_way = "SELECT id, instruction FROM payments WHERE instruction IS NOT NULL AND state IN {}"
    found = connection.exec_driver_sql(under_way.format("('VALIDATED', 'ACCEPTED', 'SUBMITTED', 'INCLUDED')"))
    tell = sa.text("UPDATE payments SET instruction_expiry_s = :expiry WHERE id = :id")
    for row in found.all():
        connection.execute(tell, {"expiry": int(json.loads(row.instruction)["expiry"]), "id": row.id})


def downgrade() -> None:
    """Claims are forgotten; what is in a batch keeps its sequence in its instruction."""
    op.drop_table("duties")
    with op.batch_alter_table("payments") as table:
        table.drop_index("ix_payments_transaction_hash")
        for column in ("claimed_until_s", "claimed_by", "instruction_expiry_s", "sequence"):
            table.drop_column(column)
