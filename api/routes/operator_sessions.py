"""/v1/operators/sessions: operators log in and out; /v1/operators/activations: the invited choose a password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.access import OPERATOR_REFUSALS, Access
from api.operator_schemas import Activated, ActivationWish, Login, SessionList, SessionOpened, SessionView
from api.operators.door import COOKIE, address_of
from api.operators.passwords import WeakPassword
from api.operators.sessions import LoginRefused, Operator, is_open
from api.operators.staff import InvitationRefused
from api.problems import Problem, documented
from api.refusals import Refusal
from node.book.operator_sessions import SessionRecord
from node.domain.operator import Role
from node.domain.reasons import Finding, Reason

SessionId = Annotated[str, Path(pattern=r"^(current|se_[0-9a-f]{24})$", examples=["current"])]
NEVER_STORED: Final = {"Cache-Control": "no-store"}
_POSTED: Final = (
    Refusal.LOGIN_REFUSED,
    Refusal.MALFORMED_REQUEST,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.BOOK_BUSY,
)


def router(access: Access) -> APIRouter:
    """The routes over one institution's operators."""
    routes = APIRouter(prefix="/v1/operators", tags=["operators"])
    _coming(routes, access)
    _going(routes, access)
    return routes


def _coming(routes: APIRouter, access: Access) -> None:
    @routes.post(
        "/sessions",
        operation_id="logIn",
        summary="Log in as an operator",
        status_code=201,
        response_model=SessionOpened,
        responses=documented(*_POSTED),
    )
    async def log_in(request: Request, login: Login) -> Response:
        """Every wrong attempt gets the same answer; after five in a row, waiting helps and nothing else."""
        access.limit_stranger(request)
        try:
            token, operator = await run_in_threadpool(
                access.sessions.login, login.name, login.password, login.code, address_of(request)
            )
        except LoginRefused:
            text = "The name, the password or the code is not right, or too many were not; wait and try again."
            raise Problem(Refusal.LOGIN_REFUSED, text) from None
        opened = await run_in_threadpool(_opened, access, operator, None if login.as_cookie else token)
        answer = Response(opened.model_dump_json(), 201, NEVER_STORED, "application/json")
        if login.as_cookie:
            answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    @routes.post(
        "/activations",
        operation_id="activateOperator",
        summary="Choose a password with an invitation",
        status_code=201,
        response_model=Activated,
        responses=documented(*_POSTED),
    )
    async def activate(request: Request, wish: ActivationWish) -> Response:
        """The answer has what an authenticator application needs; with its codes the operator logs in."""
        access.limit_stranger(request)
        try:
            made = await run_in_threadpool(
                access.staff.activate, wish.name, wish.invitation, wish.password, address_of(request)
            )
        except InvitationRefused:
            text = "This is no invitation of this operator, or no longer; a security officer gives a new one."
            raise Problem(Refusal.LOGIN_REFUSED, text) from None
        except WeakPassword as weak:
            finding = Finding(
                Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, str(weak), "body.password", rule="operator.password"
            )
            raise Problem(
                Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, f"Choose another: {weak}.", (finding,)
            ) from None
        told = Activated(
            operator_id=made.operator.operator_id, otpauth=made.otpauth, recovery_codes=list(made.recovery)
        )
        return Response(told.model_dump_json(), 201, NEVER_STORED, "application/json")


def _going(routes: APIRouter, access: Access) -> None:
    @routes.get(
        "/sessions",
        operation_id="listSessions",
        summary="List open sessions",
        responses=documented(*OPERATOR_REFUSALS[:2]),
    )
    def list_sessions(operator: Operator = Depends(access.operator)) -> SessionList:
        """One's own; a security officer sees everybody's."""
        whose = None if Role.SECURITY_OFFICER in operator.record.roles else operator.operator_id
        with access.staff.book.view() as view:
            found = view.operator_sessions.open(whose)
        return SessionList(sessions=[_view(one) for one in found if is_open(one, access.staff.now_s())])

    @routes.delete(
        "/sessions/{session_id}",
        operation_id="endSession",
        summary="Log out, or end another session",
        status_code=204,
        response_class=Response,
        responses=documented(
            *OPERATOR_REFUSALS[:2],
            Refusal.SESSION_NOT_FOUND,
            Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
            Refusal.BOOK_BUSY,
        ),
    )
    def end_session(session_id: SessionId, operator: Operator = Depends(access.operator)) -> Response:
        """`current` is the one that asks; one may end one's own, and a security officer everybody's."""
        wanted = operator.session.session_id if session_id == "current" else session_id
        with access.staff.book.view() as view:
            found = view.operator_sessions.find(wanted)
        own = found is not None and found.operator_id == operator.operator_id
        may = own or Role.SECURITY_OFFICER in operator.record.roles
        if not may or not access.sessions.end(wanted, operator):
            raise Problem(Refusal.SESSION_NOT_FOUND, f"There is no open session {wanted} of yours.")
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer


def _opened(access: Access, operator: Operator, token: str | None) -> SessionOpened:
    with access.staff.book.view() as view:
        left = view.operators.codes_left(operator.operator_id)
    return SessionOpened(
        session=_view(operator.session),
        roles=sorted(operator.record.roles, key=lambda role: role.value),
        token=token,
        recovery_codes_left=left,
    )


def _view(session: SessionRecord) -> SessionView:
    return SessionView(
        session_id=session.session_id,
        operator_id=session.operator_id,
        address=session.address,
        began_at=datetime.fromtimestamp(session.began_s, UTC),
        seen_at=datetime.fromtimestamp(session.seen_s, UTC),
        ends_at=datetime.fromtimestamp(session.ends_s, UTC),
    )
