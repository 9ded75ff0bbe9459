"""GET /v1/payments: what became of every payment this institution took part in, with every message of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from api.access import BACK_OFFICE_REFUSALS, Access
from api.institution import Institution
from api.problems import Problem, documented
from api.refusals import Refusal
from api.routes.examples import PAYMENT, UETR
from api.schemas import MessageList, PaymentList, PaymentView, Uetr
from api.views import beside, message_view, payment_line, payment_view
from node.book.records import PaymentRecord
from node.domain.lifecycle import State

MOST_A_PAGE = 200
UetrPath = Annotated[Uetr, Path(examples=[UETR])]
_ONE = (
    *BACK_OFFICE_REFUSALS,
    Refusal.PAYMENT_NOT_FOUND,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
)


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's book."""
    book = institution.office.book
    routes = APIRouter(prefix="/v1/payments", tags=["payments"], dependencies=[Depends(access.back_office)])

    @routes.get(
        "",
        operation_id="listPayments",
        summary="List payments",
        responses=documented(*BACK_OFFICE_REFUSALS, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
    )
    def list_payments(
        state: Annotated[State | None, Query(description="only payments in this state")] = None,
        after: Annotated[Uetr | None, Query(description="the `next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
    ) -> PaymentList:
        """The payments of this institution on either side, the newest first."""
        with book.view() as unit:
            records = unit.payments.list(state=state, after=after, limit=limit)
        following = records[-1].uetr if len(records) == limit else None
        return PaymentList(payments=[payment_line(record) for record in records], next=following)

    @routes.get(
        "/{uetr}",
        operation_id="getPayment",
        summary="Get a payment",
        responses={200: {"content": {"application/json": {"example": PAYMENT}}}, **documented(*_ONE)},
    )
    def get_payment(request: Request, uetr: UetrPath) -> PaymentView:
        """The payment's state, its whole history and where it is on chain; only SETTLED (ACSC) is final."""
        with book.view() as unit:
            record = _existing(unit.payments.find(uetr), uetr)
            about = beside(unit, uetr)
        request.state.about = {"state": record.state.value}
        return payment_view(record, about)

    @routes.get(
        "/{uetr}/messages",
        operation_id="getPaymentMessages",
        summary="Get a payment's messages",
        responses=documented(*_ONE),
    )
    def get_messages(uetr: UetrPath) -> MessageList:
        """Every message received or sent for this payment, byte for byte."""
        with book.view() as unit:
            _existing(unit.payments.find(uetr), uetr)
            messages = unit.messages.of(uetr)
        return MessageList(uetr=uetr, messages=[message_view(message) for message in messages])

    return routes


def _existing(record: PaymentRecord | None, uetr: str) -> PaymentRecord:
    if record is None:
        raise Problem(Refusal.PAYMENT_NOT_FOUND, f"This institution knows no payment {uetr}.")
    return record
