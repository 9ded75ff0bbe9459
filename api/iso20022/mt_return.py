"""Translates returns in the dress of payments (MT103, 202 and 205 with /RETN/ in field 72) into a pacs.004.

What is returned is named by /MREF/ (the sender's reference of the original) and /TREF/, else by field 21; roles
are those of the return, so its debtor is whom the original was to reach.
"""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from api.iso20022.fin import FinMessage, read_fin
from api.iso20022.fin_parties import UnreadableField, read_customer, write_customer
from api.iso20022.fin_transfer import (
    codes_of_72,
    header_of,
    missing_field,
    moment,
    read_amount,
    refuse_field,
    required_field,
    write_agent,
    write_dated_amount,
)
from api.iso20022.reference_data import external_codes
from api.iso20022.refusal import Refusal, RefusalKind, refuse
from api.iso20022.writing import add, add_if, new_root, serialise

IDENTIFIER = "pacs.004.001.09"
_BEARERS = {"OUR": "DEBT", "SHA": "SHAR", "BEN": "CRED"}
_ORDERING = ("50A", "50F", "50K")
_BENEFICIARY = ("59", "59A", "59F")
_MANDATORY = {
    "103": (("20",), ("32A",), _ORDERING, _BENEFICIARY),
    "202": (("20",), ("32A",), ("58A", "58D")),
    "205": (("20",), ("32A",), ("52A", "52D"), ("58A", "58D")),
}


def is_return(message: FinMessage) -> bool:
    """Whether field 72 makes a payment message the return of another."""
    entries = codes_of_72(message)
    return bool(entries) and entries[0][0] == "RETN"


def translate_return(raw: bytes, now: datetime) -> bytes | Refusal:
    """The pacs.004 that says what this return says, or why there is none."""
    message = read_fin(raw)
    if isinstance(message, Refusal):
        return message
    if message.type not in _MANDATORY or not is_return(message):
        text = f"This MT{message.type} is no return: field 72 does not begin with /RETN/."
        return refuse(RefusalKind.UNSUPPORTED_MESSAGE, text, value=message.type)
    missing = missing_field(message, _MANDATORY[message.type])
    if missing is not None:
        return missing
    try:
        return _written(message, message.sent_at or now)
    except UnreadableField as problem:
        return refuse_field(message, problem)


def _written(message: FinMessage, created: datetime) -> bytes:
    reference = required_field(message, "20").value.strip()
    document = new_root(IDENTIFIER)
    body = add(document, "PmtRtr")
    group = add(body, "GrpHdr")
    add(group, "MsgId", reference)
    add(group, "CreDtTm", moment(created))
    add(group, "NbOfTxs", "1")
    add(group, "SttlmInf/SttlmMtd", "INDA")
    _write_transaction(add(body, "TxInf"), message, reference)
    header = header_of(message, IDENTIFIER, "swift.cbprplus.03", reference, created)
    return serialise(document, header)


def _write_transaction(node: etree._Element, message: FinMessage, reference: str) -> None:
    entries = dict(codes_of_72(message))
    add(node, "RtrId", reference)
    add_if(node, "OrgnlInstrId", entries.get("MREF") or (None if "TREF" in entries else _related(message)))
    add_if(node, "OrgnlEndToEndId", entries.get("TREF"))
    add_if(node, "OrgnlUETR", message.user_header.get("121"))
    write_dated_amount(node, message, "RtrdIntrBkSttlmAmt")
    instructed, bearer = message.first("33B"), message.first("71A")
    if instructed is not None:
        number, currency = read_amount(instructed)
        add(node, "RtrdInstdAmt", number).set("Ccy", currency)
    add(node, "ChrgBr", _BEARERS.get(bearer.value.strip() if bearer else "SHA", "SHAR"))
    add(node, "InstgAgt/FinInstnId/BICFI", message.sender)
    add(node, "InstdAgt/FinInstnId/BICFI", message.receiver)
    chain = add(node, "RtrChain")
    _write_customers(chain, message) if message.type == "103" else _write_institutions(chain, message)
    _write_reason(node, message)


def _related(message: FinMessage) -> str | None:
    """The reference in field 21 of a return between institutions."""
    field = message.first("21")
    stated = field.value.strip() if field else ""
    return None if stated in ("", "NONREF") else stated


def _write_customers(chain: etree._Element, message: FinMessage) -> None:
    write_customer(add(chain, "Dbtr"), "Pty", read_customer(required_field(message, *_ORDERING)))
    write_agent(chain, "DbtrAgt", message.first("52A", "52D"), message.sender, with_account=False)
    _write_creditor_agent(chain, message)
    write_customer(add(chain, "Cdtr"), "Pty", read_customer(required_field(message, *_BENEFICIARY)))


def _write_institutions(chain: etree._Element, message: FinMessage) -> None:
    debtor = add(chain, "Dbtr")
    write_agent(debtor, "Agt", message.first("52A", "52D"), message.sender, with_account=False)
    _write_creditor_agent(chain, message)
    write_agent(add(chain, "Cdtr"), "Agt", message.first("58A", "58D"), with_account=False)


def _write_creditor_agent(chain: etree._Element, message: FinMessage) -> None:
    write_agent(chain, "CdtrAgt", message.first("57A", "57B", "57D"), with_account=False)


def _write_reason(node: etree._Element, message: FinMessage) -> None:
    """The code behind /RETN/ where ISO 20022 has it, else NARR and the line in words; then what else is said."""
    said = [entry for entry in codes_of_72(message) if entry[0] not in ("RETN", "MREF", "TREF")]
    known = next((entry for entry in said if entry[0] in external_codes()["ReturnReason1"]), None)
    information = add(node, "RtrRsnInf")
    add(information, "Rsn/Cd", known[0] if known else "NARR")
    add_if(information, "AddtlInf", known[1] if known else None)
    for code, text in said:
        if (code, text) != known and text:
            add(information, "AddtlInf", f"/{code}/{text}"[:105])
