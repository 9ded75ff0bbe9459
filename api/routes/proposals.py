"""/v1/proposals: what one operator asks for and another decides, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.concurrency import run_in_threadpool

from api.access import OPERATOR_REFUSALS, Access
from api.operator_schemas import Approval, ProposalList, ProposalRefused, ProposalView, ProposalWish
from api.operators.carrier import Carrier
from api.operators.desk import Proposal, ProposalDesk
from api.operators.sessions import Operator
from api.problems import documented
from api.refusals import Refusal
from node.domain.proposal import Order, ProposalState

MOST_A_PAGE: Final = 200
ProposalId = Annotated[str, Path(pattern=r"^pr_[0-9a-f]{24}$", examples=["pr_5d3c1c5237a04c85a9b43b6c"])]
_POSTED: Final = (
    *OPERATOR_REFUSALS,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.BOOK_BUSY,
)
_DECIDED: Final = (
    *_POSTED,
    Refusal.PROPOSAL_NOT_FOUND,
    Refusal.OWN_PROPOSAL,
    Refusal.PROPOSAL_DECIDED_ALREADY,
)


def router(access: Access, desk: ProposalDesk, carrier: Carrier) -> APIRouter:
    """The routes over one institution's proposals; what is approved is carried out before the answer."""
    routes = APIRouter(prefix="/v1/proposals", tags=["proposals"])
    _making(routes, access, desk)
    _deciding(routes, access, desk, carrier)
    return routes


def _making(routes: APIRouter, access: Access, desk: ProposalDesk) -> None:
    @routes.post(
        "",
        operation_id="propose",
        summary="Propose a request to this API",
        status_code=201,
        responses=documented(*_POSTED, Refusal.NOT_TO_BE_PROPOSED),
    )
    def propose(wish: ProposalWish, operator: Operator = Depends(access.operator)) -> ProposalView:
        """Any change that the API knows, exactly as it shall be sent; another operator decides."""
        order = Order(wish.method, wish.path, wish.media_type, wish.body.encode())
        return _view(desk.propose(order, wish.lasts_s, operator), operator)

    @routes.get(
        "",
        operation_id="listProposals",
        summary="List proposals",
        responses=documented(*OPERATOR_REFUSALS[:2], Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
    )
    def list_proposals(
        operator: Operator = Depends(access.operator),
        state: Annotated[ProposalState | None, Query(description="PROPOSED ones wait for a checker")] = None,
        after: Annotated[str | None, Query(description="the `next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
    ) -> ProposalList:
        """Those that the operator's roles concern, the newest first."""
        found, following = desk.list(state, after, limit, operator)
        return ProposalList(proposals=[_view(one, operator) for one in found], next=following)

    @routes.get(
        "/{proposal_id}",
        operation_id="getProposal",
        summary="Get a proposal",
        responses=documented(
            *OPERATOR_REFUSALS, Refusal.PROPOSAL_NOT_FOUND, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA
        ),
    )
    def get_proposal(proposal_id: ProposalId, operator: Operator = Depends(access.operator)) -> ProposalView:
        """Every word that will be sent, and the digest that a checker approves."""
        return _view(desk.find(proposal_id, operator), operator)

    @routes.post(
        "/{proposal_id}/withdrawal",
        operation_id="withdrawProposal",
        summary="Withdraw one's own proposal",
        responses=documented(
            *OPERATOR_REFUSALS,
            Refusal.PROPOSAL_NOT_FOUND,
            Refusal.PROPOSAL_DECIDED_ALREADY,
            Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
            Refusal.BOOK_BUSY,
        ),
    )
    def withdraw(proposal_id: ProposalId, operator: Operator = Depends(access.operator)) -> ProposalView:
        """As long as nobody has decided it."""
        return _view(desk.withdraw(proposal_id, operator), operator)


def _deciding(routes: APIRouter, access: Access, desk: ProposalDesk, carrier: Carrier) -> None:
    @routes.post(
        "/{proposal_id}/approval",
        operation_id="approveProposal",
        summary="Approve what another has proposed",
        responses=documented(*_DECIDED, Refusal.PROPOSAL_DIFFERS),
    )
    async def approve(
        proposal_id: ProposalId, approval: Approval, operator: Operator = Depends(access.operator)
    ) -> ProposalView:
        """It is done at once by the route it names; APPROVED in the answer means that it is tried again."""
        digest = bytes.fromhex(approval.digest)
        approved = await run_in_threadpool(desk.approve, proposal_id, digest, operator)
        await carrier.carry(approved.record)
        return _view(await run_in_threadpool(desk.find, proposal_id, operator), operator)

    @routes.post(
        "/{proposal_id}/refusal",
        operation_id="refuseProposal",
        summary="Refuse what another has proposed",
        responses=documented(*_DECIDED),
    )
    def refuse(
        proposal_id: ProposalId, refusal: ProposalRefused, operator: Operator = Depends(access.operator)
    ) -> ProposalView:
        """With a reason for who proposed it."""
        return _view(desk.refuse(proposal_id, refusal.reason, operator), operator)


def _view(proposal: Proposal, reader: Operator) -> ProposalView:
    record, order = proposal.record, proposal.order
    concerned = reader.operator_id in (record.proposed_by, record.decided_by)
    answered = concerned and record.answer is not None
    return ProposalView(
        proposal_id=record.proposal_id,
        state=record.state,
        duty=record.duty,
        method=order.method,
        path=order.path,
        media_type=order.media_type,
        body=order.body.decode(),
        digest=record.digest.hex(),
        proposed_by=record.proposed_by,
        proposed_at=record.proposed_at,
        expires_at=datetime.fromtimestamp(record.expires_s, UTC),
        decided_by=record.decided_by,
        decided_at=record.decided_at,
        reason=proposal.decision_text or None,
        executed_at=record.executed_at,
        answer_status=record.answer_status,
        answer=proposal.answer.decode("utf-8", "replace") if answered else None,
    )
