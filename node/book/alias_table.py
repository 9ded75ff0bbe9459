"""The table of aliases: each names one account of this institution."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from node.book.column_types import Instant, Named
from node.book.tables import metadata, row_id
from node.domain.alias import AliasKind

aliases = Table(
    "aliases",
    metadata,
    row_id(),
    Column("alias", String(254), key="alias_index", nullable=False, unique=True),  # a keyed digest in hex
    Column("sealed", LargeBinary, nullable=False),
    Column("kind", Named(AliasKind), nullable=False),
    Column("account", String(34), ForeignKey("cash_accounts.reference"), nullable=False, index=True),
    Column("since", Instant, nullable=False),
)
