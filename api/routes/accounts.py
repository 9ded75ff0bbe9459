"""GET /v1/accounts: the cash accounts in this institution's book, customers' and its own."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from api.access import BACK_OFFICE_REFUSALS, Access
from api.institution import Institution
from api.problems import documented
from api.schemas import AccountList
from api.views import account_view


def router(institution: Institution, access: Access) -> APIRouter:
    """The route over one institution's book."""
    routes = APIRouter(prefix="/v1", tags=["accounts"], dependencies=[Depends(access.back_office)])

    @routes.get(
        "/accounts",
        operation_id="listAccounts",
        summary="List cash accounts",
        responses=documented(*BACK_OFFICE_REFUSALS),
    )
    def list_accounts() -> AccountList:
        """Every account with what is booked, reserved and available; their sum is the balance on chain."""
        with institution.office.book.view() as unit:
            accounts = unit.accounts.list()
        return AccountList(accounts=[account_view(account) for account in accounts])

    return routes
