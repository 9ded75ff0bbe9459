"""What comes after settlement needs from outside: a scribe, a reporter, and a messenger to others.

The API room implements both. An office without them settles payments and answers no recalls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from node.book.cases import CaseRecord
from node.book.records import PaymentRecord
from node.domain.party import Participant
from node.domain.payment_return import ReturnOrder
from node.domain.recall import Answer
from node.settlement.ports import Refused, Unreachable, Written
from node.settlement.reporting import Reporter


@dataclass(frozen=True)
class ReadAnswer:
    """What another institution answered to a recall of ours; `code` and `text` say why it refuses.

    `return_uetr` is the return that it promises, where it names it.
    """

    case_id: str
    answer: Answer
    code: str | None
    text: str
    return_uetr: str | None = None


class Scribe(Protocol):
    """Writes and reads the messages of recalls and returns; pure, so it may be called inside a unit of work."""

    def recall(self, case: CaseRecord, original: PaymentRecord) -> Written:
        """Our back office's request as the other institution shall get it."""
        ...

    def answer(self, case: CaseRecord, answer: Answer) -> Written:
        """The answer to whoever asked in this case."""
        ...

    def read_answer(self, body: bytes) -> ReadAnswer | None:
        """What an answer to a recall says; None where it is none."""
        ...

    def give_back(self, original: PaymentRecord, order: ReturnOrder, text: str) -> Written:
        """The return, as our back office would have ordered it."""
        ...


class Messenger(Protocol):
    """Carries one message to another institution; never raises for what a network can do."""

    def pass_on(self, peer: Participant, message: bytes) -> bytes | Refused | Unreachable:
        """Hand a message over and get the message that answers it, empty where it needs no answer."""
        ...


@dataclass(frozen=True)
class Aftercare:
    """All three."""

    scribe: Scribe
    messenger: Messenger
    reporter: Reporter


class NoAftercare(Exception):
    """This office was opened without a scribe, a reporter and a messenger."""
