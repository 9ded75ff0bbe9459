"""Takes persons out of what operators proposed: who, when and what came of it stays, every word of theirs goes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, select, update

from node.book.operator_tables import proposals
from node.book.proposals import content_place, path_place
from node.book.redacting import Traces
from node.book.vault import Vault
from node.domain.proposal import ProposalState

_UNDECIDED: Final = (ProposalState.PROPOSED, ProposalState.APPROVED)


def undecided_about(connection: Connection, vault: Vault, traces: Traces) -> str | None:
    """A proposal that speaks of the person and may still be carried out; None where there is none."""
    undecided = proposals.c.state.in_(_UNDECIDED)
    return next((str(row.proposal_id) for row in _about(connection, vault, traces, undecided)), None)


def forget_proposals(connection: Connection, vault: Vault, traces: Traces) -> None:
    """Empty every proposal that speaks of the person; the database lets those be emptied that are over."""
    for row in _about(connection, vault, traces, proposals.c.state.not_in(_UNDECIDED)):
        gone = {name: b"" for name in ("decision_text", "answer") if getattr(row, name) is not None}
        this = proposals.c.id == row.id
        connection.execute(update(proposals).where(this).values(path="", body=b"", **gone))


def _about(connection: Connection, vault: Vault, traces: Traces, which: Any) -> Iterator[Any]:
    for row in connection.execute(select(proposals).where(which).order_by(proposals.c.id)).all():
        if row.path and traces.are_in(*_said(vault, row)):
            yield row


def _said(vault: Vault, row: Any) -> Iterator[bytes]:
    yield vault.open(None, base64.b64decode(row.path), path_place(row.proposal_id)) or b""
    for sealed in (row.body, row.decision_text, row.answer):
        if sealed:
            yield vault.open(None, sealed, content_place(row.proposal_id)) or b""
