"""Rules of CBPR+ on who is named and how: parties, address lines, charges, instructions to the creditor agent.

Like those in `cbpr_rules` they are told as warnings, to messages whose header says that they follow CBPR+.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from api.iso20022.cbpr_rules import is_unstructured
from api.iso20022.subject import Breach, Subject, breach
from api.iso20022.tree import find, find_all, name_of, text_at

_PARTIES = ("Dbtr", "Cdtr", "UltmtDbtr", "UltmtCdtr", "InitgPty")
_EXCLUSIVE = (frozenset({"CHQB", "HOLD"}), frozenset({"PHOB", "TELB"}))
_HYBRID_LINES, _HYBRID_LENGTH = 2, 70
_FREE_LINES, _FREE_LENGTH = 3, 35
_REMITTANCE_LENGTH = 9_000


def parties(subject: Subject) -> Iterator[Breach]:
    """A party is named by its AnyBIC alone, or by its name."""
    for node in subject.transaction.iter(*(f"{{*}}{tag}" for tag in _PARTIES)):
        if find(node, "FinInstnId") is not None:
            continue
        has_bic = text_at(node, "Id/OrgId/AnyBIC") is not None
        has_name, has_address = find(node, "Nm") is not None, find(node, "PstlAdr") is not None
        if has_bic and (has_name or has_address):
            yield breach("cbpr.party", node, f"{name_of(node)} has AnyBIC, so neither Nm nor PstlAdr.")
        elif not has_bic and not has_name:
            yield breach("cbpr.party", node, f"{name_of(node)} needs a name (Nm) or AnyBIC.")


def address_lines(subject: Subject) -> Iterator[Breach]:
    """A hybrid address has two lines of 70 at most, which repeat nothing; lines alone are three of 35."""
    for node in subject.document.iter("{*}PstlAdr"):
        lines = find_all(node, "AdrLine")
        free = is_unstructured(node)
        most, length = (_FREE_LINES, _FREE_LENGTH) if free else (_HYBRID_LINES, _HYBRID_LENGTH)
        if len(lines) > most or any(len(line.text or "") > length for line in lines):
            yield breach("cbpr.address-lines", node, f"AdrLine stands {most} times at most here, {length} long.")
        elif lines and not free and _repeats(node, lines):
            yield breach("cbpr.address-lines", node, "AdrLine repeats what TwnNm or PstCd says already.")


def _repeats(node: etree._Element, lines: list[etree._Element]) -> bool:
    told = {(text_at(node, tag) or "").casefold() for tag in ("TwnNm", "PstCd")} - {""}
    return any((line.text or "").strip().casefold() in told for line in lines)


def charges(subject: Subject) -> Iterator[Breach]:
    """CRED tells the charges taken, if only as zero; DEBT tells one charge at most."""
    told, bearer = find_all(subject.transaction, "ChrgsInf"), text_at(subject.transaction, "ChrgBr")
    node = find(subject.transaction, "ChrgBr")
    if node is None:
        return
    if bearer == "CRED" and not told:
        yield breach("cbpr.charges", node, "With CRED there is a ChrgsInf, of zero where nothing was taken.")
    if bearer == "DEBT" and len(told) > 1:
        yield breach("cbpr.charges", node, "With DEBT there is one ChrgsInf at most.")


def instructions(subject: Subject) -> Iterator[Breach]:
    """The creditor agent is not told two things of which only one can be done."""
    nodes = find_all(subject.transaction, "InstrForCdtrAgt")
    codes = {text_at(node, "Cd") for node in nodes}
    for pair in _EXCLUSIVE:
        if pair <= codes:
            text = f"InstrForCdtrAgt says {' or '.join(sorted(pair))}, not both."
            yield breach("cbpr.instructions", nodes[0], text)


def remittance_length(subject: Subject) -> Iterator[Breach]:
    """Structured remittance has 9,000 characters at most, without its tags."""
    node = find(subject.transaction, "RmtInf")
    if node is None:
        return
    length = sum(len("".join(str(text) for text in one.itertext()).strip()) for one in find_all(node, "Strd"))
    if length > _REMITTANCE_LENGTH:
        yield breach("cbpr.remittance-length", node, f"Strd has {length} characters, more than 9,000.")
