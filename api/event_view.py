"""An event as everybody outside sees it, the same in the list, on the stream and in a webhook.

No account number is told: an entry is named as its notification and its statement name it (AcctSvcrRef).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from api.iso20022.codes import STATUS_OF
from api.schemas import Body
from node.book.events import BookedEntry, EventRecord, WrittenMessage
from node.domain.lifecycle import State


class EventView(Body):
    """Something that happened here; `position` counts this institution's events without a gap."""

    position: Annotated[int, Field(ge=1)]
    type: Annotated[str, Field(examples=["payment.settled"])]
    timestamp: Annotated[str, Field(description="UTC, RFC 3339")]
    data: dict[str, Any]


class EventList(Body):
    """Events in order; `next` is the `after` of the following page, and stays where nothing is new."""

    events: list[EventView]
    next: int


def event_view(record: EventRecord) -> EventView:
    """The event in JSON; its bytes are the same whenever it is told."""
    return EventView(
        position=record.position,
        type=record.kind,
        timestamp=record.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        data={name: value for name, value in _data(record).items() if value is not None},
    )


def webhook_id(record: EventRecord) -> str:
    """The event's own name, the same at every attempt to deliver it."""
    return f"evt_{record.position}"


def masked_account(number: str) -> str:
    """The last four characters of an account number, and of a short one the last two.

    >>> masked_account("6228901020030040051"), masked_account("123456"), masked_account("12")
    ('***0051', '***56', '***')
    """
    shown = 4 if len(number) >= 10 else 2 if len(number) >= 6 else 0
    return "***" + number[len(number) - shown :]


def _data(record: EventRecord) -> dict[str, Any]:
    about: dict[str, Any] = {"uetr": record.uetr}
    if record.kind.startswith("payment."):
        state = State(record.kind.removeprefix("payment.").upper())
        about |= {"state": state.value, "status": STATUS_OF[state], "version": record.version}
        about["side"] = record.side.value if record.side else None
    if record.message is not None:
        about |= _message(record.message)
    if record.entry is not None:
        about |= _entry(record.entry)
    if record.transaction_hash is not None:
        about |= {"transaction_hash": record.transaction_hash, "status": record.kind.removeprefix("transfer.")}
    if record.kind.startswith("case."):
        about |= {"reference": record.subject, "state": record.kind.removeprefix("case.").upper()}
    elif record.subject is not None:
        about[f"{record.kind.partition('.')[0]}_id"] = record.subject
    return about


def _message(message: WrittenMessage) -> dict[str, Any]:
    return {
        "name": message.name,
        "message_id": message.message_id,
        "counterparty": message.counterparty,
        "digest": message.digest.hex(),
    }


def _entry(entry: BookedEntry) -> dict[str, Any]:
    return {
        "entry": f"ENTRY{entry.number}",
        "account": masked_account(entry.account),
        "amount": entry.amount.minor,
        "currency": entry.amount.currency.code,
        "text": entry.text,
        "transaction_hash": entry.transaction_hash,
        "block_number": entry.block_number,
    }
