"""Institutions in messages: usually by BIC, in some schemes by LEI or by their number in a clearing system."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from api.iso20022.tree import text_at
from api.iso20022.writing import add, add_if
from node.domain.party import Agent, bic11

Directory = Mapping[str, str]
"""BICs by another identification: an LEI, or clearing system and member number such as `USABA/021040078`."""


def read_agent(node: etree._Element | None, directory: Directory) -> Agent | None:
    """The institution that an agent element names, or None where its BIC is not stated and cannot be found."""
    if node is None:
        return None
    bic = _bic_of(node, directory)
    if bic is None:
        return None
    return Agent(bic11(bic), text_at(node, "FinInstnId/Nm"), text_at(node, "FinInstnId/LEI"))


def _bic_of(node: etree._Element, directory: Directory) -> str | None:
    stated = text_at(node, "FinInstnId/BICFI")
    if stated:
        return stated
    known = (directory.get(name) for name in other_names(node))
    return next((bic for bic in known if bic), None)


def other_names(node: etree._Element) -> tuple[str, ...]:
    """What an agent is called apart from its BIC: LEI, and clearing system and member number."""
    lei = text_at(node, "FinInstnId/LEI")
    member = text_at(node, "FinInstnId/ClrSysMmbId/MmbId")
    system = text_at(node, "FinInstnId/ClrSysMmbId/ClrSysId/Cd")
    names = (lei, f"{system}/{member}" if system and member else member)
    return tuple(name for name in names if name)


def write_agent(parent: etree._Element, tag: str, agent: Agent) -> etree._Element:
    """Append an agent by BIC and LEI; its name is left out, for a name needs an address beside it (CBPR+)."""
    node = add(parent, tag)
    identification = add(node, "FinInstnId")
    add(identification, "BICFI", agent.bic)
    add_if(identification, "LEI", agent.lei)
    return node
