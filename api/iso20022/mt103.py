"""Translates a single customer credit transfer (MT103, also STP and REMIT) into a pacs.008 with its header.

The result is an ordinary message: it goes through the same schema and rules as one that came as XML.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from api.iso20022.fin import Field, FinMessage, read_fin
from api.iso20022.fin_parties import (
    Institution,
    UnreadableField,
    read_customer,
    read_institution,
    write_account,
    write_customer,
    write_institution,
)
from api.iso20022.refusal import Refusal, RefusalKind, refuse
from api.iso20022.writing import add, add_if, new_root, serialise, timestamp

IDENTIFIER = "pacs.008.001.08"
_BUSINESS_SERVICE = "swift.cbprplus.03"
_BEARERS = {"OUR": "DEBT", "SHA": "SHAR", "BEN": "CRED"}
_CREDITOR_AGENT_CODES = ("CHQB", "HOLD", "PHOB", "TELB")
_NUMBER = re.compile(r"\d+,\d*")
_MONEY = re.compile(r"(?P<currency>[A-Z]{3})(?P<number>\d+,\d*)")
_DATED_MONEY = re.compile(r"(?P<day>\d{6})" + _MONEY.pattern)
_END_TO_END = re.compile(r"/ROC/(?P<reference>[^/\n](?:[^\n]*?[^/\n])?)(?=/{1,3}[A-Z]{3}/|//|\n|$)")
_INSTRUCTION = re.compile(r"/(?P<code>[A-Z]{3,8})/(?P<text>.*)")
_MANDATORY = (("20",), ("32A",), ("50A", "50F", "50K"), ("59", "59A", "59F"), ("71A",))


def translate_mt103(raw: bytes, now: datetime) -> bytes | Refusal:
    """The pacs.008 that says what this MT103 says, or why there is none.

    `now` is when a message that does not tell when it was sent is taken to be. A return (/RETN/ or /REJT/ in
    field 72) is refused: it is not a payment.
    """
    message = read_fin(raw)
    if isinstance(message, Refusal):
        return message
    if message.type != "103":
        return refuse(
            RefusalKind.UNSUPPORTED_MESSAGE, f"MT{message.type} is not supported here.", value=message.type
        )
    missing = [tags for tags in _MANDATORY if message.first(*tags) is None]
    if missing:
        name = missing[0][0]
        return refuse(RefusalKind.FIELD_INVALID, f"Field {name} is required and missing.", element=f"MT103/{name}")
    try:
        return _translated(message, message.sent_at or now)
    except UnreadableField as problem:
        field = problem.field
        return refuse(
            RefusalKind.FIELD_INVALID, str(problem), element=f"MT103/{field.tag}", value=field.value[:100]
        )


def _translated(message: FinMessage, created: datetime) -> bytes:
    reference = _required(message, "20").value.strip()
    document = new_root(IDENTIFIER)
    body = add(document, "FIToFICstmrCdtTrf")
    group = add(body, "GrpHdr")
    add(group, "MsgId", reference)
    add(group, "CreDtTm", _moment(created))
    add(group, "NbOfTxs", "1")
    _write_settlement(add(group, "SttlmInf"), message)
    _write_transaction(add(body, "CdtTrfTxInf"), message, reference)
    return serialise(document, _header(message, reference, created))


def _moment(created: datetime) -> str:
    return timestamp(created).replace(".000+", "+")


def _header(message: FinMessage, reference: str, created: datetime) -> etree._Element:
    header = new_root("head.001.001.02", "AppHdr")
    add(header, "Fr/FIId/FinInstnId/BICFI", message.sender)
    add(header, "To/FIId/FinInstnId/BICFI", message.receiver)
    add(header, "BizMsgIdr", reference)
    add(header, "MsgDefIdr", IDENTIFIER)
    add(header, "BizSvc", _BUSINESS_SERVICE)
    add(header, "CreDt", _moment(created))
    return header


def _required(message: FinMessage, *tags: str) -> Field:
    field = message.first(*tags)
    if field is None:
        raise LookupError(f"no field {tags[0]}")
    return field


def _write_settlement(node: etree._Element, message: FinMessage) -> None:
    """Fields 53 to 55: reimbursement agents mean cover; an account in 53B is where the two banks settle."""
    sender_side, receiver_side = message.first("53A", "53D"), message.first("54A", "54D")
    third, account = message.first("55A", "55D"), message.first("53B")
    if sender_side is None and receiver_side is None:
        add(node, "SttlmMtd", "INDA")
        if account is not None and account.value.startswith("/"):
            write_account(node, "SttlmAcct", read_institution(account).account)
        return
    add(node, "SttlmMtd", "COVE")
    for tag, field in (("Instg", sender_side), ("Instd", receiver_side), ("Thrd", third)):
        if field is not None:
            institution = read_institution(field)
            write_institution(node, f"{tag}RmbrsmntAgt", institution)
            write_account(node, f"{tag}RmbrsmntAgtAcct", institution.account)


def _write_transaction(node: etree._Element, message: FinMessage, reference: str) -> None:
    identification = add(node, "PmtId")
    add(identification, "InstrId", reference)
    add(identification, "EndToEndId", _end_to_end_id(message))
    add_if(identification, "UETR", message.user_header.get("121"))
    _write_type(node, message)
    _write_amounts(node, message)
    _write_previous_agents(node, message)
    add(node, "InstgAgt/FinInstnId/BICFI", message.sender)
    add(node, "InstdAgt/FinInstnId/BICFI", message.receiver)
    _write_agent(node, "IntrmyAgt1", message.first("56A", "56C", "56D"), None)
    customer = read_customer(_required(message, "50A", "50F", "50K"))
    write_customer(node, "Dbtr", customer)
    write_account(node, "DbtrAcct", customer.account)
    _write_agent(node, "DbtrAgt", message.first("52A", "52D"), message.sender)
    _write_agent(node, "CdtrAgt", message.first("57A", "57B", "57C", "57D"), message.receiver)
    beneficiary = read_customer(_required(message, "59", "59A", "59F"))
    write_customer(node, "Cdtr", beneficiary)
    write_account(node, "CdtrAcct", beneficiary.account)
    _write_instructions(node, message)
    _write_remittance(node, message)


def _end_to_end_id(message: FinMessage) -> str:
    field = message.first("70")
    match = _END_TO_END.search(field.value) if field else None
    return match["reference"][:35] if match else "NOTPROVIDED"


def _write_type(node: etree._Element, message: FinMessage) -> None:
    """Service level from block 3, field 23E and /SVCLVL/; local instrument from /LOCINS/; the rest of 23E."""
    instructions = dict(_sender_to_receiver(message))
    codes = [field.value[:4] for field in message.all("23") if field.tag == "23E"]
    others = [code for code in codes if code not in ("SDVA", *_CREDITOR_AGENT_CODES)]
    level, service = message.user_header.get("111"), instructions.get("SVCLVL")
    instrument = instructions.get("LOCINS")
    if not (level or service or instrument or others or "SDVA" in codes):
        return
    kind = add(node, "PmtTpInf")
    add_if(kind, "SvcLvl/Cd", f"G{level}" if level else None)
    add_if(kind, "SvcLvl/Cd", "SDVA" if "SDVA" in codes else None)
    add_if(kind, "SvcLvl/Prtry", service)
    add_if(kind, "LclInstrm/Cd", instrument)
    add_if(kind, "CtgyPurp/Prtry", " ".join(others)[:35])


def _write_amounts(node: etree._Element, message: FinMessage) -> None:
    field = _required(message, "32A")
    match = _DATED_MONEY.fullmatch(field.value.strip())
    if match is None:
        raise UnreadableField(field, "is not a date, a currency and an amount")
    add(node, "IntrBkSttlmAmt", _number(match["number"])).set("Ccy", match["currency"])
    add(node, "IntrBkSttlmDt", _day(field, match["day"]).isoformat())
    instructed = message.first("33B")
    if instructed is not None:
        number, currency = _money(instructed)
        add(node, "InstdAmt", number).set("Ccy", currency)
    rate = message.first("36")
    if rate is not None:
        add(node, "XchgRate", _rate(rate))
    bearer = _required(message, "71A")
    if bearer.value.strip() not in _BEARERS:
        raise UnreadableField(bearer, "is none of OUR, SHA, BEN")
    add(node, "ChrgBr", _BEARERS[bearer.value.strip()])
    _write_charges(node, message, match["currency"])


def _write_charges(node: etree._Element, message: FinMessage, currency: str) -> None:
    """Fields 71F and 71G do not say who charged; CRED needs a charge, so none is written as zero (CBPR+)."""
    charges = [_money(field) for field in message.fields if field.tag in ("71F", "71G")]
    if not charges and _required(message, "71A").value.strip() == "BEN":
        charges = [("0", currency)]
    nobody = Institution(None, "NOTPROVIDED", (), None, None, None)
    for number, charged in charges:
        charge = add(node, "ChrgsInf")
        add(charge, "Amt", number).set("Ccy", charged)
        write_institution(charge, "Agt", nobody)


def _money(field: Field) -> tuple[str, str]:
    match = _MONEY.fullmatch(field.value.strip())
    if match is None:
        raise UnreadableField(field, "is not a currency and an amount")
    return _number(match["number"]), match["currency"]


def _rate(field: Field) -> str:
    if not _NUMBER.fullmatch(field.value.strip()):
        raise UnreadableField(field, "is not a number")
    return _number(field.value.strip())


def _number(text: str) -> str:
    """A FIN number (`7138,40`) in the shortest form of XML Schema (`7138.4`)."""
    return format(Decimal(text.replace(",", ".").rstrip(".") or "0").normalize(), "f")


def _day(field: Field, digits: str) -> date:
    """A day of FIN: years 80 to 99 are of the last century."""
    year = int(digits[:2])
    try:
        return date(year + (1900 if year >= 80 else 2000), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        raise UnreadableField(field, f"has no such day: {digits}") from None


def _write_agent(node: etree._Element, tag: str, field: Field | None, otherwise: str | None) -> None:
    """An agent from its field, or by the BIC that stands for it where there is no field."""
    if field is None:
        if otherwise is not None:
            add(node, f"{tag}/FinInstnId/BICFI", otherwise)
        return
    institution = read_institution(field)
    write_institution(node, tag, institution)
    write_account(node, f"{tag}Acct", institution.account)


def _sender_to_receiver(message: FinMessage) -> list[tuple[str, str]]:
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
    if field is not None and entries and entries[0][0] in ("RETN", "REJT"):
        raise UnreadableField(field, "makes this a return or reject, not a payment")
    return entries


def _write_previous_agents(node: etree._Element, message: FinMessage) -> None:
    """Institutions that passed the payment on before the sender (/INS/), at most three."""
    agents = [text for code, text in _sender_to_receiver(message) if code == "INS" and text]
    for number, text in enumerate(agents[:3], start=1):
        bic = re.fullmatch(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", text)
        institution = Institution(text if bic else None, None if bic else text, (), None, None, None)
        write_institution(node, f"PrvsInstgAgt{number}", institution)


def _write_instructions(node: etree._Element, message: FinMessage) -> None:
    """Codes of 23E and texts of 72 for the creditor agent (/ACC/), then those for the receiver."""
    for field in message.all("23"):
        if field.tag == "23E" and field.value[:4] in _CREDITOR_AGENT_CODES:
            instruction = add(node, "InstrForCdtrAgt")
            add(instruction, "Cd", field.value[:4])
            add_if(instruction, "InstrInf", field.value[5:])
    entries = _sender_to_receiver(message)
    for text in (text for code, text in entries if code == "ACC" and text):
        add(node, "InstrForCdtrAgt/InstrInf", f"/ACC/{text}"[:140])
    for code, text in entries:
        if code not in ("ACC", "INS", "SVCLVL", "LOCINS") and text:
            add(node, "InstrForNxtAgt/InstrInf", (f"/{code}/{text}" if code else text)[:140])


def _write_remittance(node: etree._Element, message: FinMessage) -> None:
    field = message.first("70")
    if field is None:
        return
    lines = [line for line in field.lines if line]
    joined = " ".join(lines)
    add_if(node, "RmtInf/Ustrd", joined if len(joined) <= 140 else "".join(lines)[:140])
