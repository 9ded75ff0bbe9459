"""Translates requests for cancellation (MT192 and MT292) into a camt.056 with its header.

Field 21 and 11S name the message to be cancelled, field 79 gives the reason and the UETR; fields of the original
may be copied behind it, from which amount and day are taken.
"""

from __future__ import annotations

import re
from datetime import datetime

from lxml import etree

from api.iso20022.fin import Field, FinMessage, read_fin
from api.iso20022.fin_parties import UnreadableField, write_institution
from api.iso20022.fin_transfer import (
    header_of,
    missing_field,
    moment,
    named_institution,
    read_dated_amount,
    read_day,
    refuse_field,
    required_field,
)
from api.iso20022.refusal import Refusal, RefusalKind, refuse
from api.iso20022.writing import add, add_if, new_root, serialise

IDENTIFIER = "camt.056.001.08"
_TYPES = ("192", "292")
_MANDATORY = (("20",), ("21",), ("11S",))
_REASON = re.compile(r"/(?P<code>[A-Z]{2}[A-Z0-9]{2})/(?P<text>.*)")
_UETR = re.compile(r"/UETR/(?P<uetr>[0-9a-f-]{36})")
_NAMES = {"1": "pacs.008", "2": "pacs.009"}


def translate_mt192(raw: bytes, now: datetime) -> bytes | Refusal:
    """The camt.056 that asks what this MT192 or MT292 asks, or why there is none."""
    message = read_fin(raw)
    if isinstance(message, Refusal):
        return message
    if message.type not in _TYPES:
        text = f"MT{message.type} is not supported here."
        return refuse(RefusalKind.UNSUPPORTED_MESSAGE, text, value=message.type)
    missing = missing_field(message, _MANDATORY)
    if missing is not None:
        return missing
    try:
        return _written(message, message.sent_at or now)
    except UnreadableField as problem:
        return refuse_field(message, problem)


def _written(message: FinMessage, created: datetime) -> bytes:
    reference = required_field(message, "20").value.strip()
    document = new_root(IDENTIFIER)
    body = add(document, "FIToFIPmtCxlReq")
    assignment = add(body, "Assgnmt")
    add(assignment, "Id", reference)
    add(assignment, "Assgnr/Agt/FinInstnId/BICFI", message.sender)
    add(assignment, "Assgne/Agt/FinInstnId/BICFI", message.receiver)
    add(assignment, "CreDtTm", moment(created))
    node = add(body, "Undrlyg/TxInf")
    case = add(node, "Case")
    add(case, "Id", reference)
    # FIN does not tell who opened the case: the sender may only hand it on.
    write_institution(add(case, "Cretr"), "Agt", named_institution("NOTPROVIDED"))
    _write_original(node, message)
    _write_reason(node, message)
    header = header_of(message, IDENTIFIER, "swift.cbprplus.03", reference, created)
    return serialise(document, header)


def _write_original(node: etree._Element, message: FinMessage) -> None:
    field = required_field(message, "11S")
    if len(field.lines) < 2 or field.lines[0][:1] not in _NAMES:
        raise UnreadableField(field, "does not name a type of payment and a day")
    original = required_field(message, "21").value.strip()
    group = add(node, "OrgnlGrpInf")
    add(group, "OrgnlMsgId", original)
    add(group, "OrgnlMsgNmId", _NAMES[field.lines[0][:1]])
    day = read_day(field, field.lines[1].strip()[:6])
    add(group, "OrgnlCreDtTm", f"{day.isoformat()}T00:00:00+00:00")
    add(node, "OrgnlInstrId", original)
    add(node, "OrgnlEndToEndId", "NOTPROVIDED")
    add_if(node, "OrgnlUETR", _uetr(message))
    amount = message.first("32A")
    if amount is not None:
        number, currency, settled = read_dated_amount(amount)
        add(node, "OrgnlIntrBkSttlmAmt", number).set("Ccy", currency)
        add(node, "OrgnlIntrBkSttlmDt", settled.isoformat())


def _narrative(message: FinMessage) -> Field | None:
    return message.first("79")


def _uetr(message: FinMessage) -> str | None:
    """The UETR of the payment from field 79, whose lines may be cut, or the one in block 3."""
    field = _narrative(message)
    joined = "".join(line.removeprefix("//") for line in field.lines) if field else ""
    match = _UETR.search(joined)
    return match["uetr"] if match else message.user_header.get("121")


def _write_reason(node: etree._Element, message: FinMessage) -> None:
    field = _narrative(message)
    if field is None:
        return
    match = _REASON.fullmatch(field.lines[0])
    information = add(node, "CxlRsnInf")
    add(information, "Rsn/Cd", match["code"] if match else "NARR")
    first = match["text"] if match else field.lines[0]
    for line in (first, *field.lines[1:]):
        if line.strip() and not line.startswith(("/UETR/", "//")):
            add(information, "AddtlInf", line[:105])
