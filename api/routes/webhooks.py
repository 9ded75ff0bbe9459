"""/v1/webhook-endpoints: where events are pushed to, their secrets, what was delivered, and what is dead."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.idempotency import keeping
from api.institution import Institution
from api.operators.record import EVENT_KINDS
from api.problems import Problem, documented
from api.refusals import Refusal
from api.schemas import Body
from api.webhooks.address import LONGEST_URL, BadTarget, check_url
from api.webhooks.signing import new_secret, written
from node.book.book import Unit
from node.book.records import DeliveryStatus
from node.book.webhooks import DeliveryRecord, EndpointRecord, SigningSecret
from node.domain.lifecycle import State
from node.domain.reasons import Finding, Reason
from node.domain.recall import CaseState
from node.settlement.office import now

OVERLAP_S: Final = 86400.0
MOST_ENDPOINTS: Final = 50
MOST_A_PAGE: Final = 200
KINDS: Final = (
    *(f"payment.{state.value.lower()}" for state in State),
    "message.written",
    "account.credited",
    "account.debited",
    *(f"case.{state.value.lower()}" for state in CaseState),
    *EVENT_KINDS,
    *(f"transfer.{status}" for status in ("signed", "included", "final", "reverted", "replaced")),
)
_CHANGES: Final = (
    *BACK_OFFICE_REFUSALS,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BODY_TOO_SLOW,
    Refusal.BODY_TOO_LARGE,
    Refusal.BOOK_BUSY,
)
_ONE: Final = (
    *BACK_OFFICE_REFUSALS,
    Refusal.WEBHOOK_ENDPOINT_NOT_FOUND,
    Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA,
    Refusal.BOOK_BUSY,
)
_EXAMPLE: Final = {"url": "https://bank.example/corridor-events", "types": ["payment.settled", "account.credited"]}
EndpointId = Annotated[str, Path(pattern=r"^we_[0-9a-f]{24}$", examples=["we_5d3c1c5237a04c85a9b43b6c"])]
EventPosition = Annotated[int, Path(ge=1, lt=2**63, description="the event's position")]


class EndpointWish(Body):
    """A webhook endpoint to be made; no `types` means every event."""

    url: Annotated[str, Field(max_length=LONGEST_URL, description="https, at a public address")]
    types: Annotated[list[str], Field(max_length=len(KINDS), default_factory=list)]


class EndpointView(Body):
    """A webhook endpoint; `disabled` says why nothing is sent to it, and is null while it is served."""

    endpoint_id: str
    url: str
    types: list[str]
    disabled: str | None
    delivered_up_to: Annotated[int, Field(description="the position up to which events were queued for it")]
    dead: Annotated[int, Field(description="deliveries that have failed too often")]


class EndpointSecret(Body):
    """An endpoint with its signing secret, which is told this once."""

    endpoint: EndpointView
    secret: Annotated[str, Field(description="whsec_… (Standard Webhooks)")]


class EndpointViews(Body):
    """All webhook endpoints."""

    endpoints: list[EndpointView]


class DeliveryView(Body):
    """One event on its way to an endpoint."""

    position: int
    status: DeliveryStatus
    attempts: int
    last_status: Annotated[int | None, Field(description="the HTTP status of the last attempt")]
    last_fault: str | None


class DeliveryList(Body):
    """A page of deliveries in the order of their events; `next` is the `after` of the following page."""

    deliveries: list[DeliveryView]
    next: int | None


class Revived(Body):
    """How many deliveries are tried anew."""

    revived: int


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's webhooks."""
    routes = APIRouter(
        prefix="/v1/webhook-endpoints", tags=["webhooks"], dependencies=[Depends(access.back_office)]
    )
    _endpoints(routes, institution)
    _secrets_and_state(routes, institution)
    _deliveries(routes, institution)
    return routes


