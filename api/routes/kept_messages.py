"""GET /v1/messages: everything received and sent, byte for byte; an event's digest leads here."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.after_schemas import KeptMessage, KeptMessageList
from api.institution import Institution
from api.iso20022.camt054 import IDENTIFIER as NOTIFICATION
from api.iso20022.mt940 import write_advice
from api.problems import Problem, documented
from api.refusals import Refusal
from node.book.records import MessageRecord
from node.book.seals import ERASED_BODY
from node.domain.reasons import Finding, Reason

MOST_A_PAGE: Final = 200
XML: Final = "application/xml"
FIN: Final = "text/plain; charset=utf-8"
_BYTES: Final[dict[str, Any]] = {
    "description": "The message, byte for byte.",
    "content": {XML: {"schema": {"type": "string"}}, FIN: {"schema": {"type": "string"}}},
}
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's messages."""
    book = institution.office.book
    routes = APIRouter(prefix="/v1", tags=["messages"], dependencies=[Depends(access.back_office)])

    @routes.get(
        "/messages",
        operation_id="listKeptMessages",
        summary="List messages in the book",
        responses=documented(*BACK_OFFICE_REFUSALS, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
    )
    def list_messages(
        name: Annotated[
            str | None, Query(max_length=35, pattern=r"^[!-~]*$", examples=["camt.054.001.08"])
        ] = None,
        direction: Literal["in", "out"] | None = None,
        after: Annotated[
            str | None, Query(pattern=r"^[0-9a-f]{64}$", description="the `next` of the page before")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
    ) -> KeptMessageList:
        """Everything received and sent, the newest first: what an event's digest leads to."""
        before = bytes.fromhex(after) if after else None
        with book.view() as unit:
            found = unit.statements.messages(name, direction, before, limit)
        following = found[-1].digest.hex() if len(found) == limit else None
        return KeptMessageList(messages=[_line(message) for message in found], next=following)

    @routes.get(
        "/messages/{digest}",
        operation_id="getKeptMessage",
        summary="Get a message by its digest",
        response_class=Response,
        responses={
            200: _BYTES,
            **documented(
                *BACK_OFFICE_REFUSALS, Refusal.MESSAGE_NOT_FOUND, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA
            ),
        },
    )
    def get_message(
        digest: Digest,
        written: Annotated[
            Literal["fin"] | None, Query(alias="format", description="fin: a camt.054 as MT900 or MT910")
        ] = None,
    ) -> Response:
        """The bytes as they came or left; a notification of ours also in FIN."""
        with book.view() as unit:
            message = unit.statements.message(bytes.fromhex(digest))
        if message is None:
            raise Problem(Refusal.MESSAGE_NOT_FOUND, f"This institution keeps no message {digest}.")
        if message.body == ERASED_BODY:
            raise Problem(Refusal.MESSAGE_NOT_FOUND, f"Message {digest} was erased with the person it was about.")
        if written == "fin":
            return Response(_advice(message, institution.office.bic), 200, media_type=FIN)
        return Response(message.body, 200, media_type=XML)

    return routes


def _advice(message: MessageRecord, bic: str) -> bytes:
    if message.direction == "out" and message.name == NOTIFICATION:
        return write_advice(message.body, bic)
    text = f"A {NOTIFICATION} of ours is also written in FIN; this is a {message.name}."
    finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, "query.format", "fin", "message.fin")
    raise Problem(Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, text, (finding,))


def _line(message: MessageRecord) -> KeptMessage:
    return KeptMessage(
        digest=message.digest.hex(),
        direction="in" if message.direction == "in" else "out",
        counterparty=message.counterparty,
        name=message.name,
        message_id=message.message_id,
        uetr=message.uetr,
        at=message.at,
    )
