"""Writes the answer to bytes that are no message we can process: a message reject (admi.002).

A reject repeats the reference of what it rejects as far as that could be read, and says where and why.
"""

from __future__ import annotations

import re
from datetime import datetime

from lxml import etree

from api.iso20022.header import BusinessHeader, reply_header
from api.iso20022.refusal import Refusal
from api.iso20022.writing import add, add_if, new_root, serialise, timestamp
from node.domain.party import Agent

IDENTIFIER = "admi.002.001.01"
_SHOWN = rb"[^<\x00-\x20\x7f]"
_REFERENCE = re.compile(
    rb"<(?:[\w.-]+:)?(?:MsgId|BizMsgIdr)>\s*(" + _SHOWN + rb"(?:[^<\x00-\x1f\x7f]{0,33}" + _SHOWN + rb")?)\s*</"
)
_FIN_REFERENCE = re.compile(rb"^:20:([A-Za-z0-9/?:().,'+ -]{1,16})\r?$", re.MULTILINE)
_LOOKED_AT_BYTES = 20_000


def write_message_reject(
    refusal: Refusal,
    raw: bytes,
    *,
    message_id: str,
    created_at: datetime,
    rejecting_agent: Agent,
    header: BusinessHeader | None = None,
) -> bytes:
    """The admi.002 for `refusal`; with a business header of its own where `header`, the original's, is given.

    The reason code is the refusal's kind; further findings stand in the additional data.
    """
    document = new_root(IDENTIFIER)
    body = add(document, IDENTIFIER)
    add(body, "RltdRef/Ref", reference_in(raw))
    _write_reason(add(body, "Rsn"), refusal, created_at)
    if header is None:
        return serialise(document)
    answer = reply_header(header, rejecting_agent, IDENTIFIER, message_id, timestamp(created_at))
    return serialise(document, answer)


def _write_reason(node: etree._Element, refusal: Refusal, created_at: datetime) -> None:
    first = refusal.findings[0]
    add(node, "RjctgPtyRsn", refusal.kind.value)
    add(node, "RjctnDtTm", timestamp(created_at))
    add_if(node, "ErrLctn", (first.element or "")[:350])
    add(node, "RsnDesc", first.text[:350])
    add_if(node, "AddtlData", "\n".join(finding.text for finding in refusal.findings[1:])[:20_000])


def reference_in(raw: bytes) -> str:
    """The identification that a message seems to have, even where it cannot be parsed, or NOTPROVIDED."""
    pattern = _FIN_REFERENCE if raw.lstrip().startswith(b"{1:") else _REFERENCE
    match = pattern.search(raw[:_LOOKED_AT_BYTES])
    return match[1].decode("utf-8", "replace")[:35] if match else "NOTPROVIDED"
