"""The JSON bodies of the API: amounts are integers in minor units with their currency, times are UTC (RFC 3339).

What is written here is what the OpenAPI document says; the views are built from the book's records elsewhere.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from node.book.inbox_records import WaitKind

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code", examples=["CNY"])]
# 2**256 - 1 has 78 digits: the most a token can hold. JSON readers that use floats must take care above 2**53.
MinorUnits = Annotated[int, Field(strict=True, ge=0, lt=2**256, description="integer in minor units")]
Uetr = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        description="unique end-to-end transaction reference (UUID version 4, lower case)",
    ),
]


MOST_PROPOSALS: Final = 100


class Body(BaseModel):
    """A JSON body: unknown members are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Amount(Body):
    """So much of a currency, in its minor units: 1050 CNY is ten yuan fifty."""

    amount: Annotated[int, Field(description="integer in minor units")]
    currency: CurrencyCode


class ReasonView(Body):
    """Why a payment ended or waits."""

    code: Annotated[str, Field(description="ISO 20022 external status reason code", examples=["AC01"])]
    text: str
    reason: Annotated[str, Field(description="our own stable name of the reason")]
    element: str | None = None
    value: str | None = None
    rule: str | None = None
    retryable: Annotated[bool, Field(description="whether a new instruction may succeed later")]
    responsible_party: str


class StepView(Body):
    """A state with the moment the payment entered it."""

    state: str
    status: Annotated[str, Field(description="ISO 20022 external payment transaction status code")]
    at: datetime


class WaitView(Body):
    """What a payment waits for; `until` is when it is taken without, or ends for want of it (a cover)."""

    kind: WaitKind
    until: datetime
    requested_date: date | None
    settlement_date: Annotated[date | None, Field(description="the business day on which it will be settled")]
    text: str


class PartOf(Body):
    """The message of several instructions that a payment came in."""

    message: Annotated[str, Field(description="where that message is found")]
    position: int


class ChainView(Body):
    """Where on chain the payment was included."""

    transaction_hash: str
    block_number: int
    block_hash: str


class PaymentView(Body):
    """A payment and all that happened to it here."""

    uetr: str
    state: str
    status: Annotated[str, Field(description="ISO 20022 external payment transaction status code")]
    reasons: list[ReasonView]
    debit: Annotated[Amount, Field(description="what leaves the debtor agent's settlement account")]
    credit: Annotated[Amount, Field(description="what reaches the creditor agent's settlement account")]
    history: list[StepView]
    chain: ChainView | None
    return_of: Annotated[str | None, Field(description="UETR of the payment that this one gives back")] = None
    warnings: Annotated[
        list[ReasonView], Field(description="what the rules remarked on its message; refuses nothing")
    ]
    waits_for: Annotated[WaitView | None, Field(description="why nothing is done for it yet")]
    part_of: PartOf | None


class PaymentLine(Body):
    """A payment in a list."""

    uetr: str
    side: Literal["debtor_agent", "creditor_agent"]
    state: str
    status: str
    debit: Amount
    credit: Amount
    received_at: datetime


class PaymentList(Body):
    """A page of payments, the newest first; `next` is the `after` of the following page."""

    payments: list[PaymentLine]
    next: str | None


class MessageView(Body):
    """A message of a payment, as it came or went; `body` is its XML, byte for byte."""

    direction: Literal["in", "out"]
    counterparty: str
    name: Annotated[str, Field(examples=["pacs.008.001.08"])]
    message_id: str | None
    at: datetime
    digest: Annotated[str, Field(description="SHA-256 of the body, in hexadecimal digits")]
    body: str


class MessageList(Body):
    """All messages of one payment, in the order in which they came and went."""

    uetr: str
    messages: list[MessageView]


class QuoteWish(Body):
    """A wish to exchange; exactly one of the amounts is given, or both to have a quote for exactly these."""

    sell_currency: CurrencyCode
    buy_currency: CurrencyCode
    sell_amount: MinorUnits | None = None
    buy_amount: MinorUnits | None = None

    @model_validator(mode="after")
    def _something_to_exchange(self) -> QuoteWish:
        if self.sell_amount is None and self.buy_amount is None:
            raise ValueError("one of sell_amount and buy_amount is needed")
        if 0 in (self.sell_amount, self.buy_amount):
            raise ValueError("an amount must be above zero")
        if self.sell_currency == self.buy_currency:
            raise ValueError("the two currencies must differ")
        return self


