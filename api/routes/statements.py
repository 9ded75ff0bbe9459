"""GET /v1/accounts/{account}/statements: closed days, byte for byte the same whenever they are asked for."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.account_reports import statement
from api.institution import Institution
from api.iso20022.mt940 import write_mt940
from api.problems import documented
from api.refusals import Refusal

XML: Final = "application/xml"
FIN: Final = "text/plain; charset=utf-8"
_STATEMENT: Final[dict[str, Any]] = {
    "description": "The camt.053.001.08, or the MT940 that says the same.",
    "content": {XML: {"schema": {"type": "string"}}, FIN: {"schema": {"type": "string"}}},
    "headers": {"Statement-Pages": {"description": "how many pages the day has", "schema": {"type": "integer"}}},
}
AccountNumber = Annotated[str, Path(max_length=34)]


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's book."""
    routes = APIRouter(prefix="/v1", tags=["statements"], dependencies=[Depends(access.back_office)])

    @routes.get(
        "/accounts/{account}/statements",
        operation_id="getStatement",
        summary="Get an account's statement of a closed day",
        response_class=Response,
        responses={
            200: _STATEMENT,
            **documented(
                *BACK_OFFICE_REFUSALS,
                Refusal.ACCOUNT_NOT_FOUND,
                Refusal.STATEMENT_NOT_FOUND,
                Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
            ),
        },
    )
    def get_statement(
        account: AccountNumber,
        day: Annotated[date, Query(alias="date", description="a closed day; days end at midnight UTC")],
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        written: Annotated[
            Literal["camt.053", "mt940"], Query(alias="format", description="camt.053 (XML) or mt940 (FIN)")
        ] = "camt.053",
    ) -> Response:
        """Opening balance, entries, closing balance; asked for again it is the same, byte for byte."""
        kept, message = statement(institution, account, day, page)
        headers = {"Statement-Pages": str(kept.pages)}
        if written == "mt940":
            return Response(write_mt940(message.body, institution.office.bic), 200, headers, FIN)
        return Response(message.body, 200, headers, XML)

    return routes
