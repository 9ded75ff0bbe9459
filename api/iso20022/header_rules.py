"""Rules on how a business header agrees with the message beside it."""

from __future__ import annotations

from collections.abc import Iterator

from api.iso20022.header import HeaderEnd
from api.iso20022.subject import Breach, Subject
from api.iso20022.tree import find, required, text_at


def header(subject: Subject) -> Iterator[Breach]:
    """The header names this message, its identification, and the two institutions of this leg."""
    stated = subject.header
    if stated is None:
        return
    yield from _definition(subject, stated.message_definition)
    message_id = find(subject.group, "MsgId")
    if message_id is not None and (message_id.text or "").strip() != stated.message_id:
        text = f"The header's BizMsgIdr {stated.message_id} is not the MsgId {message_id.text}."
        yield Breach("header.message-id", message_id, text, stated.message_id)
    # A copy goes to someone other than the instructed agent, so its route is its own.
    if stated.copy_or_duplicate not in ("COPY", "CODU"):
        yield from _route(subject, "Fr", stated.sender, "InstgAgt")
        yield from _route(subject, "To", stated.addressee, "InstdAgt")


def _definition(subject: Subject, announced: str) -> Iterator[Breach]:
    """Another message than announced is refused; another version of it says itself which one it is."""
    if announced[:8] != subject.identifier[:8]:
        text = f"The header announces {announced}; the message is {subject.identifier}."
        yield Breach("header.definition", subject.document, text, announced)
    elif announced != subject.identifier:
        text = f"The header announces {announced}; the message is {subject.identifier} and is read as that."
        yield Breach("header.version", subject.document, text, announced)


def _route(subject: Subject, tag: str, end: HeaderEnd, agent: str) -> Iterator[Breach]:
    for place in (subject.transaction, subject.group):
        bic = text_at(place, f"{agent}/FinInstnId/BICFI")
        if bic is not None and end.bic is not None:
            if bic[:8] != end.bic[:8]:
                text = f"The header's {tag} {end.bic} is not {agent} {bic}."
                node = required(place, f"{agent}/FinInstnId/BICFI")
                yield Breach("header.route", node, text, end.bic)
            return