class QuoteView(Body):
    """A firm quote, kept in our book: name it in a payment, once, before it expires."""

    quote_id: str
    sell: Amount
    buy: Amount
    rate: Annotated[str, Field(description="units bought for one unit sold, in major units", examples=["0.505"])]
    provider: Annotated[str, Field(description="BIC of the FX provider that signed it")]
    expires_at: datetime


class ParticipantView(Body):
    """An institution as registered on chain."""

    bic: str
    lei: str
    name: str
    roles: list[str]
    status: str
    settlement_address: str
    api_address: str
    jurisdiction: str
    message_key: Annotated[str, Field(description="ed25519 public key, hexadecimal")]


class ParticipantList(Body):
    """All participants of the network."""

    participants: list[ParticipantView]


class AccountView(Body):
    """A cash account in this institution's book."""

    account: str
    scheme: str
    kind: str
    status: str
    holder: str | None
    wallet_address: str | None
    currency: CurrencyCode
    balance: Annotated[int, Field(description="booked, in minor units")]
    reserved: Annotated[int, Field(description="reserved by payments under way, in minor units")]
    available: Annotated[int, Field(description="balance less reserved, in minor units")]


class AccountList(Body):
    """All cash accounts of this institution."""

    accounts: list[AccountView]


class Health(Body):
    """The process answers."""

    status: Literal["ok"]
    bic: str
    version: str


class Check(Body):
    """One thing this node needs, and whether it has it."""

    name: str
    ok: bool
    text: str


class Readiness(Body):
    """Whether this node can take payments forward."""

    status: Literal["ready", "not_ready"]
    checks: list[Check]


class PaymentProposal(Body):
    """What a debtor agent shows the creditor agent; typed data as wallet.typed_data writes it."""

    message: Annotated[str, Field(description="the pacs.008 as text")]
    instruction: dict[str, str]
    quote: dict[str, str] | None
    quote_signature: Annotated[str, Field(pattern=r"^0x[0-9a-f]{130}$")] | None = None


class AcceptanceView(Body):
    """The creditor agent's signed word: expiry in unix seconds, 65-byte signature in hexadecimal digits."""

    expiry: int
    signature: str


class PaymentAnswer(Body):
    """The creditor agent's pacs.002, with its acceptance unless it refuses."""

    message: str
    acceptance: AcceptanceView | None


class QuoteAsked(Body):
    """A participant's wish to exchange; amounts are decimal strings of minor units."""

    sell_currency: CurrencyCode
    sell_amount: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,77}$")] | None
    buy_currency: CurrencyCode
    buy_amount: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,77}$")] | None
    taker_bic: str


class QuoteGiven(Body):
    """A firm quote as typed data, with the provider's signature."""

    quote: dict[str, str]
    signature: str


class ErrorView(Body):
    """One thing that was wrong."""

    element: str | None
    value: str | None
    rule: str | None
    text: str
    code: str
    iso_reason: str | None


class ProblemDocument(Body):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None
    code: Annotated[str, Field(description="stable name of the problem")]
    iso_reason: Annotated[str | None, Field(description="ISO 20022 external status reason code")]
    retryable: Annotated[bool, Field(description="whether the same request may succeed later")]
    responsible_party: Annotated[str, Field(description="who must act")]
    errors: list[ErrorView]
    trace_id: str
    message: Annotated[
        str | None, Field(description="the same as a message reject (admi.002), where a message was refused")
    ] = None


class PaymentProposals(Body):
    """Many payments that a debtor agent shows one creditor agent at once."""

    payments: Annotated[list[PaymentProposal], Field(min_length=1, max_length=MOST_PROPOSALS)]


class ProposalAnswer(Body):
    """What the creditor agent says to one of them: its answer, or the problem for which there is none."""

    answer: PaymentAnswer | None = None
    problem: ProblemDocument | None = None


class ProposalAnswers(Body):
    """One answer for each payment, in their order."""

    answers: list[ProposalAnswer]


Json = dict[str, Any]
