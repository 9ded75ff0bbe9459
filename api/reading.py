"""From the bytes of a message to the payment in it, as this institution reads it today; refusals are problems."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from api.institution import Institution
from api.iso20022.pacs008 import CREDIT_TRANSFERS, Unreadable, read_credit_transfer
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.refusal import Refusal as Unread
from api.iso20022.refusal import RefusalKind
from api.problems import Kind, Problem, problem_of
from node.domain.payment import Payment
from node.domain.reasons import Finding, Reason
from node.settlement.ports import Clock, Written

# What leaves no one payment to record; any other broken rule is answered with RJCT and recorded.
NO_PAYMENT: Final[tuple[Kind, ...]] = (
    *(kind for kind in RefusalKind if kind is not RefusalKind.TOO_LARGE),
    Reason.NUMBER_OF_TRANSACTIONS_WRONG,
    Reason.CURRENCY_UNKNOWN,
    Reason.AMOUNT_HAS_TOO_MANY_DECIMALS,
    Reason.DEBTOR_AGENT_UNKNOWN,
    Reason.CREDITOR_AGENT_UNKNOWN,
)
_FURTHEST_AHEAD = timedelta(hours=14)


@dataclass(frozen=True)
class Taken:
    """A payment with the message it stands in, and what the rules say against it."""

    payment: Payment
    errors: tuple[Finding, ...]
    message: Written


def read_payment(institution: Institution, raw: bytes) -> Taken:
    """The payment in these bytes; raises Problem where there is none to be read."""
    message = _message(institution, raw)
    read = read_credit_transfer(
        message,
        today=latest_today(institution.office.clock),
        minted_uetr=str(uuid.uuid4()),
        directory={one.lei: one.bic for one in institution.office.directory.participants()},
    )
    if isinstance(read, Unreadable):
        raise problem_of(read.errors)
    written = Written(message.identifier, read.payment.message_id, raw)
    return Taken(read.payment, read.errors, written)


def latest_today(clock: Clock) -> date:
    """The date where the day is furthest ahead: a settlement date is not in the future if it is today anywhere."""
    return (datetime.fromtimestamp(clock.now_s(), UTC) + _FURTHEST_AHEAD).date()


def _message(institution: Institution, raw: bytes) -> ParsedMessage:
    message = parse(raw, institution.catalogue, institution.limits.max_bytes)
    if isinstance(message, Unread):
        raise Problem(message.kind, message.findings[0].text, message.findings)
    if message.identifier not in CREDIT_TRANSFERS:
        text = f"This address takes {', '.join(sorted(CREDIT_TRANSFERS))}, not {message.identifier}."
        rule = "message.unsupported-message"
        finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, "Document", message.identifier, rule)
        raise Problem(RefusalKind.UNSUPPORTED_MESSAGE, text, (finding,))
    return message
