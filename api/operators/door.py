"""How operators come in: by a session's token as bearer, or as a cookie that no other site can make use of.

What an operator may do alone is little: read, and ask for prices and names. Whatever else the API can do becomes a
proposal; that is decided here, by the route's scope, so that no route can be forgotten.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from api.callers import Caller
from api.operators.approved import OPERATORS, Approved, approved_in
from api.operators.sessions import TOKEN_PREFIX, Operator, Sessions
from api.problems import Problem
from api.refusals import Refusal
from api.scopes import READS, scope_of
from node.domain.operator import Role
from node.domain.proposal import Duty

COOKIE: Final = "__Host-corridor-session"
SESSION: Final = HTTPBearer(
    auto_error=False,
    scheme_name="OperatorSession",
    description=f"The token of an operator's session, or the cookie {COOKIE} with a same-site Origin.",
)
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="corridor"'}
_ASKING: Final = frozenset({"rates:write", "payee-searches:write", "payee-verifications:write"})
_ALONE: Final = {
    Role.MAKER: frozenset({"*:read", "quotes:write"}) | _ASKING,
    Role.CHECKER: frozenset({"*:read"}) | _ASKING,
    Role.AUDITOR: frozenset({"*:read"}),
    Role.SECURITY_OFFICER: frozenset({"credentials:read"}),
}


class OperatorDoor:
    """Tells who an operator is, and what may be done without a second one."""

    def __init__(self, sessions: Sessions, origin: str) -> None:
        """`origin` is the institution's own address, from which its pages come."""
        self._sessions = sessions
        self._origin = urlsplit(origin)

    def operator(self, request: Request, given: HTTPAuthorizationCredentials | None) -> Operator | None:
        """Who is logged in; None where no session is shown.

        Raises Problem for a session that is over, and for a change that another site's page may have asked for.
        """
        if given is not None:
            token = given.credentials if given.credentials.startswith(TOKEN_PREFIX) else None
        else:
            token = request.cookies.get(COOKIE)
            if token is not None and request.method not in READS:
                self._require_same_site(request)
        if token is None:
            return None
        found = self._sessions.find(token, address_of(request))
        if found is None:
            text = "This session is over or never was; log in again at POST /v1/operators/sessions."
            raise Problem(Refusal.CREDENTIAL_WRONG, text, headers=_CHALLENGE)
        return found

    def require(self, request: Request, given: HTTPAuthorizationCredentials | None) -> Operator:
        """Who is logged in; raises Problem for everybody else."""
        operator = self.operator(request, given)
        if operator is None:
            text = "This needs an operator's session; log in at POST /v1/operators/sessions."
            raise Problem(Refusal.CREDENTIAL_MISSING, text, headers=_CHALLENGE)
        return operator

    def caller(self, request: Request, given: HTTPAuthorizationCredentials | None) -> Caller | None:
        """The operator, or the two who agreed, as a caller of the institution's routes; None for all others."""
        approved = approved_in(request)
        if approved is not None:
            return approved_caller(approved, Duty.BUSINESS)
        operator = self.operator(request, given)
        if operator is None:
            return None
        scopes = frozenset[str]().union(*(_ALONE[role] for role in operator.record.roles))
        needed = scope_of(request.method, getattr(request.scope.get("route"), "path", request.url.path))
        if request.method not in READS and needed not in scopes:
            text = "An operator does not do this alone: POST it to /v1/proposals, for another to approve."
            raise Problem(Refusal.APPROVAL_NEEDED, text)
        return Caller(f"operator:{operator.operator_id}", scopes)

    def _require_same_site(self, request: Request) -> None:
        """A browser says where a page is from; a cookie without that, or from elsewhere, changes nothing."""
        origin = urlsplit(request.headers.get("origin", ""))
        own = (origin.scheme, origin.netloc) == (self._origin.scheme, self._origin.netloc)
        if origin.netloc and (own or origin.netloc == request.headers.get("host")):
            return
        text = "With a session's cookie a change must come from this institution's own pages (Origin)."
        raise Problem(Refusal.CROSS_SITE_REQUEST, text)


def approved_caller(approved: Approved, duty: Duty) -> Caller:
    """The two who agreed, where it was theirs to agree on; raises Problem elsewhere."""
    if approved.duty is not duty:
        raise Problem(Refusal.APPROVAL_NEEDED, "This was approved by operators whose business it is not.")
    return Caller(OPERATORS)


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""
