"""POST /v1/rates: indicative rates of all providers, the best first; binding nobody and bounded by nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from fastapi import APIRouter, Depends
from pydantic import ValidationError

from api.access import BACK_OFFICE_REFUSALS, PARTICIPANT_REFUSALS, Access, raw_body
from api.correspondent import HttpCorrespondent, refusal_of_provider
from api.elements import in_request_words
from api.institution import Institution
from api.problems import documented, problem_of
from api.rate_schemas import IndicationGiven, IndicationList, IndicationView, RateAsked
from api.refusals import Refusal
from api.routes.interbank import provider_request, read_body, takes
from api.routes.quotes import request_for
from api.schemas import QuoteAsked, QuoteWish
from api.views import amount, decimal_text, reason_view
from node.domain.money import Money
from node.domain.party import Participant
from node.domain.reasons import Reason
from node.settlement.ports import QuoteRequest, Refused, Unreachable
from node.settlement.rate_asking import Indication, ask_rates, indicate

PATH: Final = "/v1/interbank/rates"
_COMMON: Final = (
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
    Reason.CURRENCY_NOT_ISSUED,
)


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution."""
    routes = APIRouter(prefix="/v1", tags=["quotes"])
    office = institution.office

    @routes.post(
        "/rates",
        operation_id="askRates",
        summary="Ask all providers for indicative rates",
        dependencies=[Depends(access.back_office)],
        responses=documented(*BACK_OFFICE_REFUSALS, *_COMMON),
    )
    def ask_all_rates(wish: RateAsked) -> IndicationList:
        """What each would give now; take a firm quote (`/v1/quotes`) to pay with one."""
        request = request_for(office.bic, QuoteWish(**wish.model_dump()), office.directory.tokens())
        found = ask_rates(office, _Line(institution.line, institution), request)
        return IndicationList(
            offers=[_view(offer) for offer in found.offers],
            refusals=[reason_view(in_request_words(finding)) for finding in found.refusals],
            silent=list(found.silent),
        )

    @routes.post(
        "/interbank/rates",
        operation_id="askRate",
        summary="Ask an FX provider for an indicative rate",
        tags=["interbank"],
        responses=documented(
            *PARTICIPANT_REFUSALS,
            *_COMMON,
            Refusal.NOT_YOUR_PAYMENT,
            Refusal.NOT_AN_FX_PROVIDER,
            Reason.NO_PROVIDER_QUOTES_THIS_PAIR,
            Reason.RATE_NOT_OFFERED,
        ),
        openapi_extra=takes(QuoteAsked),
    )
    def ask_rate(
        taker: Participant = Depends(access.participant), body: bytes = Depends(raw_body)
    ) -> IndicationGiven:
        """The provider's price of this moment; nothing is signed or kept."""
        answer = indicate(office, provider_request(institution, taker, read_body(QuoteAsked, body)))
        if isinstance(answer, Refused):
            raise problem_of(answer.findings)
        return IndicationGiven(sell_amount=str(answer.sell.minor), buy_amount=str(answer.buy.minor))

    return routes


class _Line:
    """Implements `node.settlement.rate_asking.RateLine` over HTTP."""

    def __init__(self, line: HttpCorrespondent, institution: Institution) -> None:
        self._line = line
        self._institution = institution

    def ask_rate(self, provider: Participant, request: QuoteRequest) -> Indication | Refused | Unreachable:
        body = {
            "sell_currency": request.sell_currency,
            "sell_amount": str(request.sell.minor) if request.sell else None,
            "buy_currency": request.buy_currency,
            "buy_amount": str(request.buy.minor) if request.buy else None,
            "taker_bic": request.taker_bic,
        }
        answer = self._line.ask(provider, PATH, body)
        if isinstance(answer, Unreachable):
            return answer
        if answer.status != 200:
            return refusal_of_provider(provider, answer)
        try:
            given = IndicationGiven.model_validate_json(answer.content)
        except ValidationError:
            return Unreachable(f"{provider.bic} answered with something else than a rate")
        tokens = self._institution.office.directory.tokens()
        sell = Money(int(given.sell_amount), tokens[request.sell_currency].currency)
        return Indication(provider.bic, sell, Money(int(given.buy_amount), tokens[request.buy_currency].currency))


def _view(offer: Indication) -> IndicationView:
    rate = Fraction(offer.buy.decimal()) / Fraction(offer.sell.decimal())
    return IndicationView(
        provider=offer.provider, sell=amount(offer.sell), buy=amount(offer.buy), rate=decimal_text(rate)
    )
