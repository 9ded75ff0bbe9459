"""What the payment messages of FIN have in common: header, settlement, agents, amounts, field 72."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from api.iso20022.fin import Field, FinMessage, read_fin
from api.iso20022.fin_parties import (
    Institution,
    UnreadableField,
    read_institution,
    write_account,
    write_institution,
)
from api.iso20022.refusal import Refusal, RefusalKind, refuse
from api.iso20022.writing import add, new_root, serialise, timestamp

_NUMBER = re.compile(r"\d+,\d*")
_MONEY = re.compile(r"(?P<currency>[A-Z]{3})(?P<number>\d+,\d*)")
_DATED_MONEY = re.compile(r"(?P<day>\d{6})" + _MONEY.pattern)
_INSTRUCTION = re.compile(r"/(?P<code>[A-Z][A-Z0-9]{2,7})/(?P<text>.*)")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")


@dataclass(frozen=True)
class Translation:
    """How one type of MT becomes an MX; `mandatory` lists fields as their tags with option letters.

    `write` fills the message's own element, `service` names the business service for the header.
    """

    types: tuple[str, ...]
    identifier: str
    body: str
    mandatory: tuple[tuple[str, ...], ...]
    service: Callable[[FinMessage], str]
    write: Callable[[etree._Element, FinMessage, str], None]


def translate(raw: bytes, translation: Translation, now: datetime) -> bytes | Refusal:
    """The MX that says what this MT says, with its header, or why there is none.

    `now` is when a message that does not tell when it was sent is taken to be. A return (/RETN/ or /REJT/ in
    field 72) is refused: it is not a payment.
    """
    message = read_fin(raw)
    if isinstance(message, Refusal):
        return message
    if message.type not in translation.types:
        text = f"MT{message.type} is not supported here."
        return refuse(RefusalKind.UNSUPPORTED_MESSAGE, text, value=message.type)
    missing = missing_field(message, translation.mandatory)
    if missing is not None:
        return missing
    try:
        return _written(message, translation, message.sent_at or now)
    except UnreadableField as problem:
        return refuse_field(message, problem)


def missing_field(message: FinMessage, mandatory: tuple[tuple[str, ...], ...]) -> Refusal | None:
    """The refusal for the first field that is not there or empty, or None; each is given as its tags with options.

    A field of several options is named as SWIFT's handbooks name it, by a small a: `50a` is any of 50A, 50F, 50K.
    """
    for tags in mandatory:
        field = message.first(*tags)
        if field is None or not field.value.strip():
            name = tags[0] if len(tags) == 1 else f"{tags[0][:2]}a"
            options = "" if len(tags) == 1 else f" ({' or '.join(tags)})"
            fault = "missing" if field is None else "empty"
            text = f"Field {name}{options} is required and {fault}."
            return refuse(RefusalKind.FIELD_INVALID, text, element=f"MT{message.type}/{name}")
    return None


def refuse_field(message: FinMessage, problem: UnreadableField) -> Refusal:
    """The refusal for a field that does not have the form of its tag."""
    place, value = f"MT{message.type}/{problem.field.tag}", problem.field.value[:100]
    return refuse(RefusalKind.FIELD_INVALID, str(problem), element=place, value=value)


def _written(message: FinMessage, translation: Translation, created: datetime) -> bytes:
    reference = required_field(message, "20").value.strip()
    document = new_root(translation.identifier)
    body = add(document, translation.body)
    group = add(body, "GrpHdr")
    add(group, "MsgId", reference)
    add(group, "CreDtTm", moment(created))
    add(group, "NbOfTxs", "1")
    _write_settlement(add(group, "SttlmInf"), message)
    translation.write(add(body, "CdtTrfTxInf"), message, reference)
    service = translation.service(message)
    return serialise(document, header_of(message, translation.identifier, service, reference, created))


def moment(created: datetime) -> str:
    """A moment as `writing.timestamp` writes it, without milliseconds where there are none."""
    return timestamp(created).replace(".000+", "+")


def header_of(
    message: FinMessage, identifier: str, service: str, reference: str, created: datetime
) -> etree._Element:
    """The business header of what an MT becomes."""
    header = new_root("head.001.001.02", "AppHdr")
    add(header, "Fr/FIId/FinInstnId/BICFI", message.sender)
    add(header, "To/FIId/FinInstnId/BICFI", message.receiver)
    add(header, "BizMsgIdr", reference)
    add(header, "MsgDefIdr", identifier)
    add(header, "BizSvc", service)
    add(header, "CreDt", moment(created))
    return header


def required_field(message: FinMessage, *tags: str) -> Field:
    """The first field with one of these tags; raises LookupError, for `translate` has seen that it is there."""
    field = message.first(*tags)
    if field is None:
        raise LookupError(f"no field {tags[0]}")
    return field


def is_covered(message: FinMessage) -> bool:
    """Whether the money comes separately, through reimbursement agents (fields 53 and 54)."""
    return message.first("53A", "53D", "54A", "54D") is not None


def _write_settlement(node: etree._Element, message: FinMessage) -> None:
    """Fields 53 to 55: reimbursement agents mean cover; an account in 53B is where the two banks settle."""
    if not is_covered(message):
        add(node, "SttlmMtd", "INDA")
        account = message.first("53B")
        if account is not None and account.value.startswith("/"):
            write_account(node, "SttlmAcct", read_institution(account).account)
        return
    add(node, "SttlmMtd", "COVE")
    agents = {"Instg": ("53A", "53D"), "Instd": ("54A", "54D"), "Thrd": ("55A", "55D")}
    for tag, options in agents.items():
        write_agent(node, f"{tag}RmbrsmntAgt", message.first(*options))


def write_amount(node: etree._Element, message: FinMessage) -> str:
    """Append what is settled and when (field 32A); returns the currency."""
    return write_dated_amount(node, message, "IntrBkSttlmAmt")


def write_dated_amount(node: etree._Element, message: FinMessage, tag: str) -> str:
    """Append field 32A with its amount under the name `tag`; returns the currency."""
    number, currency, settled = read_dated_amount(required_field(message, "32A"))
    add(node, tag, number).set("Ccy", currency)
    add(node, "IntrBkSttlmDt", settled.isoformat())
    return currency


def read_dated_amount(field: Field) -> tuple[str, str, date]:
    """The number, the currency and the day of field 32A."""
    match = _DATED_MONEY.fullmatch(field.value.strip())
    if match is None:
        raise UnreadableField(field, "is not a date, a currency and an amount")
    return plain_number(match["number"]), match["currency"], read_day(field, match["day"])


def read_amount(field: Field) -> tuple[str, str]:
    """The number and the currency of a field such as 33B."""
    match = _MONEY.fullmatch(field.value.strip())
    if match is None:
        raise UnreadableField(field, "is not a currency and an amount")
    return plain_number(match["number"]), match["currency"]


def read_rate(field: Field) -> str:
    """The number of field 36."""
    if not _NUMBER.fullmatch(field.value.strip()):
        raise UnreadableField(field, "is not a number")
    return plain_number(field.value.strip())


def plain_number(text: str) -> str:
    """A FIN number (`7138,40`) in the shortest form of XML Schema (`7138.4`)."""
    return format(Decimal(text.replace(",", ".").rstrip(".") or "0").normalize(), "f")


def read_day(field: Field, digits: str) -> date:
    """A day of FIN: years 80 to 99 are of the last century."""
    try:
        year = int(digits[:2])
        return date(year + (1900 if year >= 80 else 2000), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        raise UnreadableField(field, f"has no such day: {digits}") from None


def write_agent(
    node: etree._Element,
    tag: str,
    field: Field | None,
    otherwise: str | None = None,
    *,
    with_account: bool = True,
) -> None:
    """Append an agent and its account from a field, or by the BIC that stands for it where there is no field."""
    if field is not None:
        institution = read_institution(field)
        write_institution(node, tag, institution)
        if with_account:
            write_account(node, f"{tag}Acct", institution.account)
    elif otherwise is not None:
        add(node, f"{tag}/FinInstnId/BICFI", otherwise)


def write_leg(node: etree._Element, message: FinMessage) -> None:
    """Append who passed the payment on before (/INS/, at most three), sender, receiver, and the intermediary."""
    previous = [text for code, text in sender_to_receiver(message) if code == "INS" and text]
    for place, text in enumerate(previous[:3], start=1):
        write_institution(node, f"PrvsInstgAgt{place}", named_institution(text))
    add(node, "InstgAgt/FinInstnId/BICFI", message.sender)
    add(node, "InstdAgt/FinInstnId/BICFI", message.receiver)
    write_agent(node, "IntrmyAgt1", message.first("56A", "56C", "56D"))


def named_institution(text: str) -> Institution:
    """An institution from free text: by BIC where it is one by form, else by name.

    NOTPROVIDED has the form of a BIC, of a bank in Romania even, and is none.
    """
    bic = _BIC.fullmatch(text) if text != "NOTPROVIDED" else None
    return Institution(text if bic else None, None if bic else text, (), None, None, None)


def sender_to_receiver(message: FinMessage) -> list[tuple[str, str]]:
    """Field 72 of a payment; raises UnreadableField for a return or a reject, which is none."""
    field, entries = message.first("72"), codes_of_72(message)
    if field is not None and entries and entries[0][0] in ("RETN", "REJT"):
        raise UnreadableField(field, "makes this a return or reject, not a payment")
    return entries


def codes_of_72(message: FinMessage) -> list[tuple[str, str]]:
    """Field 72 as codes and texts; a line that begins with // continues the one before."""
    field = message.first("72")
    entries: list[tuple[str, str]] = []
    for line in field.lines if field else ():
        match = _INSTRUCTION.fullmatch(line)
        if match is not None:
            entries.append((match["code"], match["text"]))
        elif entries:
            code, text = entries[-1]
            entries[-1] = (code, f"{text} {line.removeprefix('//')}".strip())
        elif line.strip():
            entries.append(("", line))
    return entries
