"""The business application header (head.001): who sends which message to whom, apart from the message itself."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from api.iso20022.definition import NAMESPACE_PREFIX
from api.iso20022.tree import find, namespace_of, text_at

HEADER_PREFIX = NAMESPACE_PREFIX + "head.001.001."


@dataclass(frozen=True)
class HeaderEnd:
    """One end of a header's route: an institution by BIC or by its member number in a clearing system."""

    bic: str | None
    member: str | None = None


@dataclass(frozen=True)
class BusinessHeader:
    """What a header says, in the header's own words; `identifier` is the header's version."""

    identifier: str
    sender: HeaderEnd
    addressee: HeaderEnd
    message_id: str
    message_definition: str
    business_service: str | None
    created_at: str
    copy_or_duplicate: str | None
    possible_duplicate: bool


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
    )


def _end(node: etree._Element, tag: str) -> HeaderEnd:
    institution = find(node, f"{tag}/FIId/FinInstnId")
    if institution is None:
        return HeaderEnd(text_at(node, f"{tag}/OrgId/Id/OrgId/AnyBIC"))
    return HeaderEnd(text_at(institution, "BICFI"), text_at(institution, "ClrSysMmbId/MmbId"))
