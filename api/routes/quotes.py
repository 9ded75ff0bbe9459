"""POST /v1/quotes: a firm exchange rate, asked of every registered provider; the best one is kept in our book."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.elements import in_request_words
from api.idempotency import keeping
from api.institution import Institution
from api.problems import Problem, documented, problem_of
from api.refusals import Refusal
from api.routes.examples import QUOTE, QUOTE_WISH
from api.schemas import QuoteView, QuoteWish
from api.views import quote_view
from node.domain.money import Money
from node.domain.reasons import Finding, Reason
from node.settlement.ports import QuoteRequest, Refused, Unreachable
from node.settlement.quote_taking import Taken, take
from node.settlement.typed import Tokens

_REFUSALS = (
    *BACK_OFFICE_REFUSALS,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Reason.CURRENCY_NOT_ISSUED,
    Reason.NO_PROVIDER_QUOTES_THIS_PAIR,
    Reason.RATE_NOT_OFFERED,
    Reason.PROVIDER_INVENTORY_TOO_LOW,
    Reason.TOO_MANY_OPEN_QUOTES,
    Refusal.PROVIDERS_UNREACHABLE,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
)


def router(institution: Institution, access: Access) -> APIRouter:
    """The route over one institution."""
    routes = APIRouter(prefix="/v1", tags=["quotes"], dependencies=[Depends(access.back_office)])

    @routes.post(
        "/quotes",
        operation_id="takeQuote",
        summary="Take a firm quote",
        status_code=201,
        response_model=QuoteView,
        responses={201: {"content": {"application/json": {"example": QUOTE}}}, **documented(*_REFUSALS)},
        openapi_extra={"requestBody": {"content": {"application/json": {"example": QUOTE_WISH}}}},
    )
    def take_quote(request: Request, wish: QuoteWish) -> Response:
        """A single-use quote for exactly these amounts; name its id in a payment before it expires."""
        office = institution.office
        keep = keeping(request)
        answer = take(
            office,
            request_for(office.bic, wish, office.directory.tokens()),
            lambda unit, taken: keep(unit, _answer(taken)),
        )
        if isinstance(answer, Unreachable):
            raise Problem(Refusal.PROVIDERS_UNREACHABLE, f"No FX provider answered: {answer.text}.")
        if isinstance(answer, Refused):
            raise problem_of(tuple(map(in_request_words, answer.findings)))
        return _answer(answer)

    return routes


def _answer(taken: Taken) -> Response:
    return Response(quote_view(taken).model_dump_json(), 201, media_type="application/json")


def request_for(taker_bic: str, wish: QuoteWish, tokens: Tokens) -> QuoteRequest:
    """The wish in the domain's words; raises Problem for a currency nobody issues."""
    return QuoteRequest(
        taker_bic=taker_bic,
        sell_currency=wish.sell_currency,
        buy_currency=wish.buy_currency,
        sell=money_of("sell_currency", wish.sell_currency, wish.sell_amount, tokens),
        buy=money_of("buy_currency", wish.buy_currency, wish.buy_amount, tokens),
    )


def money_of(element: str, code: str, minor: int | None, tokens: Tokens) -> Money | None:
    """Minor units with their currency, as its token counts them; raises Problem where there is no token."""
    if code not in tokens:
        text = f"Nobody issues {code} on this network."
        finding = Finding(Reason.CURRENCY_NOT_ISSUED, text, element, code, "network.currency-issued")
        raise problem_of((finding,))
    return None if minor is None else Money(minor, tokens[code].currency)
