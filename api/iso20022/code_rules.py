"""Warns of codes that are in no external code set we know: lists grow, so an unknown code stops nothing."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from api.iso20022.reference_data import external_codes
from api.iso20022.subject import Breach, Subject, breach
from api.iso20022.tree import name_of

# The code set of a Cd by the name of the element that it stands in.
_SETS = {
    "Purp": "Purpose1",
    "CtgyPurp": "CategoryPurpose1",
    "SvcLvl": "ServiceLevel1",
    "LclInstrm": "LocalInstrument1",
    "ClrSysId": "ClearingSystemIdentification1",
    "ClrSys": "CashClearingSystem1",
}


def codes(subject: Subject) -> Iterator[Breach]:
    """Purposes, service levels, local instruments and clearing systems are known codes."""
    for node in subject.document.iter("{*}Cd"):
        if not is_known_code(node):
            code, name = (node.text or "").strip(), _set_of(node)
            text = f"{code} is no code of External{name}Code that is known here; it goes on as a proprietary one."
            yield breach("base.code-known", node, text)


def is_known_code(node: etree._Element) -> bool:
    """Whether a Cd is a published code; one of a set that is not looked at counts as known."""
    name = _set_of(node)
    return name is None or (node.text or "").strip() in external_codes()[name]


def _set_of(node: etree._Element) -> str | None:
    parent = node.getparent()
    return None if parent is None else _SETS.get(name_of(parent))
