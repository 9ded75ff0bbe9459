"""/v1/operators: the institution's people, enrolled and reset by two security officers, and the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api.access import OPERATOR_REFUSALS, Access
from api.idempotency import keeping
from api.operator_schemas import (
    AuditList,
    AuditView,
    Invitation,
    OperatorList,
    OperatorView,
    OperatorWish,
)
from api.operators.approved import approved_in
from api.operators.desk import require_role
from api.operators.door import address_of
from api.operators.sessions import Operator
from api.operators.staff import NoOperator, NotPossible, Staff
from api.problems import Problem, documented
from api.refusals import Refusal
from api.routes.operator_sessions import NEVER_STORED
from node.book.book import Unit
from node.book.operator_audit import MACHINE, AuditLine
from node.book.operators import OperatorRecord
from node.domain.operator import Role

MOST_LINES: Final = 500
OperatorId = Annotated[str, Path(pattern=r"^op_[0-9a-f]{24}$", examples=["op_5d3c1c5237a04c85a9b43b6c"])]
_ONE: Final = (
    *OPERATOR_REFUSALS,
    Refusal.OPERATOR_NOT_FOUND,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BOOK_BUSY,
)


def router(access: Access) -> APIRouter:
    """The routes over one institution's operators."""
    routes = APIRouter(prefix="/v1/operators", tags=["operators"])
    _reading(routes, access)
    _alone(routes, access)
    _together(routes, access)
    return routes


def _reading(routes: APIRouter, access: Access) -> None:
    @routes.get(
        "", operation_id="listOperators", summary="List operators", responses=documented(*OPERATOR_REFUSALS)
    )
    def list_operators(operator: Operator = Depends(access.operator)) -> OperatorList:
        """Everybody, whatever their status: for security officers and auditors."""
        _require_one_of(operator, Role.SECURITY_OFFICER, Role.AUDITOR)
        with access.staff.book.view() as view:
            return OperatorList(operators=[operator_view(one) for one in view.operators.list()])

    @routes.get(
        "/me",
        operation_id="getMyself",
        summary="Get who is logged in",
        responses=documented(*OPERATOR_REFUSALS[:2]),
    )
    def get_myself(operator: Operator = Depends(access.operator)) -> OperatorView:
        """The operator whose session asks."""
        return operator_view(operator.record)

    @routes.get(
        "/audit",
        operation_id="readOperatorAudit",
        summary="Read the record of what operators did",
        responses=documented(*OPERATOR_REFUSALS, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
    )
    def read_audit(
        operator: Operator = Depends(access.operator),
        after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_LINES)] = 100,
    ) -> AuditList:
        """The lines after a position, in order: for auditors and security officers. All of it is checked anew."""
        _require_one_of(operator, Role.AUDITOR, Role.SECURITY_OFFICER)
        with access.staff.book.view() as view:
            lines = view.operator_audit.read(after, limit)
            broken_at = view.operator_audit.broken_at()
        return AuditList(lines=[_line_view(one) for one in lines], next=_after(lines, after), broken_at=broken_at)


def _alone(routes: APIRouter, access: Access) -> None:
    """What one security officer does: hand an invitation over, and stop somebody."""

    @routes.post(
        "/{operator_id}/invitation",
        operation_id="inviteOperator",
        summary="Give an operator an invitation",
        status_code=201,
        response_model=Invitation,
        responses=documented(*_ONE, Refusal.OPERATOR_NOT_IN_STATE),
    )
    def invite(operator_id: OperatorId, operator: Operator = Depends(access.operator)) -> Response:
        """A code for who was enrolled or reset by two officers; a new one ends the one before."""
        require_role(operator, Role.SECURITY_OFFICER)
        try:
            code = access.staff.invite(operator_id, operator.operator_id, operator.address)
        except (NoOperator, NotPossible) as fault:
            raise _problem(fault) from None
        told = Invitation(operator_id=operator_id, invitation=code)
        return Response(told.model_dump_json(), 201, NEVER_STORED, "application/json")

    @routes.post(
        "/{operator_id}/disable",
        operation_id="disableOperator",
        summary="Let an operator in no more",
        responses=documented(*_ONE),
    )
    def disable(operator_id: OperatorId, operator: Operator = Depends(access.operator)) -> OperatorView:
        """At once, with all sessions; only a reset by two officers brings the operator back."""
        require_role(operator, Role.SECURITY_OFFICER)
        try:
            with access.staff.book.unit() as unit:
                stopped = access.staff.disable(unit, operator_id, operator.operator_id, operator.address)
        except NoOperator as fault:
            raise _problem(fault) from None
        return operator_view(stopped)


