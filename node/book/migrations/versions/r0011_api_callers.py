"""Partners and sandbox keys that may use the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, empty: the institution's own credential is in its description."""
    op.create_table(
        "api_callers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32)),
        sa.Column("public_key", sa.Text()),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("expires_s", sa.Float()),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_api_callers"),
        sa.UniqueConstraint("name", name="uq_api_callers_name"),
        sa.CheckConstraint("(digest IS NULL) <> (public_key IS NULL)", name="ck_api_callers_one_proof"),
    )


def downgrade() -> None:
    """Forget all callers."""
    op.drop_table("api_callers")
