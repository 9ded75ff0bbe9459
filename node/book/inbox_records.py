"""What the book keeps of messages that hold several payments or none, and of payments that wait; frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from node.domain.reasons import Finding


class InboxVerdict(Enum):
    """Whether a message was taken for instructions, each of which then has a fate of its own, or refused whole."""

    TAKEN = "taken"
    REFUSED = "refused"


class WaitKind(Enum):
    """What a payment waits for before anything is done for it."""

    SETTLEMENT_DATE = "settlement_date"
    COVER = "cover"
    UNDERLYING = "underlying"


@dataclass(frozen=True)
class InboxLine:
    """One instruction of a message, by the identifiers that an answer quotes.

    `block` is the payment information it stands in, empty where there is none. `uetr` is the payment it became,
    None where it became none, for `findings`; `stated_uetr` is what it is called either way.
    """

    position: int
    block: str
    instruction_id: str | None
    end_to_end_id: str
    transaction_id: str | None
    stated_uetr: str
    uetr: str | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class InboxRecord:
    """A message as it came, what was answered at once, and what was answered when all of it had ended.

    `key` is our own name for it. `findings` is what stands against the message as a whole.
    """

    key: str
    counterparty: str
    name: str
    message_id: str | None
    verdict: InboxVerdict
    body: bytes
    digest: bytes
    at: datetime
    findings: tuple[Finding, ...]
    answer: bytes
    final_answer: bytes | None = None
    lines: tuple[InboxLine, ...] = ()


@dataclass(frozen=True)
class Wait:
    """Why nothing is done for a payment yet, and until when (unix time).

    `settlement_date` is the day on which it will be taken; `requested_date` is the one that was asked for.
    """

    kind: WaitKind
    until_s: int
    text: str
    requested_date: date | None = None
    settlement_date: date | None = None
    ended_at: datetime | None = None