def _together(routes: APIRouter, access: Access) -> None:
    """What takes two security officers: who is an operator, and whose proofs are made anew."""
    staff, guard = access.staff, [Depends(access.agreed_by_officers)]

    @routes.post(
        "",
        operation_id="enrolOperator",
        summary="Enrol an operator",
        status_code=201,
        response_model=OperatorView,
        dependencies=guard,
        responses=documented(
            Refusal.APPROVAL_NEEDED, Refusal.OPERATOR_NOT_IN_STATE, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA
        ),
    )
    def enrol(request: Request, wish: OperatorWish) -> Response:
        """Only as an approved proposal. The new operator is invited next."""

        def enrolled(unit: Unit) -> OperatorRecord:
            return staff.enrol(unit, wish.name, frozenset(wish.roles), _by(request), address_of(request))

        return _changed(request, staff, enrolled, 201)

    @routes.post(
        "/{operator_id}/reset",
        operation_id="resetOperator",
        summary="Take an operator's proofs away",
        response_model=OperatorView,
        dependencies=guard,
        responses=documented(
            Refusal.APPROVAL_NEEDED, Refusal.OPERATOR_NOT_FOUND, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA
        ),
    )
    def reset(request: Request, operator_id: OperatorId) -> Response:
        """Only as an approved proposal. Password, one-time secret, recovery codes and sessions end."""
        return _changed(
            request, staff, lambda unit: staff.reset(unit, operator_id, _by(request), address_of(request)), 200
        )


def _changed(request: Request, staff: Staff, change: Callable[[Unit], OperatorRecord], status: int) -> Response:
    """Change and keep the answer in one unit, so that a change is made once; raises Problem."""
    try:
        with staff.book.unit() as unit:
            told = operator_view(change(unit))
            answer = Response(told.model_dump_json(), status, media_type="application/json")
            keeping(request)(unit, answer)
    except (NoOperator, NotPossible) as fault:
        raise _problem(fault) from None
    return answer


def _by(request: Request) -> str:
    approved = approved_in(request)
    return approved.decided_by if approved else MACHINE


def _problem(fault: NoOperator | NotPossible) -> Problem:
    if isinstance(fault, NoOperator):
        return Problem(Refusal.OPERATOR_NOT_FOUND, f"There is no operator {fault}.")
    return Problem(Refusal.OPERATOR_NOT_IN_STATE, f"This cannot be done: {fault}.")


def _require_one_of(operator: Operator, *roles: Role) -> None:
    if operator.record.roles.isdisjoint(roles):
        names = " or ".join(role.value for role in roles)
        raise Problem(Refusal.ROLE_MISSING, f"This needs an operator with the role {names}.")


def operator_view(record: OperatorRecord) -> OperatorView:
    """An operator as others see them."""
    return OperatorView(
        operator_id=record.operator_id,
        name=record.name,
        roles=sorted(record.roles, key=lambda role: role.value),
        status=record.status,
        created_at=record.created_at,
    )


def _after(lines: list[AuditLine], after: int) -> int:
    return lines[-1].position if lines else after


def _line_view(line: AuditLine) -> AuditView:
    return AuditView(
        position=line.position,
        at=line.at,
        actor=line.actor,
        act=line.act,
        subject=line.subject,
        address=line.address,
        digest=line.digest.hex(),
    )
