"""The digest of what an operator proposes is kept under the book's own key, so it tells no guess.

Whoever is about to approve a proposal looks at it again: it is shown with another digest from now on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from node.book.vault import PROPOSAL, open_vault

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_FIXED = "proposals_unchanged"
_KEPT = "proposal_id, duty, method, media_type, digest, proposed_by, proposed_at, expires_s"


def upgrade() -> None:
    """Mark the digests there are, which were plain SHA-256; the database lets nobody do so afterwards."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM proposals LIMIT 1")).first() is None:
        return
    master = context.config.attributes.get("master")
    if master is None:
        raise ValueError("this book holds proposals; marking their digests needs the master key")
    vault = open_vault(connection, master)
    some = sa.text("SELECT id, digest FROM proposals WHERE id > :after ORDER BY id LIMIT :most")
    marks = sa.text("UPDATE proposals SET digest = :mark WHERE id = :id")
    on_postgresql = connection.dialect.name == "postgresql"
    op.execute(f"DROP TRIGGER {_FIXED}{' ON proposals' if on_postgresql else ''}")
    after = 0
    while rows := connection.execute(some, {"after": after, "most": _AT_ONCE}).all():
        marked = [{"mark": vault.marked(bytes(row.digest), PROPOSAL), "id": row.id} for row in rows]
        connection.execute(marks, marked)
        after = rows[-1].id
    refuse = "BEGIN SELECT RAISE(ABORT, 'what proposals holds is not changed'); END"
    action = "EXECUTE FUNCTION refuse_change()" if on_postgresql else refuse
    op.execute(f"CREATE TRIGGER {_FIXED} BEFORE UPDATE OF {_KEPT} ON proposals FOR EACH ROW {action}")


def downgrade() -> None:
    """Only without proposals: nobody makes a plain digest of a marked one."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM proposals")):
        raise RuntimeError("proposals holds marked digests, which are not turned back into plain ones")
