"""The business application header (head.001): who sends which message to whom, apart from the message itself."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from api.iso20022.definition import NAMESPACE_PREFIX
from api.iso20022.institutions import write_agent
from api.iso20022.tree import children, find, namespace_of, text_at
from api.iso20022.writing import add, add_if, new_root, plain_copy
from node.domain.party import Agent

HEADER_PREFIX = NAMESPACE_PREFIX + "head.001.001."
WRITTEN_VERSION = "head.001.001.02"


@dataclass(frozen=True)
class HeaderEnd:
    """One end of a header's route: an institution by BIC or by its member number in a clearing system."""

    bic: str | None
    member: str | None = None


@dataclass(frozen=True)
class BusinessHeader:
    """What a header says, in the header's own words; `identifier` is the header's version.

    `node` is the element it was read from; treat it as read-only.
    """

    identifier: str
    sender: HeaderEnd
    addressee: HeaderEnd
    message_id: str
    message_definition: str
    business_service: str | None
    created_at: str
    copy_or_duplicate: str | None
    possible_duplicate: bool
    node: etree._Element


def read_header(node: etree._Element | None) -> BusinessHeader | None:
    """The header's content, or None where there is no header."""
    if node is None:
        return None
    return BusinessHeader(
        identifier=namespace_of(node).removeprefix(NAMESPACE_PREFIX),
        sender=_end(node, "Fr"),
        addressee=_end(node, "To"),
        message_id=text_at(node, "BizMsgIdr") or "",
        message_definition=text_at(node, "MsgDefIdr") or "",
        business_service=text_at(node, "BizSvc"),
        created_at=text_at(node, "CreDt") or "",
        copy_or_duplicate=text_at(node, "CpyDplct"),
        possible_duplicate=text_at(node, "PssblDplct") in ("true", "1"),
        node=node,
    )


def _end(node: etree._Element, tag: str) -> HeaderEnd:
    institution = find(node, f"{tag}/FIId/FinInstnId")
    if institution is None:
        return HeaderEnd(text_at(node, f"{tag}/OrgId/Id/OrgId/AnyBIC"))
    return HeaderEnd(text_at(institution, "BICFI"), text_at(institution, "ClrSysMmbId/MmbId"))


def reply_header(
    original: BusinessHeader, sender: Agent, message_definition: str, message_id: str, created_at: str
) -> etree._Element:
    """The header of an answer from `sender` to whoever sent the original, which is named as related."""
    header = new_root(WRITTEN_VERSION, "AppHdr")
    write_agent(add(header, "Fr"), "FIId", sender)
    _copy_end(header, "To", original.node, "Fr")
    add(header, "BizMsgIdr", message_id)
    add(header, "MsgDefIdr", message_definition)
    add_if(header, "BizSvc", original.business_service)
    add(header, "CreDt", created_at)
    related = add(header, "Rltd")
    _copy_end(related, "Fr", original.node, "Fr")
    _copy_end(related, "To", original.node, "To")
    add(related, "BizMsgIdr", original.message_id)
    add(related, "MsgDefIdr", original.message_definition)
    add_if(related, "BizSvc", original.business_service)
    add(related, "CreDt", original.created_at)
    return header


def _copy_end(parent: etree._Element, tag: str, source: etree._Element, source_tag: str) -> None:
    """Copy one end of a route under another name, without addresses, which each version writes differently."""
    target = add(parent, tag)
    found = find(source, source_tag)
    for child in [] if found is None else list(children(found)):
        copied = plain_copy(child, namespace_of(parent))
        for node in list(copied.iter("{*}PstlAdr", "{*}CtctDtls")):
            node.getparent().remove(node)  # type: ignore[union-attr]
        target.append(copied)
