"""What goes out is stricter than what comes in: addresses hybrid or structured, external codes published ones.

Nothing is made up for that and nothing lost: address lines without town and country stand beside the payment, in
supplementary data that names their place, and a code that is in no published set is told as a proprietary one.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from api.iso20022.code_rules import is_known_code
from api.iso20022.reference_data import country_codes
from api.iso20022.tree import children, find, find_all, name_of, namespace_of, path_of, text_at
from api.iso20022.writing import add

ADDRESS_NAMESPACE: Final = "urn:corridor:address:1"
_LINE: Final = f"{{{ADDRESS_NAMESPACE}}}Line"
_COUNTRY_AND_TOWN: Final = re.compile(r"(?P<country>[A-Z]{2})/(?P<town>[^/\s][^/]{0,34})")
_BEFORE_TOWN: Final = (
    *("AdrTp", "CareOf", "Dept", "SubDept", "StrtNm", "BldgNb", "BldgNm", "Flr"),
    *("UnitNb", "PstBx", "Room", "PstCd"),
)
_BEFORE_COUNTRY: Final = (*_BEFORE_TOWN, "TwnNm", "TwnLctnNm", "DstrctNm", "CtrySubDvsn")


def fit_for_sending(transaction: etree._Element) -> None:
    """Make a transaction of ours one that may leave; what it says stays the same."""
    for node in list(transaction.iter("{*}Cd")):
        if not is_known_code(node):
            node.tag = f"{{{namespace_of(node)}}}Prtry"
    for address in list(transaction.iter("{*}PstlAdr")):
        lines = find_all(address, "AdrLine")
        if lines and not _is_completed(address, lines):
            _set_aside(transaction, address, lines)


def lines_aside(transaction: etree._Element, place: str) -> tuple[str, ...]:
    """The address lines that were set aside for the address at this place, such as `Dbtr/PstlAdr`."""
    for data in find_all(transaction, "SplmtryData"):
        if text_at(data, "PlcAndNm") == place:
            return tuple(line.text or "" for line in data.iter(_LINE))
    return ()


def _is_completed(address: etree._Element, lines: list[etree._Element]) -> bool:
    """Whether the address says its town and country, or a line does in FIN's form, `CN/SHANGHAI`."""
    town, country = find(address, "TwnNm"), find(address, "Ctry")
    if town is not None and country is not None:
        return True
    if town is not None or country is not None:
        return False
    for line in lines:
        said = _COUNTRY_AND_TOWN.fullmatch((line.text or "").strip())
        if said is not None and said["country"] in country_codes():
            address.remove(line)
            _insert(address, "TwnNm", said["town"].rstrip(), _BEFORE_TOWN)
            _insert(address, "Ctry", said["country"], _BEFORE_COUNTRY)
            return True
    return False


def _insert(address: etree._Element, tag: str, text: str, before: tuple[str, ...]) -> None:
    node = etree.Element(f"{{{namespace_of(address)}}}{tag}")
    node.text = text
    address.insert(sum(1 for child in children(address) if name_of(child) in before), node)


def _set_aside(transaction: etree._Element, address: etree._Element, lines: list[etree._Element]) -> None:
    place = path_of(address, transaction)
    data = add(transaction, "SplmtryData")
    add(data, "PlcAndNm", place)
    envelope = add(data, "Envlp")
    aside = etree.SubElement(envelope, f"{{{ADDRESS_NAMESPACE}}}Address", nsmap={None: ADDRESS_NAMESPACE})
    for line in lines:
        etree.SubElement(aside, _LINE).text = line.text
        address.remove(line)
    parent = address.getparent()
    if parent is not None and not any(True for _ in children(address)):
        parent.remove(address)
