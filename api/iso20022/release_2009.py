"""Lifts elements of the release of 2009 to the names and shapes of 2019, in which the same things are said."""

from __future__ import annotations

from lxml import etree

from api.iso20022.tree import children, name_of, namespace_of
from api.iso20022.writing import add

_RENAMED = {
    "BIC": "BICFI",
    "BICOrBEI": "AnyBIC",
    "AdmstnZn": "AdmstnZone",
}
_LOCATION = {"RmtLctnMtd": "Mtd", "RmtLctnElctrncAdr": "ElctrncAdr", "RmtLctnPstlAdr": "PstlAdr"}


def lifted(document: etree._Element) -> etree._Element:
    """The document itself, changed in place."""
    for node in list(document.iter("{*}*")):
        name = name_of(node)
        if name in _RENAMED:
            _rename(node, _RENAMED[name])
        elif name == "AdrTp" and not len(node):
            _wrap(node, "Cd")
        elif name in ("DscntApldAmt", "TaxAmt") and node.get("Ccy"):
            _wrap(node, "Amt")
        elif name == "RltdRmtInf":
            _lift_location(node)
        elif name == "CtctDtls":
            _lift_contact(node)
    return document


def _rename(node: etree._Element, name: str) -> None:
    node.tag = f"{{{namespace_of(node)}}}{name}"


def _wrap(node: etree._Element, tag: str) -> None:
    """Move a leaf's content into an element of its own below it."""
    inner = add(node, tag, node.text)
    node.text = None
    for name, value in list(node.attrib.items()):
        inner.set(name, value)
    node.attrib.clear()


def _lift_location(node: etree._Element) -> None:
    """Method and addresses stand together; a location without a method cannot be said any more."""
    parts = [child for child in children(node) if name_of(child) in _LOCATION]
    if not parts:
        return
    has_method = any(name_of(part) == "RmtLctnMtd" for part in parts)
    details = add(node, "RmtLctnDtls") if has_method else None
    for part in parts:
        node.remove(part)
        if details is not None:
            _rename(part, _LOCATION[name_of(part)])
            details.append(part)


def _lift_contact(node: etree._Element) -> None:
    """A contact's other address was free text; it becomes one of a channel that is called other."""
    for child in list(children(node)):
        if name_of(child) == "Othr":
            text = child.text
            child.text = None
            add(child, "ChanlTp", "OTHR")
            add(child, "Id", text)
