"""What the book keeps, as frozen values: they leave the book, no session and no table ever does.

A record is a picture of a row at one moment; changing it means handing a replaced copy back to a unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from node.domain.lifecycle import Event, State
from node.domain.money import Currency, Money
from node.domain.party import AccountScheme
from node.domain.payment import Payment, Side
from node.domain.quote import Quote, SignedQuote
from node.domain.reasons import Finding


class UetrTaken(Exception):
    """A payment of this UETR is in the book already; the unit goes on as if nothing had been added."""


class MessageIdTaken(Exception):
    """This counterparty has sent a message of this identification before; nothing was added."""


class StaleRecord(Exception):
    """The payment was changed by somebody else since this record was read: read again and decide again."""


class UnknownAccount(Exception):
    """No cash account of this number is in the book."""


class EntryConflict(Exception):
    """The same entry was booked before with another amount: the book contradicts its source, stop and look."""


class BookTrouble(Exception):
    """The database could not do what was asked, for no fault of the caller's; asking again later is right."""


class BookBusy(BookTrouble):
    """Another writer held the book for longer than the busy timeout; nothing was written."""


class BookFull(BookTrouble):
    """The database has no room left; nothing was written."""


class BookUnreachable(BookTrouble):
    """The database went away. A unit that was being committed is in the book or is not: read before deciding."""


@dataclass(frozen=True)
class Step:
    """One state a payment was in, since when, and the event that led there (None for the first)."""

    state: State
    at: datetime
    event: Event | None


@dataclass(frozen=True)
class PaymentRecord:
    """A payment as this institution keeps it: what was asked, where it stands, and everything signed for it.

    `message_digest` is the SHA-256 of the credit transfer between the agents; `instruction` is the typed
    instruction as canonical JSON. Past `deadline_s` (unix time) the payment expires unless it is on its way to
    the chain. `due_at_s` says when the engine should look next. `version` counts the changes; a change to an
    older version is refused. `sequence` is the number of an instruction in the bulk grade, None in the strict.
    """

    uetr: str
    side: Side
    state: State
    payment: Payment
    findings: tuple[Finding, ...]
    history: tuple[Step, ...]
    message_digest: bytes | None
    instruction: str | None
    instruction_signature: bytes | None
    quote: SignedQuote | None
    acceptance_signature: bytes | None
    acceptance_expiry_s: int | None
    deadline_s: int
    due_at_s: float
    attempts: int
    transaction_hash: str | None
    block_number: int | None
    block_hash: str | None
    block_time_s: int | None
    received_at: datetime
    version: int
    sequence: int | None = None
    instruction_expiry_s: int | None = None


@dataclass(frozen=True)
class EndedPayment:
    """A payment that has come to an end, as far as it can be compared with the chain; `number` orders the book."""

    number: int
    uetr: str
    state: State
    instruction: str


@dataclass(frozen=True)
class MessageRecord:
    """An ISO message as it came ("in") or left ("out"), byte for byte.

    `counterparty` is a BIC or "back-office", `name` the message definition ("pacs.008.001.08"), `digest` the
    SHA-256 of what came or left, also where `body` is erased. An empty `message_id` counts as none. A statement is
    about no one payment: no `uetr`; `account` then says whose key it is sealed with, and is not read back.
    """

    uetr: str | None
    direction: str
    counterparty: str
    name: str
    message_id: str | None
    body: bytes
    at: datetime
    digest: bytes
    account: str | None = None


class AccountKind(Enum):
    """Whose money an account holds: a customer's, or the institution's own."""

    CUSTOMER = "customer"
    OWN = "own"


class AccountStatus(Enum):
    """Whether an account may be used."""

    OPEN = "open"
    BLOCKED = "blocked"
    CLOSED = "closed"


@dataclass(frozen=True)
class CashAccountRecord:
    """An account in the institution's book: one number, one currency.

    `balance` is what is booked; `reserved` the part of it set aside for payments under way.
    """

    number: str
    scheme: AccountScheme
    kind: AccountKind
    currency: Currency
    holder: str | None
    wallet_address: str | None
    status: AccountStatus
    balance: Money
    reserved: Money

    @property
    def available(self) -> Money:
        """What a new payment may use: booked less reserved."""
        return self.balance - self.reserved


@dataclass(frozen=True)
class ReservationRecord:
    """Money of an account set aside for one payment."""

    uetr: str
    account: str
    amount: Money


@dataclass(frozen=True)
class EntryRecord:
    """One booked movement of an account, signed; chain entries name their log, transfers within the book none."""

    account: str
    amount: Money
    uetr: str | None
    transaction_hash: str | None
    block_number: int | None
    log_index: int | None
    text: str
    at: datetime


class EvmTransactionStatus(Enum):
    """How far a kept transaction has come.

    Reverted means it is in a block and changed nothing; replaced, that another transaction with its nonce is in a
    final block, so that it never can be in one.
    """

    SIGNED = "signed"
    INCLUDED = "included"
    FINAL = "final"
    REVERTED = "reverted"
    REPLACED = "replaced"


@dataclass(frozen=True)
class EvmTransactionRecord:
    """A signed transaction, kept before it is broadcast; every broadcast is these very bytes.

    `lane` is the address that sends and whose nonces are counted; `purpose` is "settle", "cancel" and the like.
    Transactions of one lane and nonce differ in `attempt`: at most one of them can ever be in a block.
    """

    transaction_hash: str
    lane: str
    nonce: int
    purpose: str
    uetr: str | None
    raw: bytes
    created_at: datetime
    broadcast_count: int
    last_broadcast_s: float | None
    status: EvmTransactionStatus
    block_number: int | None
    attempt: int = 0


@dataclass(frozen=True)
class TransferRecord:
    """A wallet holder's signed transfer that we carry: its terms, and the place in a lane that carries it.

    `transfer_id` is the hash of the terms for one token on one chain; `amount` in minor units. `failure` says why
    it can never settle in that place; it may be given another.
    """

    transfer_id: str
    currency: str
    debtor: str
    creditor: str
    amount: int
    lane: str
    nonce: int
    failure: str | None
    created_at: datetime


@dataclass(frozen=True)
class LaneRecord:
    """A lane: its address, the nonces it has allotted (first_nonce up to, not including, next_nonce).

    `stopped` says why nothing more is sent down it, and what to do; `trouble`, what it last met and may get over.
    """

    lane: str
    next_nonce: int
    first_nonce: int
    stopped: str | None
    trouble: str | None


class QuoteDirection(Enum):
    """Whether we gave the quote (as FX provider) or took it."""

    GIVEN = "given"
    TAKEN = "taken"


class QuoteStatus(Enum):
    """A quote is open until a payment uses it or its time is over."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True)
class QuoteRecord:
    """A signed quote in the book; `uetr` is the payment that uses it."""

    quote: Quote
    signature: bytes
    provider_bic: str
    direction: QuoteDirection
    status: QuoteStatus
    uetr: str | None
    created_at: datetime


class DeliveryStatus(Enum):
    """Whether a webhook's delivery waits for its time, is done, or has failed too often."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
