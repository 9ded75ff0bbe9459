"""Translates transfers between institutions (MT202 and MT205, with COV) into a pacs.009 with its header.

In a cover payment (119:COV) sequence B tells the customer payment underneath, from the ordering customer on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lxml import etree

from api.iso20022.fin import FinMessage
from api.iso20022.fin_parties import (
    UnreadableField,
    read_customer,
    read_institution,
    write_account,
    write_customer,
    write_institution,
)
from api.iso20022.fin_transfer import (
    Translation,
    is_covered,
    required_field,
    sender_to_receiver,
    translate,
    write_agent,
    write_amount,
    write_leg,
)
from api.iso20022.refusal import Refusal
from api.iso20022.writing import add, add_if

_ORDERING = ("50A", "50F", "50K")
_BENEFICIARY = ("59", "59A", "59F")
_CREDITOR_AGENT = ("57A", "57B", "57D")
_HANDLED = ("INS", "UDLC", "BNF")


def translate_mt202(raw: bytes, now: datetime) -> bytes | Refusal:
    """The pacs.009 that says what this MT202 or MT205 says, or why there is none; see `fin_transfer.translate`."""
    translation = Translation(
        types=("202", "205"),
        identifier="pacs.009.001.08",
        body="FICdtTrf",
        mandatory=(("20",), ("21",), ("32A",), ("58A", "58D")),
        service=_service,
        write=_write_transaction,
    )
    return translate(raw, translation, now)


def _is_cover(message: FinMessage) -> bool:
    return message.user_header.get("119") == "COV"


def _service(message: FinMessage) -> str:
    if _is_cover(message):
        return "swift.cbprplus.cov.03"
    return "swift.cbprplus.adv.03" if is_covered(message) else "swift.cbprplus.03"


def sequences(message: FinMessage) -> tuple[FinMessage, FinMessage | None]:
    """Sequence A, and sequence B where there is one."""
    starts = [place for place, field in enumerate(message.fields) if field.tag in _ORDERING]
    if not _is_cover(message) or not starts:
        return message, None
    first, second = message.fields[: starts[0]], message.fields[starts[0] :]
    return replace(message, fields=first), replace(message, fields=second)


def _write_transaction(node: etree._Element, message: FinMessage, reference: str) -> None:
    first, second = sequences(message)
    identification = add(node, "PmtId")
    add(identification, "InstrId", reference)
    add(identification, "EndToEndId", required_field(first, "21").value.strip())
    add_if(identification, "UETR", message.user_header.get("121"))
    write_amount(node, first)
    write_leg(node, first)
    write_agent(node, "Dbtr", first.first("52A", "52D"), message.sender)
    write_agent(node, "CdtrAgt", first.first(*_CREDITOR_AGENT))
    write_agent(node, "Cdtr", first.first("58A", "58D"))
    instructions = sender_to_receiver(first)
    for text in (text for code, text in instructions if code == "UDLC" and text):
        add(node, "InstrForCdtrAgt/InstrInf", f"/UDLC/{text}"[:140])
    for code, text in instructions:
        if code not in _HANDLED and text:
            add(node, "InstrForNxtAgt/InstrInf", (f"/{code}/{text}" if code else text)[:140])
    beneficiary_notes = [f"/BNF/{text}" for code, text in instructions if code == "BNF" and text]
    add_if(node, "RmtInf/Ustrd", " ".join(beneficiary_notes)[:140])
    if second is not None:
        _write_underlying(add(node, "UndrlygCstmrCdtTrf"), second)


def _write_underlying(node: etree._Element, message: FinMessage) -> None:
    """Sequence B: whose payment this covers."""
    ordering = required_field(message, *_ORDERING)
    customer = read_customer(ordering)
    write_customer(node, "Dbtr", customer)
    write_account(node, "DbtrAcct", customer.account)
    write_agent(node, "DbtrAgt", message.first("52A", "52D"), message.sender)
    intermediary = message.first("56A", "56C", "56D")
    if intermediary is not None:
        write_institution(node, "IntrmyAgt1", read_institution(intermediary))
    write_agent(node, "CdtrAgt", message.first("57A", "57B", "57C", "57D"), message.receiver)
    beneficiary = message.first(*_BENEFICIARY)
    if beneficiary is None:
        raise UnreadableField(ordering, "has no beneficiary customer (59) with it")
    creditor = read_customer(beneficiary)
    write_customer(node, "Cdtr", creditor)
    write_account(node, "CdtrAcct", creditor.account)
    remittance = message.first("70")
    add_if(node, "RmtInf/Ustrd", " ".join(remittance.lines)[:140] if remittance else None)
