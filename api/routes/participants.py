"""GET /v1/participants: who takes part, as the registry on chain says."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from api.access import BACK_OFFICE_REFUSALS, Access
from api.institution import Institution
from api.problems import documented
from api.refusals import Refusal
from api.schemas import ParticipantList
from api.views import participant_view


def router(institution: Institution, access: Access) -> APIRouter:
    """The route over one institution's view of the registry."""
    routes = APIRouter(prefix="/v1", tags=["network"], dependencies=[Depends(access.back_office)])

    @routes.get(
        "/participants",
        operation_id="listParticipants",
        summary="List the network's participants",
        responses=documented(*BACK_OFFICE_REFUSALS, Refusal.CHAIN_UNREACHABLE),
    )
    def list_participants() -> ParticipantList:
        """All institutions in the order in which they were registered, suspended and terminated ones too."""
        found = institution.office.directory.participants()
        return ParticipantList(participants=[participant_view(one) for one in found])

    return routes
