"""GET /v1/cases, POST /v1/cases/{reference}/decision: recalls, and what becomes of those brought to us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.after_schemas import CaseDecision, CaseList, CaseView
from api.deciding import decide, is_rejection_code
from api.elements import in_wish_words
from api.institution import Institution
from api.problems import Problem, documented
from api.refusals import Refusal
from node.book.cases import CaseRecord
from node.domain.reasons import Finding, Reason
from node.domain.recall import CaseSide, CaseState

MOST_A_PAGE: Final = 200
Reference = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
_DECISION_REFUSALS: Final = (
    *BACK_OFFICE_REFUSALS,
    Refusal.CASE_NOT_FOUND,
    Refusal.CASE_DECIDED_ALREADY,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.PROVIDERS_UNREACHABLE,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
    Reason.ORIGINAL_NOT_SETTLED,
    Reason.RETURN_EXCEEDS_ORIGINAL,
    Reason.BALANCE_TOO_LOW,
)


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's cases."""
    book = institution.office.book
    routes = APIRouter(prefix="/v1/cases", tags=["cases"], dependencies=[Depends(access.back_office)])

    @routes.get(
        "",
        operation_id="listCases",
        summary="List recalls",
        responses=documented(*BACK_OFFICE_REFUSALS, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
    )
    def list_cases(
        state: Annotated[CaseState | None, Query(description="only cases in this state")] = None,
        after: Annotated[str | None, Query(description="the `next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
    ) -> CaseList:
        """Recalls on either side, the newest first; AWAITING_DECISION are ours to decide."""
        with book.view() as unit:
            found = unit.cases.list([state] if state else list(CaseState), after, limit)
        following = found[-1].reference if len(found) == limit else None
        return CaseList(cases=[case_view(case) for case in found], next=following)

    @routes.get(
        "/{reference}",
        operation_id="getCase",
        summary="Get a recall",
        responses=documented(
            *BACK_OFFICE_REFUSALS, Refusal.CASE_NOT_FOUND, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA
        ),
    )
    def get_case(reference: Reference) -> CaseView:
        """Where the case stands; its messages are among its payment's."""
        return case_view(_existing(institution, reference))

    @routes.post(
        "/{reference}/decision",
        operation_id="decideCase",
        summary="Decide a recall that was brought to us",
        response_model=CaseView,
        responses=documented(*_DECISION_REFUSALS),
    )
    def decide_case(request: Request, reference: Reference, decision: CaseDecision) -> Response:
        """Give the payment back, or refuse with a reason; the other institution gets the camt.029."""
        case = _existing(institution, reference)
        request.state.about = {"uetr": case.uetr}
        decided = _decide(institution, case, decision)
        institution.worker.wake()
        return Response(case_view(decided).model_dump_json(), 200, media_type="application/json")

    return routes


def _decide(institution: Institution, case: CaseRecord, decision: CaseDecision) -> CaseRecord:
    if decision.decision == "refuse":
        _require_known(decision.code)
    return decide(institution, case, decision, in_wish_words)


def _require_known(code: str) -> None:
    if is_rejection_code(code):
        return
    text = f"{code} is no code of ExternalPaymentCancellationRejection1Code."
    finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, "body.code", code, "recall.rejection-code")
    raise Problem(Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, text, (finding,))


def _existing(institution: Institution, reference: str) -> CaseRecord:
    with institution.office.book.view() as unit:
        case = unit.cases.find(reference)
    if case is None:
        raise Problem(Refusal.CASE_NOT_FOUND, f"This institution knows no case {reference}.")
    return case


def case_view(case: CaseRecord) -> CaseView:
    """A case as its institution sees it."""
    return CaseView(
        reference=case.reference,
        case_id=case.case_id,
        side="asking" if case.side is CaseSide.ASKING else "asked",
        state=case.state.value,
        counterparty=case.counterparty,
        uetr=case.uetr,
        reason=case.reason_code,
        reason_text=case.reason_text,
        answer_code=case.answer_code,
        answer_text=case.answer_text,
        return_uetr=case.return_uetr,
        opened_at=case.opened_at,
        deadline=datetime.fromtimestamp(case.deadline_s, UTC),
    )
