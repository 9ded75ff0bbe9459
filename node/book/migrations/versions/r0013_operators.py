"""Operators, their sessions, proposals and record; events may name a subject that is no payment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_CONTENT = "proposal_id, duty, method, path, media_type, body, digest, proposed_by, proposed_at, expires_s"
_REFUSALS = (
    ("operator_audit_unchanged", "UPDATE", "operator_audit"),
    ("operator_audit_kept", "DELETE", "operator_audit"),
    ("proposals_unchanged", f"UPDATE OF {_CONTENT}", "proposals"),
    ("proposals_kept", "DELETE", "proposals"),
)


def upgrade() -> None:
    """Create the tables, empty, and what makes the database itself refuse to change the past."""
    op.add_column("events", sa.Column("subject", sa.String(40)))
    _operators()
    _proposals()
    _audit()
    _refuse_changes()


def downgrade() -> None:
    """Forget operators, and what they proposed and did."""
    for trigger, _, table in _REFUSALS:
        on = f" ON {table}" if _on_postgresql() else ""
        op.execute(f"DROP TRIGGER {trigger}{on}")
    for table in ("operator_audit", "proposals", "operator_sessions", "operator_recovery_codes", "operators"):
        op.drop_table(table)
    if _on_postgresql():
        op.execute("DROP FUNCTION refuse_change()")
    op.drop_column("events", "subject")


def _operators() -> None:
    op.create_table(
        "operators",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("operator_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("one_time_secret", sa.LargeBinary()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("invitation", sa.LargeBinary(32)),
        sa.Column("invited_until_s", sa.Float()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until_s", sa.Float(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operators"),
        sa.UniqueConstraint("operator_id", name="uq_operators_operator_id"),
        sa.UniqueConstraint("name", name="uq_operators_name"),
        sa.CheckConstraint("status <> 'active' OR password IS NOT NULL", name="ck_operators_active_has_password"),
        sa.CheckConstraint(
            "status <> 'active' OR one_time_secret IS NOT NULL", name="ck_operators_active_has_secret"
        ),
    )
    op.create_table(
        "operator_recovery_codes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("operator_id", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("used_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_operator_recovery_codes"),
        sa.UniqueConstraint("digest", name="uq_operator_recovery_codes_digest"),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.operator_id"], name="fk_operator_recovery_codes_operator_id"
        ),
    )
    op.create_index("ix_operator_recovery_codes_operator_id", "operator_recovery_codes", ["operator_id"])
    _sessions()


def _sessions() -> None:
    op.create_table(
        "operator_sessions",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("session_id", sa.String(40), nullable=False),
        sa.Column("operator_id", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("began_s", sa.Float(), nullable=False),
        sa.Column("seen_s", sa.Float(), nullable=False),
        sa.Column("ends_s", sa.Float(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator_sessions"),
        sa.UniqueConstraint("session_id", name="uq_operator_sessions_session_id"),
        sa.UniqueConstraint("digest", name="uq_operator_sessions_digest"),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.operator_id"], name="fk_operator_sessions_operator_id"
        ),
    )
    op.create_index("ix_operator_sessions_operator_id", "operator_sessions", ["operator_id"])


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("proposal_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("duty", sa.String(32), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("proposed_by", sa.String(40), nullable=False),
        sa.Column("proposed_at", _MOMENT, nullable=False),
        sa.Column("expires_s", sa.Float(), nullable=False),
        sa.Column("decided_by", sa.String(40)),
        sa.Column("decided_at", _MOMENT),
        sa.Column("decision_text", sa.LargeBinary()),
        sa.Column("executed_at", _MOMENT),
        sa.Column("answer_status", sa.Integer()),
        sa.Column("answer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.UniqueConstraint("proposal_id", name="uq_proposals_proposal_id"),
        sa.ForeignKeyConstraint(["proposed_by"], ["operators.operator_id"], name="fk_proposals_proposed_by"),
        sa.ForeignKeyConstraint(["decided_by"], ["operators.operator_id"], name="fk_proposals_decided_by"),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="ck_proposals_two_persons"),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'WITHDRAWN', 'EXPIRED') OR decided_by IS NOT NULL",
            name="ck_proposals_decided_by_somebody",
        ),
    )
    op.create_index("ix_proposals_state", "proposals", ["state"])


def _audit() -> None:
    op.create_table(
        "operator_audit",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("previous", sa.LargeBinary(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator_audit"),
        sa.UniqueConstraint("position", name="uq_operator_audit_position"),
    )


def _refuse_changes() -> None:
    if _on_postgresql():
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'what % holds is not changed', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for trigger, change, table in _REFUSALS:
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            if _on_postgresql()
            else f"CREATE TRIGGER {trigger} BEFORE {change} ON {table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, 'what {table} holds is not changed'); END"
        )


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
