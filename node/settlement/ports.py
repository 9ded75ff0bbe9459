"""What settlement needs from outside, as protocols: other institutions to ask, messages to write, the time.

The API room implements them; the simulation implements them with fakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from node.book.inbox_records import InboxRecord
from node.book.records import PaymentRecord
from node.domain.money import Money
from node.domain.party import Participant
from node.domain.quote import SignedQuote
from node.domain.reasons import Finding
from wallet import typed_data


class Clock(Protocol):
    """The time; a fake one runs the simulation."""

    def now_s(self) -> float:
        """Unix time in seconds."""
        ...


@dataclass(frozen=True)
class Written:
    """A message as written: its name (`pacs.002.001.10`), its own id and its bytes."""

    name: str
    message_id: str
    body: bytes


Remarks = Mapping[str, tuple[Finding, ...]]
NOTHING_SAID: Final[Remarks] = MappingProxyType({})


class Translator(Protocol):
    """Writes the messages of a payment; pure, so it may be called inside a unit of work."""

    def forward(self, record: PaymentRecord, original: bytes) -> Written:
        """The credit transfer as the creditor agent shall get it, from the one we received."""
        ...

    def report(
        self,
        record: PaymentRecord,
        original: bytes,
        remarks: tuple[Finding, ...] = (),
        came_as: str | None = None,
    ) -> Written:
        """The status report that answers `original` with the payment's present state, findings and remarks.

        `came_as` is the name of what came, where `original` is a translation of it (FIN).
        """
        ...

    def report_batch(
        self, entry: InboxRecord, records: Mapping[str, PaymentRecord], remarks: Remarks = NOTHING_SAID
    ) -> Written:
        """The report on every line of a message, in the form its sender reads.

        `records` are its payments and `remarks` what was remarked on them, both by UETR.
        """
        ...


@dataclass(frozen=True)
class AcceptanceRequest:
    """What the debtor agent shows the creditor agent: the message, the instruction, the quote behind it."""

    message: bytes
    instruction: typed_data.Instruction
    quote: typed_data.Quote | None
    quote_signature: bytes | None


@dataclass(frozen=True)
class Accepted:
    """The creditor agent will take it until `expiry_s`; `message` is its pacs.002.

    `remarks` is what it says about the creditor's name, where that is not simply the account holder's.
    """

    message: bytes
    expiry_s: int
    signature: bytes
    remarks: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Refused:
    """It will not; `message` is its pacs.002 where it wrote one."""

    findings: tuple[Finding, ...]
    message: bytes | None = None


@dataclass(frozen=True)
class Unreachable:
    """No usable answer came; trying again is safe, for every request is answered the same way twice."""

    text: str


@dataclass(frozen=True)
class QuoteRequest:
    """A wish to exchange, from the taker's side; one amount may be left to the provider, not both."""

    taker_bic: str
    sell_currency: str
    buy_currency: str
    sell: Money | None
    buy: Money | None


class Correspondent(Protocol):
    """Asks other institutions, over whatever lies between; never raises for what a network can do."""

    def ask_acceptance(
        self, creditor_agent: Participant, request: AcceptanceRequest
    ) -> Accepted | Refused | Unreachable:
        """Show a payment to its creditor agent and get its signed word."""
        ...

    def ask_acceptances(
        self, creditor_agent: Participant, requests: Sequence[AcceptanceRequest]
    ) -> Sequence[Accepted | Refused | Unreachable]:
        """Show many payments to their creditor agent at once; one answer each, in their order."""
        ...

    def ask_quote(self, provider: Participant, request: QuoteRequest) -> SignedQuote | Refused | Unreachable:
        """Ask an FX provider for a firm quote; the signature is not yet checked."""
        ...


Boundary = Callable[[str, str], None]
"""Called with the name of a boundary just crossed and the UETR; the kill tests die here, a node logs here."""
