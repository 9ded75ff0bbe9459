"""What the rules look at: a pacs.008, taken apart once, and what a rule has to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lxml import etree

from api.iso20022.header import BusinessHeader
from api.iso20022.parse import ParsedMessage
from api.iso20022.rulebook import Profile
from api.iso20022.tree import find_all, required, text_at

QUOTE_PREFIX = "/QUOTE/"


@dataclass(frozen=True)
class Subject:
    """A credit transfer under examination on the day `today`; `transaction` is its first."""

    identifier: str
    document: etree._Element
    header: BusinessHeader | None
    group: etree._Element
    transaction: etree._Element
    transactions: tuple[etree._Element, ...]
    today: date


@dataclass(frozen=True)
class Breach:
    """A rule that is broken, by its id, and the element and value that break it."""

    rule: str
    node: etree._Element
    text: str
    value: str | None


def subject_of(message: ParsedMessage, today: date) -> Subject:
    """The parts of a pacs.008 that the rules ask about."""
    group = required(message.body, "GrpHdr")
    transactions = tuple(find_all(message.body, "CdtTrfTxInf"))
    return Subject(
        message.identifier, message.document, message.header, group, transactions[0], transactions, today
    )


def breach(rule: str, node: etree._Element, text: str) -> Breach:
    """A broken rule whose value is the element's own text, with its currency where it has one."""
    value = (node.text or "").strip() if len(node) == 0 else None
    currency = node.get("Ccy")
    return Breach(rule, node, text, f"{currency} {value}" if currency else value)


_BY_SERVICE = {"swift.cbprplus.": Profile.CBPR_PLUS, "swift.hvps": Profile.HVPS_PLUS}


def profile_of(subject: Subject) -> Profile:
    """Whose rules the message says it follows, by its business service or by the local instrument INST."""
    service = (subject.header.business_service or "") if subject.header else ""
    for prefix, profile in _BY_SERVICE.items():
        if service.startswith(prefix):
            return profile
    is_instant = text_at(subject.transaction, "PmtTpInf/LclInstrm/Cd") == "INST"
    return Profile.INSTANT if is_instant else Profile.BASE


def quote_id_of(transaction: etree._Element) -> str | None:
    """The firm quote that an instruction for the next agent names (`/QUOTE/` and its id), or None.

    The release of 2025 has an element of its own for it, which is read too.
    """
    agreed = text_at(transaction, "AgrdRate/QtId")
    if agreed:
        return agreed
    for instruction in find_all(transaction, "InstrForNxtAgt"):
        text = text_at(instruction, "InstrInf") or ""
        if text.startswith(QUOTE_PREFIX):
            return text.removeprefix(QUOTE_PREFIX).split("/")[0].strip()
    return None
