"""The tables of operators: who they are, their sessions, what they propose, and the record of what they did.

The database itself refuses that a proposal is decided by its proposer, that its content becomes another, and that
a line of the record is changed or removed.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from node.book.column_types import Instant, Named
from node.book.tables import metadata, row_id
from node.domain.operator import OperatorStatus
from node.domain.proposal import Duty, ProposalState

_NAME = String(40)

operators = Table(
    "operators",
    metadata,
    row_id(),
    Column("operator_id", _NAME, nullable=False, unique=True),
    Column("name", _NAME, nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("status", Named(OperatorStatus), nullable=False),
    Column("password", Text),
    Column("one_time_secret", LargeBinary),
    Column("last_step", BigInteger, nullable=False),
    Column("invitation", LargeBinary(32)),
    Column("invited_until_s", Float),
    Column("failures", Integer, nullable=False),
    Column("locked_until_s", Float, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("status <> 'active' OR password IS NOT NULL", name="active_has_password"),
    CheckConstraint("status <> 'active' OR one_time_secret IS NOT NULL", name="active_has_secret"),
)

recovery_codes = Table(
    "operator_recovery_codes",
    metadata,
    row_id(),
    Column("operator_id", _NAME, ForeignKey("operators.operator_id"), nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("used_at", Instant),
)

sessions = Table(
    "operator_sessions",
    metadata,
    row_id(),
    Column("session_id", _NAME, nullable=False, unique=True),
    Column("operator_id", _NAME, ForeignKey("operators.operator_id"), nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("address", String(64), nullable=False),
    Column("began_s", Float, nullable=False),
    Column("seen_s", Float, nullable=False),
    Column("ends_s", Float, nullable=False),
    Column("ended", Boolean, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    row_id(),
    Column("proposal_id", _NAME, nullable=False, unique=True),
    Column("state", Named(ProposalState), nullable=False, index=True),
    Column("duty", Named(Duty), nullable=False),
    Column("method", String(8), nullable=False),
    Column("path", Text, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("proposed_by", _NAME, ForeignKey("operators.operator_id"), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("expires_s", Float, nullable=False),
    Column("decided_by", _NAME, ForeignKey("operators.operator_id")),
    Column("decided_at", Instant),
    Column("decision_text", LargeBinary),
    Column("executed_at", Instant),
    Column("answer_status", Integer),
    Column("answer", LargeBinary),
    CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_persons"),
    CheckConstraint(
        "state IN ('PROPOSED', 'WITHDRAWN', 'EXPIRED') OR decided_by IS NOT NULL", name="decided_by_somebody"
    ),
)

audit = Table(
    "operator_audit",
    metadata,
    row_id(),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("actor", _NAME, nullable=False),
    Column("act", String(40), nullable=False),
    Column("subject", _NAME, nullable=False),
    Column("address", String(64), nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
)
