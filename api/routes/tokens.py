"""POST /oauth/token: a partner proves who it is by an assertion signed with its own key, and gets a short token.

OAuth 2 client credentials (RFC 6749) with a private-key JWT (RFC 7523). Errors have that standard's form.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from api.access import Access, raw_body
from api.credentials import NotProven
from api.schemas import Body

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM: Final = "application/x-www-form-urlencoded"
_NEVER_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FIELDS: Final = {
    "grant_type": {"type": "string", "enum": ["client_credentials"]},
    "client_assertion_type": {"type": "string", "enum": [ASSERTION_TYPE]},
    "client_assertion": {"type": "string", "description": "a JWT: iss and sub the client's id, aud this address"},
    "scope": {"type": "string", "description": "scopes with spaces between; all the client holds if left out"},
}
_REQUEST: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": _FIELDS,
                    "required": ["grant_type", "client_assertion_type", "client_assertion"],
                }
            }
        },
    }
}


class AccessToken(Body):
    """A bearer token, good for `expires_in` seconds."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class TokenRefusal(Body):
    """Why there is no token (RFC 6749, 5.2)."""

    error: str
    error_description: str


_MOST_FIELDS: Final = 20
_TEXTS: Final = {
    "invalid_request": "One of grant_type, client_assertion_type and client_assertion is missing, or fields stand"
    " twice or are too many.",
    "unsupported_grant_type": "This takes grant_type=client_credentials.",
    "invalid_client": "The assertion is not a fresh one by a client of this institution, or was used before.",
    "invalid_scope": "The client does not hold every scope it asks for.",
}


def router(access: Access) -> APIRouter:
    """The route; it is the one that needs no credential, for it gives one."""
    routes = APIRouter(tags=["access"])

    @routes.post(
        "/oauth/token",
        operation_id="issueToken",
        summary="Get an access token",
        response_model=AccessToken,
        responses={400: {"model": TokenRefusal}, 401: {"model": TokenRefusal}},
        openapi_extra=_REQUEST,
    )
    async def issue_token(request: Request, body: bytes = Depends(raw_body)) -> JSONResponse:
        """Send a client assertion, signed EdDSA, ES256 or PS256; it may be used once and live five minutes."""
        access.limit_stranger(request)
        return await run_in_threadpool(_issued, access, body)

    return routes


def _issued(access: Access, body: bytes) -> JSONResponse:
    try:
        form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:  # more fields than that
        return _refused("invalid_request")
    if any(len(values) > 1 for values in form.values()):
        return _refused("invalid_request")
    said = {name: values[0] for name, values in form.items()}
    if not {"grant_type", "client_assertion_type", "client_assertion"} <= said.keys():
        return _refused("invalid_request")
    if said["grant_type"] != "client_credentials":
        return _refused("unsupported_grant_type")
    if said["client_assertion_type"] != ASSERTION_TYPE:
        return _refused("invalid_client")
    wanted = frozenset(said["scope"].split()) if said.get("scope") else None
    try:
        issued = access.credentials.issue(said["client_assertion"], wanted)
    except NotProven as refusal:
        return _refused(str(refusal))
    token = AccessToken(
        access_token=issued.token,
        token_type="Bearer",  # noqa: S106  (its type, not a token)
        expires_in=issued.expires_in_s,
        scope=" ".join(sorted(issued.scopes)),
    )
    return JSONResponse(token.model_dump(), 200, _NEVER_STORED)


def _refused(error: str) -> JSONResponse:
    status = 401 if error == "invalid_client" else 400
    refusal = TokenRefusal(error=error, error_description=_TEXTS[error])
    return JSONResponse(refusal.model_dump(), status, _NEVER_STORED)
