"""The JSON bodies of the inbox: whole messages with their instructions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas import Body, ReasonView
from node.book.inbox_records import InboxVerdict


class InboxLineView(Body):
    """One instruction of a message; `payment` is where it is found, none where it became no payment."""

    position: int
    block: Annotated[str | None, Field(description="the payment information (PmtInfId) that it stands in")]
    instruction_id: str | None
    end_to_end_id: str
    uetr: str
    payment: str | None
    status: Annotated[str, Field(description="ISO 20022 external payment transaction status code")]
    reasons: list[ReasonView]


class InboxMessage(Body):
    """A message as it came, what was answered at once and at the end, and every instruction of it as it stands."""

    id: str
    name: Annotated[str, Field(examples=["pain.001.001.09", "MT103"])]
    message_id: str | None
    received_at: datetime
    verdict: InboxVerdict
    status: Annotated[str, Field(description="of all instructions: theirs where it is one, PART, ACTC or RJCT")]
    reasons: list[ReasonView]
    instructions: list[InboxLineView]
    body: str
    answer: Annotated[str, Field(description="the report or reject that was answered")]
    final_answer: Annotated[str | None, Field(description="the report when every instruction had ended")]


class InboxList(Body):
    """A page of messages, the newest first; `next` is the `after` of the following page."""

    messages: list[InboxMessage]
    next: str | None