def _endpoints(routes: APIRouter, institution: Institution) -> None:
    book = institution.office.book

    @routes.post(
        "",
        operation_id="addWebhookEndpoint",
        summary="Add a webhook endpoint",
        status_code=201,
        response_model=EndpointSecret,
        responses=documented(*_CHANGES),
        openapi_extra={"requestBody": {"content": {"application/json": {"example": _EXAMPLE}}}},
    )
    def add_endpoint(request: Request, wish: EndpointWish) -> Response:
        """Events from now on are delivered there, signed by the Standard Webhooks scheme with this secret."""
        _check(institution, wish)
        secret = new_secret()
        with book.unit() as unit:
            if len(unit.webhooks.list()) >= MOST_ENDPOINTS:
                raise _misfit(f"There are {MOST_ENDPOINTS} endpoints already; remove one first.", "endpoints")
            record = EndpointRecord(
                endpoint_id=f"we_{secrets.token_hex(12)}",
                url=wish.url,
                kinds=tuple(wish.types),
                secrets=(SigningSecret(secret),),
                disabled=None,
                cursor=unit.events.newest(),
                failing_since_s=None,
                created_at=now(institution.office),
            )
            unit.webhooks.add(record)
            answer = _answer(201, EndpointSecret(endpoint=_view(record, 0), secret=written(secret)))
            keeping(request)(unit, answer)
        return answer

    @routes.get(
        "",
        operation_id="listWebhookEndpoints",
        summary="List webhook endpoints",
        responses=documented(*BACK_OFFICE_REFUSALS),
    )
    def list_endpoints() -> EndpointViews:
        """All endpoints, the oldest first; secrets are not told again."""
        with book.view() as unit:
            dead = unit.webhooks.dead()
            found = unit.webhooks.list()
        return EndpointViews(endpoints=[_view(one, dead.get(one.endpoint_id, 0)) for one in found])

    @routes.delete(
        "/{endpoint_id}",
        operation_id="removeWebhookEndpoint",
        summary="Remove a webhook endpoint",
        status_code=204,
        response_class=Response,
        responses=documented(*_ONE),
    )
    def remove_endpoint(request: Request, endpoint_id: EndpointId) -> Response:
        """Nothing more is sent there; what was waiting for it is forgotten."""
        with book.unit() as unit:
            if not unit.webhooks.remove(endpoint_id):
                raise _unknown(endpoint_id)
            answer = Response(status_code=204)
            keeping(request)(unit, answer)
        return answer


def _secrets_and_state(routes: APIRouter, institution: Institution) -> None:
    book = institution.office.book

    @routes.post(
        "/{endpoint_id}/rotate-secret",
        operation_id="rotateWebhookSecret",
        summary="Give an endpoint a new secret",
        response_model=EndpointSecret,
        responses=documented(*_ONE),
    )
    def rotate_secret(request: Request, endpoint_id: EndpointId) -> Response:
        """For a day deliveries carry signatures under the old and the new secret, then under the new one only."""
        secret = new_secret()
        now_s = institution.office.clock.now_s()
        with book.unit() as unit:
            found = _existing(unit, endpoint_id)
            kept = tuple(
                SigningSecret(one.key, min(one.until_s or now_s + OVERLAP_S, now_s + OVERLAP_S))
                for one in found.secrets
                if one.until_s is None or one.until_s > now_s
            )
            found = replace(found, secrets=(SigningSecret(secret), *kept[:2]))
            unit.webhooks.save(found)
            dead = unit.webhooks.dead().get(endpoint_id, 0)
            answer = _answer(200, EndpointSecret(endpoint=_view(found, dead), secret=written(secret)))
            keeping(request)(unit, answer)
        return answer

    def switch(endpoint_id: str, disabled: str | None) -> EndpointView:
        with book.unit() as unit:
            found = replace(_existing(unit, endpoint_id), disabled=disabled, failing_since_s=None)
            unit.webhooks.save(found)
            return _view(found, unit.webhooks.dead().get(endpoint_id, 0))

    @routes.post(
        "/{endpoint_id}/enable",
        operation_id="enableWebhookEndpoint",
        summary="Serve a disabled endpoint again",
        responses=documented(*_ONE),
    )
    def enable_endpoint(endpoint_id: EndpointId) -> EndpointView:
        """Delivery goes on with the event after the last one queued for it: none is lost while it was disabled."""
        return switch(endpoint_id, None)

    @routes.post(
        "/{endpoint_id}/disable",
        operation_id="disableWebhookEndpoint",
        summary="Stop serving an endpoint",
        responses=documented(*_ONE),
    )
    def disable_endpoint(endpoint_id: EndpointId) -> EndpointView:
        """Nothing is sent until it is enabled again."""
        return switch(endpoint_id, "Disabled by its owner.")


