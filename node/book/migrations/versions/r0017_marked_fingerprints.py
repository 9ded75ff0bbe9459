"""The digest of a request with an idempotency key is kept under the book's own key, so it tells no guess."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from node.book.vault import open_vault

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT_ONCE = 500


def upgrade() -> None:
    """Mark the digests there are; they were plain SHA-256."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM idempotency_keys LIMIT 1")).first() is None:
        return
    master = context.config.attributes.get("master")
    if master is None:
        raise ValueError("this book holds idempotency keys; marking them needs the master key")
    vault = open_vault(connection, master)
    some = sa.text("SELECT id, fingerprint FROM idempotency_keys WHERE id > :after ORDER BY id LIMIT :most")
    marks = sa.text("UPDATE idempotency_keys SET fingerprint = :mark WHERE id = :id")
    after = 0
    while rows := connection.execute(some, {"after": after, "most": _AT_ONCE}).all():
        connection.execute(marks, [{"mark": vault.marked(bytes(row.fingerprint)), "id": row.id} for row in rows])
        after = rows[-1].id


def downgrade() -> None:
    """Only without idempotency keys: nobody makes a plain digest of a marked one."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM idempotency_keys")):
        raise RuntimeError("idempotency_keys holds marked digests, which are not turned back into plain ones")
