"""/v1/credentials: who else may use the API. Two operators add and revoke; a key is made where it is used."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.credentials import GOOD_KEY, SCOPE, public_key_of
from api.idempotency import keeping
from api.institution import Institution
from api.operator_schemas import CredentialList, CredentialView, CredentialWish
from api.problems import Problem, documented
from api.refusals import Refusal
from node.book.callers import CallerRecord
from node.domain.reasons import Finding, Reason
from node.settlement.office import now

CallerName = Annotated[str, Path(pattern=r"^(key|client):[a-z0-9][a-z0-9._-]{0,39}$", examples=["client:acme"])]
_AGREED: Final = (Refusal.APPROVAL_NEEDED, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA)


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's callers."""
    book = institution.office.book
    routes = APIRouter(prefix="/v1/credentials", tags=["access"])
    guard = [Depends(access.agreed_by_operators)]

    @routes.get(
        "",
        operation_id="listCredentials",
        summary="List API credentials",
        dependencies=[Depends(access.back_office)],
        responses=documented(*BACK_OFFICE_REFUSALS),
    )
    def list_credentials() -> CredentialList:
        """Who may use the API, and what for; nothing here lets anybody in."""
        with book.view() as view:
            return CredentialList(credentials=[_view(one) for one in view.callers.list()])

    @routes.post(
        "",
        operation_id="addCredential",
        summary="Let a key or a client in",
        status_code=201,
        response_model=CredentialView,
        dependencies=guard,
        responses=documented(*_AGREED, Refusal.CREDENTIAL_NAME_TAKEN),
    )
    def add_credential(request: Request, wish: CredentialWish) -> Response:
        """Only as an approved proposal. To rotate one, add the new and revoke the old."""
        record = _record(wish, now(institution.office))
        with book.unit() as unit:
            if not unit.callers.add(record):
                text = f"{wish.name} is there already; a revoked name is not used again."
                raise Problem(Refusal.CREDENTIAL_NAME_TAKEN, text)
            answer = Response(_view(record).model_dump_json(), 201, media_type="application/json")
            keeping(request)(unit, answer)
        return answer

    @routes.delete(
        "/{name}",
        operation_id="revokeCredential",
        summary="Let a key or a client in no more",
        status_code=204,
        response_class=Response,
        dependencies=guard,
        responses=documented(*_AGREED, Refusal.CREDENTIAL_NOT_FOUND),
    )
    def revoke_credential(request: Request, name: CallerName) -> Response:
        """Only as an approved proposal. A client's tokens end with it."""
        answer = Response(status_code=204)
        with book.unit() as unit:
            if not unit.callers.revoke(name):
                raise Problem(Refusal.CREDENTIAL_NOT_FOUND, f"There is no credential {name}.")
            keeping(request)(unit, answer)
        return answer

    return routes


def _record(wish: CredentialWish, at: datetime) -> CallerRecord:
    is_key = wish.name.startswith("key:")
    if is_key != (wish.key_sha256 is not None) or is_key == (wish.public_key is not None):
        raise _misfit("A key has key_sha256 and no public_key, a client the other way round.", "name")
    wrong = [one for one in wish.scopes if one != "*" and not re.fullmatch(SCOPE, one)]
    if wrong:
        raise _misfit(f"{wrong[0][:60]!r} is no scope: one is a noun of the API with :read or :write.", "scopes")
    if wish.public_key is not None:
        try:
            public_key_of(wish.public_key)
        except ValueError:
            raise _misfit(f"This is no {GOOD_KEY}.", "public_key") from None
    return CallerRecord(
        name=wish.name,
        digest=bytes.fromhex(wish.key_sha256) if wish.key_sha256 else None,
        public_key=wish.public_key,
        scopes=frozenset(wish.scopes),
        expires_s=wish.expires_at.timestamp() if wish.expires_at else None,
        revoked=False,
        created_at=at,
    )


def _misfit(text: str, element: str) -> Problem:
    finding = Finding(
        Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, f"body.{element}", rule=f"credential.{element}"
    )
    return Problem(Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, text, (finding,))


def _view(record: CallerRecord) -> CredentialView:
    return CredentialView(
        name=record.name,
        scopes=sorted(record.scopes),
        expires_at=datetime.fromtimestamp(record.expires_s, UTC) if record.expires_s is not None else None,
        revoked=record.revoked,
        created_at=record.created_at,
    )