def _deliveries(routes: APIRouter, institution: Institution) -> None:
    book = institution.office.book

    @routes.get(
        "/{endpoint_id}/deliveries",
        operation_id="listWebhookDeliveries",
        summary="List an endpoint's deliveries",
        responses=documented(*_ONE[:-1]),
    )
    def list_deliveries(
        endpoint_id: EndpointId,
        status: Annotated[DeliveryStatus | None, Query(description="`dead` is the dead-letter list")] = None,
        after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
    ) -> DeliveryList:
        """What is waiting, delivered or dead, in the order of the events."""
        with book.view() as unit:
            _existing(unit, endpoint_id)
            found = unit.webhooks.deliveries(endpoint_id, status, after, limit)
        following = found[-1].position if len(found) == limit else None
        return DeliveryList(deliveries=[_delivery(one) for one in found], next=following)

    @routes.post(
        "/{endpoint_id}/deliveries/{position}/redeliver",
        operation_id="redeliverEvent",
        summary="Deliver an event again",
        responses=documented(*_ONE, Refusal.DELIVERY_NOT_FOUND),
    )
    def redeliver(endpoint_id: EndpointId, position: EventPosition) -> DeliveryView:
        """The event is sent anew, delivered or dead as it may be, under its own webhook-id."""
        with book.unit() as unit:
            _existing(unit, endpoint_id)
            found = unit.webhooks.delivery(endpoint_id, position)
            if found is None:
                text = f"Event {position} was never queued for {endpoint_id}."
                raise Problem(Refusal.DELIVERY_NOT_FOUND, text)
            now_s = institution.office.clock.now_s()
            anew = replace(found, status=DeliveryStatus.WAITING, attempts=0, next_at_s=now_s)
            unit.webhooks.settle(anew)
        return _delivery(anew)

    @routes.post(
        "/{endpoint_id}/redeliver-dead",
        operation_id="redeliverDead",
        summary="Deliver all dead events again",
        responses=documented(*_ONE),
    )
    def redeliver_dead(endpoint_id: EndpointId) -> Revived:
        """Every dead delivery of the endpoint is tried anew."""
        with book.unit() as unit:
            _existing(unit, endpoint_id)
            return Revived(revived=unit.webhooks.revive(endpoint_id, institution.office.clock.now_s()))


def _answer(status: int, body: Body) -> Response:
    return Response(body.model_dump_json(), status, media_type="application/json")


def _check(institution: Institution, wish: EndpointWish) -> None:
    try:
        check_url(wish.url, institution.webhook_targets)
    except BadTarget as bad:
        raise _misfit(f"Webhooks cannot lead there: {bad}.", "url") from None
    unknown = [one for one in wish.types if one not in KINDS]
    if unknown:
        raise _misfit(f"There is no event {unknown[0][:64]!r}; there are {', '.join(KINDS)}.", "types")


def _misfit(text: str, element: str) -> Problem:
    finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, f"body.{element}", rule=f"webhook.{element}")
    return Problem(Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, text, (finding,))


def _existing(unit: Unit, endpoint_id: str) -> EndpointRecord:
    found = unit.webhooks.find(endpoint_id)
    if found is None:
        raise _unknown(endpoint_id)
    return found


def _unknown(endpoint_id: str) -> Problem:
    return Problem(Refusal.WEBHOOK_ENDPOINT_NOT_FOUND, f"There is no webhook endpoint {endpoint_id}.")


def _view(record: EndpointRecord, dead: int) -> EndpointView:
    return EndpointView(
        endpoint_id=record.endpoint_id,
        url=record.url,
        types=list(record.kinds),
        disabled=record.disabled,
        delivered_up_to=record.cursor,
        dead=dead,
    )


def _delivery(record: DeliveryRecord) -> DeliveryView:
    return DeliveryView(
        position=record.position,
        status=record.status,
        attempts=record.attempts,
        last_status=record.last_status,
        last_fault=record.last_fault,
    )
