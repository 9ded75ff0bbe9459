"""The tables of keys: the book's own, one for each customer's account, and what was erased, when and by whom.

Every key in them is wrapped with the institution's master key, which is never in the database.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, String, Table

from node.book.column_types import Instant
from node.book.tables import metadata, row_id

SUBJECT = String(16)

book_keys = Table(
    "book_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("master", String(16), nullable=False),
    Column("house_key", LargeBinary, nullable=False),
    Column("index_key", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
)

subjects = Table(
    "subjects",
    metadata,
    row_id(),
    Column("subject", SUBJECT, nullable=False, unique=True),
    Column("key", LargeBinary),  # None once it is erased
)

erasures = Table(
    "erasures",
    metadata,
    row_id(),
    Column("subject", String(36), nullable=False, unique=True),  # a customer's, or the UETR of a payment
    Column("at", Instant, nullable=False),
    Column("ordered_by", String(140), nullable=False),
)
