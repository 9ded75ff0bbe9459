"""GET /v1/iso20022/messages: messages of several instructions and refused ones, whole, with what became of each.

A credit transfer that came alone is not listed here: it is kept with its payment.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from api.access import BACK_OFFICE_REFUSALS, Access
from api.batch_translation import report_on, state_of
from api.inbox_schemas import InboxLineView, InboxList, InboxMessage
from api.institution import Institution
from api.iso20022.codes import STATUS_OF
from api.iso20022.group_report import status_of_all
from api.problems import Problem, documented
from api.refusals import Refusal
from api.routes.message_contract import XML
from api.views import reason_view
from node.book.book import Unit
from node.book.inbox_records import InboxRecord, InboxVerdict
from node.domain.party import Agent
from node.settlement.batch_report import remarks_of, states_of

MOST_A_PAGE: Final = 100
_ONE: Final = (*BACK_OFFICE_REFUSALS, Refusal.MESSAGE_NOT_FOUND)
_KEY: Final = r"^[0-9a-f-]{36}$"
Key = Annotated[str, Path(pattern=_KEY, examples=["7d2b7a8e-2f39-4a55-9a3b-6b7b0a2f9b11"])]


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's inbox."""
    office = institution.office
    routes = APIRouter(
        prefix="/v1/iso20022/messages", tags=["messages"], dependencies=[Depends(access.back_office)]
    )

    @routes.get(
        "",
        operation_id="listMessages",
        summary="List messages of several instructions, and refused ones",
        responses=documented(*BACK_OFFICE_REFUSALS, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
    )
    def list_messages(
        verdict: Annotated[InboxVerdict | None, Query(description="only taken or only refused ones")] = None,
        after: Annotated[str | None, Query(pattern=_KEY, description="the `next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 50,
    ) -> InboxList:
        """The newest first, each with its instructions as they stand now."""
        with office.book.view() as unit:
            entries = unit.inbox.list(verdict, after, limit)
            views = [_view(unit, entry) for entry in entries]
        return InboxList(messages=views, next=entries[-1].key if len(entries) == limit else None)

    @routes.get(
        "/{key}",
        operation_id="getMessage",
        summary="Get a message with what became of each instruction",
        responses=documented(*_ONE, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
    )
    def get_message(key: Key) -> InboxMessage:
        """The message as it came, its answers, and every instruction of it."""
        with office.book.view() as unit:
            return _view(unit, _existing(unit, key))

    @routes.get(
        "/{key}/report",
        operation_id="getMessageReport",
        summary="Get the report on a message as it stands now",
        response_class=Response,
        responses={
            200: {"content": {XML: {"schema": {"type": "string"}}}},
            **documented(*_ONE, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
        },
    )
    def get_report(key: Key) -> Response:
        """A pain.002 on a customer's orders, a pacs.002 on a bank's transfers, an admi.002 on what was refused."""
        with office.book.view() as unit:
            entry = _existing(unit, key)
            records = states_of(unit, entry)
            remarks = remarks_of(unit, records)
        at = datetime.fromtimestamp(office.clock.now_s(), UTC)
        ourselves = office.directory.by_bic(office.bic)
        agent = Agent(office.bic, lei=ourselves.lei if ourselves else None)
        written = report_on(entry, records, institution.catalogue, agent, at, remarks)
        return Response(written.body, 200, media_type=XML)

    return routes


def _existing(unit: Unit, key: str) -> InboxRecord:
    entry = unit.inbox.find(key)
    if entry is None:
        raise Problem(Refusal.MESSAGE_NOT_FOUND, f"This institution keeps no message {key[:36]}.")
    return entry


def _view(unit: Unit, entry: InboxRecord) -> InboxMessage:
    records = states_of(unit, entry)
    stated = [(line, *state_of(entry, line, records)) for line in entry.lines]
    return InboxMessage(
        id=entry.key,
        name=entry.name,
        message_id=entry.message_id,
        received_at=entry.at,
        verdict=entry.verdict,
        status=status_of_all(state for _, state, _ in stated),
        reasons=[reason_view(finding) for finding in entry.findings],
        instructions=[
            InboxLineView(
                position=line.position,
                block=line.block or None,
                instruction_id=line.instruction_id,
                end_to_end_id=line.end_to_end_id,
                uetr=line.stated_uetr,
                payment=f"/v1/payments/{line.uetr}" if line.uetr else None,
                status=STATUS_OF[state],
                reasons=[reason_view(finding) for finding in findings],
            )
            for line, state, findings in stated
        ],
        body=entry.body.decode("utf-8", "replace"),
        answer=entry.answer.decode(),
        final_answer=entry.final_answer.decode() if entry.final_answer else None,
    )
