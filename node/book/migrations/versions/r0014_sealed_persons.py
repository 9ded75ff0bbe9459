"""What the book says of persons is sealed, each person's with a key of its own; so is what it said before."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from node.book.migrations.sealing_old_rows import seal_old_rows

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OF_ACCOUNTS = ("statements", "reservations", "entries", "aliases")
_SEALED = ("payments", "messages", "inbox", "subjects", "aliases", "webhook_endpoints", "idempotency_keys")


def upgrade() -> None:
    """Make the tables of keys, seal every row, and take away the columns that held names in clear."""
    _key_tables()
    _columns()
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        _alter_references("DEFERRABLE INITIALLY DEFERRED")
    else:
        op.execute("PRAGMA defer_foreign_keys = ON")
    seal_old_rows(op.get_bind(), context.config.attributes.get("master"))
    if on_postgresql:
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _alter_references("NOT DEFERRABLE")
    op.execute("ALTER TABLE cash_accounts DROP COLUMN holder")
    op.execute("ALTER TABLE inbox_lines DROP COLUMN end_to_end_id")
    op.execute("ALTER TABLE inbox_lines RENAME COLUMN findings TO sealed")
    _keep_erasures()


def downgrade() -> None:
    """Only while nothing is sealed: the columns as they were hold names in clear, and nobody should want that."""
    for table in _SEALED:
        if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table}")):  # noqa: S608  (names of our own)
            raise RuntimeError(f"{table} holds what is sealed; a sealed book is not turned back into an open one")
    op.execute("ALTER TABLE inbox_lines RENAME COLUMN sealed TO findings")
    op.add_column("inbox_lines", sa.Column("end_to_end_id", sa.String(35), nullable=False, server_default=""))
    op.add_column("cash_accounts", sa.Column("holder", sa.String(140)))
    op.drop_index("ix_payments_subject", "payments")
    op.drop_index("ix_cash_accounts_subject", "cash_accounts")
    op.drop_index("ix_cash_accounts_number_index", "cash_accounts")
    for table, columns in _new_columns().items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.name}")
    op.drop_table("erasures")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION keep_erasures()")
    op.drop_table("subjects")
    op.drop_table("book_keys")


def _new_columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "payments": (
            sa.Column("sealed", sa.LargeBinary()),
            sa.Column("file_key", sa.LargeBinary()),
            sa.Column("subject", sa.String(16)),
            sa.Column("other_subject", sa.String(16)),
        ),
        "messages": (sa.Column("subject", sa.String(16)),),
        "inbox": (sa.Column("file_key", sa.LargeBinary()),),
        "cash_accounts": (
            sa.Column("subject", sa.String(16)),
            sa.Column("number_index", sa.LargeBinary(32)),
            sa.Column("sealed", sa.LargeBinary()),
        ),
        "aliases": (sa.Column("sealed", sa.LargeBinary(), nullable=False, server_default=sa.text("''")),),
    }


def _columns() -> None:
    for table, columns in _new_columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_payments_subject", "payments", ["subject"])
    op.create_index("ix_cash_accounts_subject", "cash_accounts", ["subject"], unique=True)
    op.create_index("ix_cash_accounts_number_index", "cash_accounts", ["number_index"], unique=True)


def _key_tables() -> None:
    op.create_table(
        "book_keys",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("master", sa.String(16), nullable=False),
        sa.Column("house_key", sa.LargeBinary(), nullable=False),
        sa.Column("index_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_book_keys_single_row"),
        sa.PrimaryKeyConstraint("id", name="pk_book_keys"),
    )
    op.create_table(
        "subjects",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("key", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("subject", name="uq_subjects_subject"),
    )
    op.create_table(
        "erasures",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("subject", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordered_by", sa.String(140), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
        sa.UniqueConstraint("subject", name="uq_erasures_subject"),
    )


def _alter_references(how: str) -> None:
    for table in _OF_ACCOUNTS:
        op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT fk_{table}_account {how}")


def _keep_erasures() -> None:
    """Let the database itself refuse to change or forget an erasure."""
    text = "an erasure that is recorded stays as it is"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION keep_erasures() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{text}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER keep_erasures BEFORE UPDATE OR DELETE ON erasures "
            "FOR EACH ROW EXECUTE FUNCTION keep_erasures()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER keep_erasures_{what.lower()} BEFORE {what} ON erasures "
            f"BEGIN SELECT RAISE(ABORT, '{text}'); END"
        )
