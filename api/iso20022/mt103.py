"""Translates a single customer credit transfer (MT103, also STP and REMIT) into a pacs.008 with its header.

The result is an ordinary message: it goes through the same schema and rules as one that came as XML.
"""

from __future__ import annotations

import re
from datetime import datetime

from lxml import etree

from api.iso20022.fin import FinMessage
from api.iso20022.fin_parties import (
    Institution,
    UnreadableField,
    read_customer,
    write_account,
    write_customer,
    write_institution,
)
from api.iso20022.fin_transfer import (
    Translation,
    read_amount,
    read_rate,
    required_field,
    sender_to_receiver,
    translate,
    write_agent,
    write_amount,
    write_leg,
)
from api.iso20022.refusal import Refusal
from api.iso20022.writing import add, add_if

_BEARERS = {"OUR": "DEBT", "SHA": "SHAR", "BEN": "CRED"}
_CREDITOR_AGENT_CODES = ("CHQB", "HOLD", "PHOB", "TELB")
_ORDERING = ("50A", "50F", "50K")
_BENEFICIARY = ("59", "59A", "59F")
_END_TO_END = re.compile(r"/ROC/(?P<reference>[^/\n](?:[^\n]*?[^/\n])?)(?=/{1,3}[A-Z]{3}/|//|\n|$)")


def translate_mt103(raw: bytes, now: datetime) -> bytes | Refusal:
    """The pacs.008 that says what this MT103 says, or why there is none; see `fin_transfer.translate`."""
    translation = Translation(
        types=("103",),
        identifier="pacs.008.001.08",
        body="FIToFICstmrCdtTrf",
        mandatory=(("20",), ("32A",), _ORDERING, _BENEFICIARY, ("71A",)),
        service=lambda _: "swift.cbprplus.03",
        write=_write_transaction,
    )
    return translate(raw, translation, now)


def _write_transaction(node: etree._Element, message: FinMessage, reference: str) -> None:
    identification = add(node, "PmtId")
    add(identification, "InstrId", reference)
    add(identification, "EndToEndId", _end_to_end_id(message))
    add_if(identification, "UETR", message.user_header.get("121"))
    _write_type(node, message)
    _write_amounts(node, message)
    write_leg(node, message)
    customer = read_customer(required_field(message, *_ORDERING))
    write_customer(node, "Dbtr", customer)
    write_account(node, "DbtrAcct", customer.account)
    write_agent(node, "DbtrAgt", message.first("52A", "52D"), message.sender)
    write_agent(node, "CdtrAgt", message.first("57A", "57B", "57C", "57D"), message.receiver)
    beneficiary = read_customer(required_field(message, *_BENEFICIARY))
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
    instructions = dict(sender_to_receiver(message))
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
    currency = write_amount(node, message)
    instructed, rate = message.first("33B"), message.first("36")
    if instructed is not None:
        number, ordered = read_amount(instructed)
        add(node, "InstdAmt", number).set("Ccy", ordered)
    if rate is not None:
        add(node, "XchgRate", read_rate(rate))
    bearer = required_field(message, "71A")
    if bearer.value.strip() not in _BEARERS:
        raise UnreadableField(bearer, "is none of OUR, SHA, BEN")
    add(node, "ChrgBr", _BEARERS[bearer.value.strip()])
    _write_charges(node, message, currency)


def _write_charges(node: etree._Element, message: FinMessage, currency: str) -> None:
    """Fields 71F and 71G do not say who charged; CRED needs a charge, so none is written as zero (CBPR+)."""
    charges = [read_amount(field) for field in message.fields if field.tag in ("71F", "71G")]
    if not charges and required_field(message, "71A").value.strip() == "BEN":
        charges = [("0", currency)]
    nobody = Institution(None, "NOTPROVIDED", (), None, None, None)
    for number, charged in charges:
        charge = add(node, "ChrgsInf")
        add(charge, "Amt", number).set("Ccy", charged)
        write_institution(charge, "Agt", nobody)


def _write_instructions(node: etree._Element, message: FinMessage) -> None:
    """Codes of 23E and texts of 72 for the creditor agent (/ACC/), then those for the receiver."""
    for field in message.all("23"):
        if field.tag == "23E" and field.value[:4] in _CREDITOR_AGENT_CODES:
            instruction = add(node, "InstrForCdtrAgt")
            add(instruction, "Cd", field.value[:4])
            add_if(instruction, "InstrInf", field.value[5:])
    entries = sender_to_receiver(message)
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
