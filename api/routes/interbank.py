"""POST /v1/interbank/…: what other institutions ask of us, signed by them and answered under our signature.

Here quotes, and what all of these routes share; payments are in `proposed_payments`.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.access import PARTICIPANT_REFUSALS, Access, raw_body
from api.institution import Institution
from api.problems import Problem, documented, problem_of
from api.refusals import Refusal
from api.routes.quotes import money_of
from api.schemas import QuoteAsked, QuoteGiven
from node.domain.party import Participant, ParticipantRole
from node.domain.reasons import Reason
from node.settlement.ports import QuoteRequest, Refused
from node.settlement.quote_desk import give
from node.settlement.typed import typed_quote
from wallet.typed_data import to_json

Wanted = TypeVar("Wanted", bound=BaseModel)
COMMON: Final = (
    *PARTICIPANT_REFUSALS,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.CHAIN_UNREACHABLE,
    Refusal.BOOK_BUSY,
)


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution; every answer is signed on its way out."""
    routes = APIRouter(prefix="/v1/interbank", tags=["interbank"])

    @routes.post(
        "/quotes",
        operation_id="askQuote",
        summary="Ask an FX provider for a firm quote",
        responses=documented(
            *COMMON,
            Refusal.NOT_YOUR_PAYMENT,
            Refusal.NOT_AN_FX_PROVIDER,
            Reason.CURRENCY_NOT_ISSUED,
            Reason.NO_PROVIDER_QUOTES_THIS_PAIR,
            Reason.RATE_NOT_OFFERED,
            Reason.PROVIDER_INVENTORY_TOO_LOW,
            Reason.TOO_MANY_OPEN_QUOTES,
        ),
        openapi_extra=takes(QuoteAsked),
    )
    def ask_quote(taker: Participant = Depends(access.participant), body: bytes = Depends(raw_body)) -> QuoteGiven:
        """A single-use quote, signed with the provider's settlement key."""
        return _quoted(institution, taker, read_body(QuoteAsked, body))

    return routes


def takes(model: type[BaseModel]) -> dict[str, Any]:
    """What the documentation says of a body that is read by hand, after its signature."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def read_body(model: type[Wanted], body: bytes) -> Wanted:
    """The body's content; it is read only after its signature is known to be good."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


def _quoted(institution: Institution, taker: Participant, asked: QuoteAsked) -> QuoteGiven:
    office = institution.office
    answer = give(office, taker, provider_request(institution, taker, asked))
    if isinstance(answer, Refused):
        raise problem_of(answer.findings)
    quote = typed_quote(answer.quote, office.directory.tokens())
    return QuoteGiven(quote=to_json(quote), signature="0x" + answer.signature.hex())


def provider_request(institution: Institution, taker: Participant, asked: QuoteAsked) -> QuoteRequest:
    """What a taker asks of us as FX provider; raises Problem where we are none or it asks for somebody else."""
    office = institution.office
    ourselves = office.directory.by_bic(office.bic)
    if office.prices is None or ourselves is None or ParticipantRole.FX_PROVIDER not in ourselves.roles:
        raise Problem(Refusal.NOT_AN_FX_PROVIDER, f"{institution.name} gives no quotes.")
    if asked.taker_bic != taker.bic:
        raise Problem(Refusal.NOT_YOUR_PAYMENT, "A quote is given to the participant that signs for it.")
    tokens = office.directory.tokens()
    return QuoteRequest(
        taker_bic=taker.bic,
        sell_currency=asked.sell_currency,
        buy_currency=asked.buy_currency,
        sell=money_of("sell_currency", asked.sell_currency, _integer(asked.sell_amount), tokens),
        buy=money_of("buy_currency", asked.buy_currency, _integer(asked.buy_amount), tokens),
    )


def _integer(digits: str | None) -> int | None:
    return int(digits) if digits else None
