"""The JSON bodies of what comes after settlement: returns, cases, messages, statements."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from api.schemas import Amount, Body, CurrencyCode, MinorUnits

ReasonCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
LONGEST_SENTENCE: Final = 500
Sentence = Annotated[str, Field(max_length=LONGEST_SENTENCE, pattern=r"^[^\x00]*$")]  # no database keeps NUL


class PassedMessage(Body):
    """A message from one institution to another: camt.056, camt.029 or pacs.028."""

    message: Annotated[str, Field(description="the message as text")]


class PassedAnswer(Body):
    """The message that answers it; none where it needs no answer."""

    message: str | None


class ReturnWish(Body):
    """Give a received payment back: so much of it, in the currency it credited."""

    return_id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9._-]{1,35}$",
            description="your name for this return; the same one again is the same return",
        ),
    ]
    amount: Annotated[MinorUnits, Field(gt=0)]
    currency: CurrencyCode
    reason: Annotated[ReasonCode, Field(description="ExternalReturnReason1Code", examples=["AC04"])]
    text: Sentence = ""
    from_own_account: Annotated[
        bool, Field(description="pay it from the institution's own account instead of the creditor's")
    ] = False


class ReturnLine(Body):
    """One return of a payment; its UETR is a payment's, to be asked for at `/v1/payments/{uetr}`."""

    uetr: str
    return_id: str | None
    state: str
    status: str
    amount: Amount
    reason: str | None


class ReturnList(Body):
    """What was credited, what has gone or is going back of it, and every return, the oldest first."""

    uetr: str
    credited: Amount
    returned: Annotated[Amount, Field(description="settled or under way")]
    returns: list[ReturnLine]


class KeptMessage(Body):
    """A message in the book, by the digest under which its bytes are found."""

    digest: Annotated[str, Field(description="SHA-256 of the body, in hexadecimal digits")]
    direction: Literal["in", "out"]
    counterparty: str
    name: Annotated[str, Field(examples=["camt.054.001.08"])]
    message_id: str | None
    uetr: str | None
    at: datetime


class KeptMessageList(Body):
    """A page of messages, the newest first; `next` is the `after` of the following page."""

    messages: list[KeptMessage]
    next: str | None


class CaseView(Body):
    """A recall: who asks whom for which payment, and what was answered."""

    reference: str
    case_id: str
    side: Literal["asking", "asked"]
    state: str
    counterparty: Annotated[str, Field(description="BIC of the other institution")]
    uetr: str
    reason: str | None
    reason_text: str
    answer_code: str | None
    answer_text: str
    return_uetr: str | None
    opened_at: datetime
    deadline: datetime


class CaseList(Body):
    """A page of cases, the newest first; `next` is the `after` of the following page."""

    cases: list[CaseView]
    next: str | None


class CaseDecision(Body):
    """What becomes of a case that was brought to us.

    An acceptance gives back `amount` (minor units of the credited currency), or all that is left; a refusal says
    why by a code of ExternalPaymentCancellationRejection1Code.
    """

    decision: Literal["accept", "refuse"]
    amount: Annotated[int | None, Field(strict=True, gt=0, lt=2**256)] = None
    from_own_account: bool = False
    code: Annotated[ReasonCode, Field(examples=["CUST"])] = "CUST"
    text: Sentence = ""
