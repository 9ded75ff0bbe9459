"""GET /healthz and /readyz: whether the process answers, and whether it can take payments forward."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Response

from api.institution import Institution
from api.schemas import Check, Health, Readiness
from api.version import version
from node.ledger.errors import LedgerUnreachable
from node.settlement.lane import lane_statuses
from node.settlement.office import Office

MOST_BLOCKS_BEHIND: Final = 20
MOST_S_SINCE_A_PASS: Final = 30.0
_NOT_READY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Readiness, "description": "Not ready; `checks` says what is missing."}
}


def router(institution: Institution) -> APIRouter:
    """The routes over one institution; they need no credential and say nothing of payments."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", operation_id="getHealth", summary="Is the process alive?")
    def get_health() -> Health:
        """Answers while the process does."""
        return Health(status="ok", bic=institution.office.bic, version=version())

    @routes.get("/readyz", operation_id="getReadiness", summary="Can it settle?", responses=_NOT_READY)
    def get_readiness(response: Response) -> Readiness:
        """Ready when chain answers, worker lives, a lane carries transactions and the book is not far behind."""
        office = institution.office
        checks = [*_chain_checks(office), _worker_check(institution), _lane_check(office)]
        ready = all(check.ok for check in checks)
        response.status_code = 200 if ready else 503
        return Readiness(status="ready" if ready else "not_ready", checks=checks)

    return routes


def _chain_checks(office: Office) -> list[Check]:
    try:
        final = office.client.final()
    except LedgerUnreachable as trouble:
        return [Check(name="chain", ok=False, text=f"The chain does not answer: {type(trouble).__name__}.")]
    with office.book.view() as unit:
        watched = unit.cursor.watched()
    behind = final.number - (watched[0] if watched else -1)
    return [
        Check(name="chain", ok=True, text=f"The newest final block is {final.number}."),
        Check(name="cursor", ok=behind <= MOST_BLOCKS_BEHIND, text=f"The book is {max(behind, 0)} blocks behind."),
    ]


def _worker_check(institution: Institution) -> Check:
    status = institution.worker.status()
    if not status.alive:
        return Check(name="worker", ok=False, text="The worker does not run.")
    if status.last_pass_s is None:
        return Check(name="worker", ok=False, text="The worker has not finished a pass yet.")
    ago_s = institution.office.clock.now_s() - status.last_pass_s
    trouble = " Its last pass met trouble; the log says what." if status.last_error else ""
    text = f"The last good pass ended {max(ago_s, 0):.1f} seconds ago.{trouble}"
    return Check(name="worker", ok=ago_s <= MOST_S_SINCE_A_PASS, text=text)


def _lane_check(office: Office) -> Check:
    """A lane that is stopped says why and what to do; one at its fee cap only that the log does."""
    lanes = lane_statuses(office)
    texts = [
        lane.stopped or f"Lane {lane.lane} meets trouble; the log says what." for lane in lanes if not lane.healthy
    ]
    ok = any(lane.healthy for lane in lanes)
    return Check(
        name="lanes", ok=ok, text=" ".join(texts) or f"{sum(lane.waiting for lane in lanes)} wait for a block."
    )
