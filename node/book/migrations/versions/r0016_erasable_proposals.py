"""A proposal's path is sealed as its content is, and both can be emptied once it is over, but never changed."""

from __future__ import annotations

import base64

import sqlalchemy as sa
from alembic import context, op

from node.book.sealing import at_place
from node.book.vault import open_vault

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEPT = "proposal_id, duty, method, media_type, digest, proposed_by, proposed_at, expires_s"
_FIXED, _EMPTIED = "proposals_unchanged", "proposals_only_emptied"
_OPEN = "OLD.state IN ('PROPOSED', 'APPROVED')"
_TOLD = "(NEW.path <> OLD.path AND NEW.path <> '') OR (NEW.body <> OLD.body AND length(NEW.body) > 0)"
_CHANGED = "(NEW.path <> OLD.path OR NEW.body <> OLD.body)"


def upgrade() -> None:
    """Seal the paths there are, and let the database allow what an erasure needs and no more."""
    _drop(_FIXED)
    _seal_paths()
    _refuse(_FIXED, f"UPDATE OF {_KEPT}")
    _refuse(_EMPTIED, "UPDATE OF path, body", f"({_CHANGED} AND {_OPEN}) OR {_TOLD}")


def downgrade() -> None:
    """Only without proposals: their paths would stand there sealed."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM proposals")):
        raise RuntimeError("proposals holds what is sealed; a sealed book is not turned back into an open one")
    _drop(_EMPTIED)
    _drop(_FIXED)
    _refuse(_FIXED, f"UPDATE OF {_KEPT}, path, body")


def _seal_paths() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, proposal_id, path FROM proposals")).all()
    if not rows:
        return
    master = context.config.attributes.get("master")
    if master is None:
        raise ValueError("this book holds proposals; sealing them needs the master key")
    vault = open_vault(connection, master)
    for row in rows:
        sealed = vault.seal(None, row.path.encode(), at_place("operators", "sealed", f"{row.proposal_id}.path"))
        connection.execute(
            sa.text("UPDATE proposals SET path = :path WHERE id = :id"),
            {"path": base64.b64encode(sealed).decode(), "id": row.id},
        )


def _drop(trigger: str) -> None:
    op.execute(f"DROP TRIGGER {trigger}{' ON proposals' if _on_postgresql() else ''}")


def _refuse(trigger: str, change: str, when: str | None = None) -> None:
    condition = f" WHEN ({when})" if when else ""
    op.execute(
        f"CREATE TRIGGER {trigger} BEFORE {change} ON proposals FOR EACH ROW{condition} "
        + (
            "EXECUTE FUNCTION refuse_change()"
            if _on_postgresql()
            else "BEGIN SELECT RAISE(ABORT, 'what proposals holds is not changed'); END"
        )
    )


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
