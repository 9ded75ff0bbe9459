"""Rules of CBPR+, SWIFT's usage of pacs.008 across borders, for messages whose header says that they follow it.

They are told as warnings: a message that only CBPR+ would refuse is still a good pacs.008. The rule on addresses
becomes an error on its day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from api.iso20022.subject import Breach, Subject, breach
from api.iso20022.tree import children, find, find_all, name_of, required

_FIN_X = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")
_REFERENCES = ("MsgId", "InstrId", "EndToEndId", "TxId", "ClrSysRef")
_MOMENTS = ("CreDtTm", "AccptncDtTm", "DbtDtTm", "CdtDtTm")
_AMOUNT_DIGITS = 14
_INSTRUCTION_ID_LENGTH = 16


def instruction_id(subject: Subject) -> Iterator[Breach]:
    """InstrId is there, in 16 characters, without slashes at its ends or two together."""
    identification = required(subject.transaction, "PmtId")
    node = find(identification, "InstrId")
    text = "" if node is None else (node.text or "")
    if node is None:
        yield breach("cbpr.instruction-id", identification, "CBPR+ requires InstrId.")
    elif len(text) > _INSTRUCTION_ID_LENGTH or text != text.strip("/") or "//" in text:
        words = "InstrId has at most 16 characters, no slash at its ends and no two together."
        yield breach("cbpr.instruction-id", node, words)


def characters(subject: Subject) -> Iterator[Breach]:
    """References use the characters that FIN can carry."""
    for node in subject.document.iter(*(f"{{*}}{tag}" for tag in _REFERENCES)):
        if not _FIN_X.fullmatch(node.text or ""):
            yield breach("cbpr.characters", node, f"{name_of(node)} has characters that FIN cannot carry.")


def moments(subject: Subject) -> Iterator[Breach]:
    """Moments carry the offset of their place, not Z."""
    for node in subject.document.iter(*(f"{{*}}{tag}" for tag in _MOMENTS)):
        if (node.text or "").strip().endswith("Z"):
            yield breach("cbpr.offset", node, f"{name_of(node)} must state an offset such as +00:00, not Z.")


def amounts(subject: Subject) -> Iterator[Breach]:
    """Amounts have at most 14 digits, which is what FIN can carry."""
    for node in find_all(subject.transaction, "IntrBkSttlmAmt") + find_all(subject.transaction, "InstdAmt"):
        if sum(character.isdigit() for character in node.text or "") > _AMOUNT_DIGITS:
            yield breach("cbpr.amount-digits", node, f"{name_of(node)} has more than 14 digits.")


def agents(subject: Subject) -> Iterator[Breach]:
    """An institution's name and address stand together."""
    for node in subject.document.iter("{*}FinInstnId"):
        has_name, has_address = (find(node, tag) is not None for tag in ("Nm", "PstlAdr"))
        if has_name != has_address:
            yield breach("cbpr.agent-name-address", node, "Nm and PstlAdr of an institution stand together.")


def addresses(subject: Subject) -> Iterator[Breach]:
    """Addresses state town and country; lines alone are on their way out."""
    for node in subject.document.iter("{*}PstlAdr"):
        if is_unstructured(node):
            yield breach("cbpr.address", node, "PstlAdr needs TwnNm and Ctry; address lines alone will not do.")


def is_unstructured(node: etree._Element) -> bool:
    """Whether an address has lines but does not say its town and country."""
    return any(name_of(child) == "AdrLine" for child in children(node)) and (
        find(node, "TwnNm") is None or find(node, "Ctry") is None
    )


def remittance(subject: Subject) -> Iterator[Breach]:
    """Remittance is told once: free or structured, here or elsewhere."""
    node = find(subject.transaction, "RmtInf")
    if node is None:
        return
    if find(node, "Ustrd") is not None and find(node, "Strd") is not None:
        yield breach("cbpr.remittance", node, "RmtInf is either free (Ustrd) or structured (Strd).")
    if find(subject.transaction, "RltdRmtInf") is not None:
        yield breach("cbpr.remittance", node, "Either RmtInf or RltdRmtInf, not both.")
