"""One way to note what operators do: a line in the record, and an event where others should hear of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from node.book.book import Unit

OPERATOR_ACTS: Final = ("enrolled", "activated", "disabled", "reset", "locked")
PROPOSAL_ACTS: Final = ("proposed", "approved", "refused", "withdrawn", "expired", "executed", "failed")
EVENT_KINDS: Final = (
    *(f"operator.{act}" for act in OPERATOR_ACTS),
    *(f"proposal.{act}" for act in PROPOSAL_ACTS),
)
"""The kinds of events that operators cause; logging in and out is in the record only."""


def note(unit: Unit, now_s: float, actor: str, act: str, subject: str, address: str) -> None:
    """Note `act` (such as `proposal.approved`) in this unit: it is as durable as what it tells of."""
    at = datetime.fromtimestamp(now_s, UTC)
    unit.operator_audit.write(actor, act, subject, address, at)
    if act in EVENT_KINDS:
        unit.events.operator_acted(act, subject, at)
