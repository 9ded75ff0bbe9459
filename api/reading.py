"""From the bytes of a message to the payment in it, as this institution reads it today; refusals are problems."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from api.elements import all_in_message_words
from api.institution import Institution
from api.iso20022.fin import FinMessage, read_fin
from api.iso20022.fin_translation import is_fin, translate_fin
from api.iso20022.pacs008 import CreditTransfer, Unreadable
from api.iso20022.pacs009 import is_cover
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.references import references_of
from api.iso20022.refusal import Refusal as Unread
from api.iso20022.refusal import RefusalKind, refuse
from api.iso20022.transfers import TRANSFERS, read_transfer
from api.iso20022.tree import text_at
from api.problems import Kind, Problem, problem_of
from node.domain.payment import Payment
from node.domain.reasons import Finding, Reason
from node.settlement.ports import Clock, Written
from node.settlement.waiting import Role

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
class Incoming:
    """A message that can be read, and how it came: `came` is its bytes, by the name of their own kind (MT103)."""

    message: ParsedMessage
    came: Written

    @property
    def translated(self) -> Written | None:
        """What the bytes were read as, where they were no ISO 20022 message themselves."""
        if self.message.raw is self.came.body:
            return None
        return Written(self.message.identifier, self.came.message_id, self.message.raw)


@dataclass(frozen=True)
class Taken:
    """A payment with the message it stands in, and what the rules say against it and about it.

    `parsed` is the message as it was read, where it was read for this.
    """

    payment: Payment
    errors: tuple[Finding, ...]
    message: Written
    warnings: tuple[Finding, ...] = ()
    parsed: ParsedMessage | None = None


def read_payment(institution: Institution, raw: bytes) -> Taken:
    """The one payment that another institution proposes; raises Problem where there is none to be read."""
    message = parse(raw, institution.catalogue, institution.limits.max_bytes)
    if isinstance(message, Unread):
        raise unread(message)
    if message.identifier not in TRANSFERS:
        raise unread(unsupported(message.identifier, TRANSFERS))
    read = transfer_in(institution, message)
    if isinstance(read, Unreadable):
        raise problem_of(read.errors)
    written = Written(message.identifier, read.payment.message_id, raw)
    return Taken(read.payment, read.errors, written, read.warnings, message)


def read_incoming(institution: Institution, raw: bytes) -> Incoming | Unread:
    """The message in these bytes, translated where they are FIN; or why they are none."""
    limit = institution.limits.max_bytes
    if not is_fin(raw):
        message = parse(raw, institution.catalogue, limit)
        if isinstance(message, Unread):
            return message
        return Incoming(message, Written(message.identifier, references_of(message).message_id, raw))
    at = datetime.fromtimestamp(institution.office.clock.now_s(), UTC)
    translated = translate_fin(raw, at)
    if isinstance(translated, Unread):
        return translated
    message = parse(translated, institution.catalogue, limit + len(translated))
    if isinstance(message, Unread):
        return replace(message, findings=all_in_message_words(message.findings, fin_name(raw)))
    return Incoming(message, Written(fin_name(raw), references_of(message).message_id, raw))


def fin_name(raw: bytes) -> str:
    """What a FIN message is called: MT and its type, as far as it can be read."""
    message = read_fin(raw)
    return f"MT{message.type}" if isinstance(message, FinMessage) else "MT"


def transfer_in(institution: Institution, message: ParsedMessage) -> CreditTransfer | Unreadable:
    """The payment of a pacs.008 or pacs.009 of one transaction, as it reads at this institution today."""
    return read_transfer(
        message,
        today=latest_today(institution.office.clock),
        minted_uetr=str(uuid.uuid4()),
        directory={one.lei: one.bic for one in institution.office.directory.participants()},
    )


def role_of(message: ParsedMessage) -> Role:
    """Whether a credit transfer brings its money, waits for a cover, or is one."""
    if is_cover(message):
        return Role.COVER
    method = text_at(message.body, "GrpHdr/SttlmInf/SttlmMtd")
    return Role.COVERED if method == "COVE" else Role.DIRECT


def unread(refusal: Unread) -> Problem:
    """The problem that bytes which are no message amount to."""
    return Problem(refusal.kind, refusal.findings[0].text, refusal.findings)


def not_fin() -> Unread:
    """The refusal of text that was announced as a FIN message and is none."""
    text = "This is no FIN message, which begins with {1:F01; send XML as application/xml."
    return refuse(RefusalKind.NOT_FIN, text)


def unsupported(identifier: str, taken: frozenset[str]) -> Unread:
    """The refusal of a message that we know, at an address that takes others."""
    text = f"This address takes {in_short(taken)}, not {identifier}."
    rule = "message.unsupported-message"
    finding = Finding(Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA, text, "Document", identifier, rule)
    return Unread(RefusalKind.UNSUPPORTED_MESSAGE, (finding,), identifier)


def in_short(identifiers: frozenset[str]) -> str:
    """Messages by name, each with its versions.

    >>> in_short(frozenset({"pacs.008.001.08", "pacs.008.001.10", "camt.056.001.08"}))
    'camt.056.001.08, pacs.008.001.08 (.10)'
    """
    versions: dict[str, list[str]] = {}
    for identifier in sorted(identifiers):
        versions.setdefault(identifier[:8], []).append(identifier)
    return ", ".join(
        first + (f" ({' '.join(one[-3:] for one in others)})" if others else "")
        for first, *others in versions.values()
    )


def latest_today(clock: Clock) -> date:
    """The date where the day is furthest ahead: a settlement date is not in the future if it is today anywhere."""
    return (datetime.fromtimestamp(clock.now_s(), UTC) + _FURTHEST_AHEAD).date()
