"""Alembic's entry: runs the revisions on the connection that node.book.revisions hands over."""

from __future__ import annotations

from alembic import context

from node.book.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
context.run_migrations()
