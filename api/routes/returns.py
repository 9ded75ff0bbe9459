"""/v1/payments/{uetr}/returns: give a received payment back without writing XML, and see what was given back."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.after_schemas import ReturnLine, ReturnList, ReturnWish
from api.elements import in_wish_words
from api.idempotency import REPLAYED, keeping
from api.institution import Institution
from api.iso20022.codes import STATUS_OF
from api.problems import Problem, documented, problem_of
from api.recalling import scribe_of
from api.refusals import Refusal
from api.returning import original_record, quoted, wish_faults
from api.routes.payments import UetrPath
from api.views import amount
from node.book.records import PaymentRecord
from node.domain.money import Money
from node.domain.party import CashAccount
from node.domain.payment import Side, credit_leg
from node.domain.payment_return import ReturnOrder, given_back, return_payment, return_uetr
from node.domain.reasons import Finding, Reason
from node.settlement.book_transfer import credited_again
from node.settlement.intake import Conflicting, Received, Recorded, Repeated, receive
from node.settlement.returning import returned_so_far

XML: Final = "application/xml"
_REFUSALS: Final = (
    *BACK_OFFICE_REFUSALS,
    Refusal.NOT_YOUR_PAYMENT,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.PROVIDERS_UNREACHABLE,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
    Reason.ORIGINAL_UNKNOWN,
    Reason.CURRENCY_NOT_ISSUED,
    Reason.UETR_ALREADY_USED,
)
_ACCEPTED: Final[dict[str, Any]] = {
    "description": "Recorded as a payment of its own; the pacs.002 says RCVD, or RJCT with the reasons.",
    "content": {XML: {"schema": {"type": "string"}}},
    "headers": {"Location": {"description": "where the return is found", "schema": {"type": "string"}}},
}


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution."""
    routes = APIRouter(prefix="/v1/payments", tags=["returns"], dependencies=[Depends(access.back_office)])

    @routes.post(
        "/{uetr}/returns",
        operation_id="returnPayment",
        summary="Return a received payment",
        status_code=202,
        response_class=Response,
        responses={202: _ACCEPTED, **documented(*_REFUSALS)},
    )
    def return_payment_(request: Request, uetr: UetrPath, wish: ReturnWish) -> Response:
        """Give back so much of it; it becomes a payment to the other institution, with a pacs.004."""
        keep = keeping(request)
        received = _received(institution, uetr, wish)
        if isinstance(received, Response):
            return received
        outcome = receive(institution.office, received, lambda unit, known: keep(unit, _answer(known)))
        if isinstance(outcome, Conflicting):
            raise problem_of((in_wish_words(outcome.finding),))
        institution.worker.wake()
        return _answer(outcome)

    @routes.get(
        "/{uetr}/returns",
        operation_id="listReturns",
        summary="List a payment's returns",
        responses=documented(
            *BACK_OFFICE_REFUSALS, Refusal.PAYMENT_NOT_FOUND, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA
        ),
    )
    def list_returns(uetr: UetrPath) -> ReturnList:
        """What was credited, what of it is or goes back, and each return with its state."""
        with institution.office.book.view() as unit:
            record = unit.payments.find(uetr)
            if record is None:
                raise Problem(Refusal.PAYMENT_NOT_FOUND, f"This institution knows no payment {uetr}.")
            found, so_far = unit.payments.returns_of(uetr), returned_so_far(unit, record.payment)
        credited = amount(credit_leg(record.payment))
        lines = [_line(one) for one in found]
        return ReturnList(uetr=uetr, credited=credited, returned=amount(so_far), returns=lines)

    return routes


def _received(institution: Institution, uetr: str, wish: ReturnWish) -> Received | Response:
    """The return that is wished for, or the answer given when it was wished for before."""
    office = institution.office
    tokens = office.directory.tokens()
    original = original_record(institution, uetr, Side.CREDITOR_AGENT)
    if wish.currency not in tokens:
        text = f"Nobody issues {wish.currency} on this network."
        raise problem_of(
            (Finding(Reason.CURRENCY_NOT_ISSUED, text, "body.currency", wish.currency, "return.currency"),)
        )
    money = Money(wish.amount, tokens[wish.currency].currency)
    own = return_uetr(office.bic, uetr, wish.return_id)
    with office.book.view() as unit:
        known, messages = unit.payments.find(own), unit.messages.of(own)
    if known is not None:
        _require_same(known, money, wish)
        answer = next(message.body for message in messages if message.direction == "out")
        return _answer(Repeated(known, answer))
    message_id = "RTR" + own.replace("-", "")
    order = ReturnOrder(own, message_id, wish.return_id, money, reason=wish.reason)
    order = quoted(institution, original, order)
    debited = None
    if wish.from_own_account:
        with office.book.unit() as unit:
            account = unit.accounts.own(money.currency)
        debited = CashAccount(account.number, account.scheme)
    written = scribe_of(institution).give_back(original, order, wish.text)
    payment = return_payment(original.payment, order, debited=debited)
    with office.book.unit() as unit:
        payment = credited_again(office, unit, original, payment)
    return Received(payment, wish_faults(wish.reason), written)


def _require_same(known: PaymentRecord, money: Money, wish: ReturnWish) -> None:
    if given_back(known.payment) == money and known.payment.return_reason == wish.reason:
        return
    text = f"The return {wish.return_id} of this payment was made with another amount or reason."
    raise problem_of((Finding(Reason.UETR_ALREADY_USED, text, "body.return_id", wish.return_id, "return.once"),))


def _answer(outcome: Recorded | Repeated) -> Response:
    headers = {"Location": f"/v1/payments/{outcome.record.uetr}"}
    if isinstance(outcome, Repeated):
        headers[REPLAYED] = "true"
    return Response(outcome.answer, 202, headers, XML)


def _line(record: PaymentRecord) -> ReturnLine:
    return ReturnLine(
        uetr=record.uetr,
        return_id=record.payment.transaction_id,
        state=record.state.value,
        status=STATUS_OF[record.state],
        amount=amount(given_back(record.payment)),
        reason=record.payment.return_reason,
    )
