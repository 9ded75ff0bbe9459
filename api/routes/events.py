"""GET /v1/events and /v1/events/stream: everything that happened here, in order, to be read or listened to."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.access import BACK_OFFICE_REFUSALS, Access
from api.callers import Caller
from api.event_view import EventList, EventView, event_view
from api.institution import Institution
from api.problems import Problem, documented
from api.refusals import Refusal
from api.routes.examples import EVENT
from node.book.book import Book

MOST_A_PAGE: Final = 500
POLL_S: Final = 0.25
HEARTBEAT_S: Final = 15.0
LONGEST_STREAM_S: Final = 900.0
MOST_STREAMS: Final = 32
MOST_OF_ONE: Final = 16  # so that one partner cannot keep the others from listening
EVENT_STREAM: Final = "text/event-stream"
Position = Annotated[int, Query(ge=0, lt=2**63, description="the position of the last event you have")]
LastEventId = Annotated[
    str | None,
    Header(pattern=r"^[0-9]{1,18}$", description="the id of the last event received: the stream resumes after it"),
]
_STREAMED: Final = {
    "description": "Events as they happen (server-sent events); `id` is the position, `event` the type.",
    "content": {
        EVENT_STREAM: {"schema": {"type": "string"}, "example": f"id: 7\nevent: {EVENT['type']}\ndata: …\n\n"}
    },
}


def router(institution: Institution, access: Access) -> APIRouter:
    """The routes over one institution's stream of events."""
    book = institution.office.book
    routes = APIRouter(prefix="/v1/events", tags=["events"], dependencies=[Depends(access.back_office)])
    streams: Counter[str] = Counter()

    @routes.get(
        "",
        operation_id="listEvents",
        summary="List events",
        responses={
            200: {"content": {"application/json": {"example": {"events": [EVENT], "next": 7}}}},
            **documented(*BACK_OFFICE_REFUSALS, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA),
        },
    )
    def list_events(after: Position = 0, limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100) -> EventList:
        """The events after a position, the oldest first: ask again with `next`, and none is missed or repeated."""
        found = read(book, after, limit)
        return EventList(events=found, next=found[-1].position if found else after)

    @routes.get(
        "/stream",
        operation_id="streamEvents",
        summary="Listen to events",
        response_class=Response,
        responses={
            200: _STREAMED,
            **documented(*BACK_OFFICE_REFUSALS, Refusal.REQUEST_DOES_NOT_FIT_ITS_SCHEMA, Refusal.TOO_MANY_STREAMS),
        },
    )
    async def stream_events(
        request: Request, after: Position = 0, last_event_id: LastEventId = None
    ) -> StreamingResponse:
        """Events as they happen, from `Last-Event-ID` or `after` on; it ends after a while, to be opened anew."""
        caller: Caller = request.state.caller
        if streams.total() >= MOST_STREAMS or streams[caller.name] >= MOST_OF_ONE:
            text = "Too many streams are open; close one, or read GET /v1/events instead."
            raise Problem(Refusal.TOO_MANY_STREAMS, text, headers={"Retry-After": "5"})
        begin = int(last_event_id) if last_event_id else after
        streams[caller.name] += 1
        headers = {"Content-Type": EVENT_STREAM, "Cache-Control": "no-store"}
        return _TimedStream(_follow(request, book, begin), headers, lambda: streams.subtract([caller.name]))

    return routes


class _TimedStream(StreamingResponse):
    """Ends also when its client takes nothing, which is waiting too; however it ends, its place is free."""

    def __init__(
        self, content: AsyncIterator[bytes], headers: Mapping[str, str], leave: Callable[[], None]
    ) -> None:
        super().__init__(content, headers=headers)
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_STREAM_S + HEARTBEAT_S):
                    await super().__call__(scope, receive, send)
        finally:
            self._leave()


def read(book: Book, after: int, limit: int) -> list[EventView]:
    """The events after a position, as they are told."""
    with book.view() as unit:
        return [event_view(record) for record in unit.events.read(after, limit)]


async def _follow(request: Request, book: Book, after: int) -> AsyncIterator[bytes]:
    """The stream's bytes; a client that is gone or too slow ends it, and so does its time."""
    clock = asyncio.get_running_loop().time
    end = clock() + LONGEST_STREAM_S
    spoke = clock()
    yield b"retry: 1000\n\n"
    while clock() < end and not await request.is_disconnected():
        found = await run_in_threadpool(read, book, after, MOST_A_PAGE)
        for event in found:
            yield _written(event)
            after, spoke = event.position, clock()
        if clock() - spoke > HEARTBEAT_S:
            yield b": still here\n\n"
            spoke = clock()
        if not found:
            await asyncio.sleep(POLL_S)


def _written(event: EventView) -> bytes:
    return f"id: {event.position}\nevent: {event.type}\ndata: {event.model_dump_json()}\n\n".encode()
