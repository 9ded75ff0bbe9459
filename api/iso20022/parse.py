"""Reads bytes into one message, or says why they are none; nothing in the bytes can make it do more than that.

No document type, no entity, no network, no other encoding than UTF-8, no more than the limit, and whatever the
message is wrapped in, exactly one message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.definition import NAMESPACE_PREFIX
from api.iso20022.faults import faults_of
from api.iso20022.header import HEADER_PREFIX, BusinessHeader, read_header
from api.iso20022.refusal import Refusal, RefusalKind, refuse
from api.iso20022.tree import children, name_of, namespace_of, shown
from node.domain.reasons import Finding

DEFAULT_LIMIT_BYTES = 1_048_576
# libxml2 counts all earlier siblings to say where a fault is: 40,000 faulty siblings take it seconds.
MOST_SIBLINGS = 10_000
_WRAPPER_DEPTH = 6
_WANTED = {"Document": NAMESPACE_PREFIX, "AppHdr": HEADER_PREFIX}

# Possessive throughout: a prolog of a million comments must not make it backtrack.
_PROLOG_DOCTYPE = re.compile(rb"(?>\s++|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<!DOCTYPE", re.DOTALL)
_DECLARED_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_ANY_WORD = re.compile(r"[\w:.]+")


@dataclass(frozen=True)
class ParsedMessage:
    """One message, valid by its schema.

    `document` is its Document element inside the tree it came in, or made from it where a scheme gives Document
    a name of its own; treat it as read-only. `envelope` names the
    root element it was wrapped in, None for a bare Document. `raw` is the bytes as received.
    """

    identifier: str
    document: etree._Element
    header: BusinessHeader | None
    envelope: str | None
    raw: bytes

    @property
    def body(self) -> etree._Element:
        """The message's own element below Document, such as FIToFICstmrCdtTrf."""
        return next(children(self.document))


def parse(raw: bytes, catalogue: Catalogue, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> ParsedMessage | Refusal:
    """The one message in `raw`, checked against its schema and its header against the header's."""
    root = _root_of(raw, limit_bytes)
    if isinstance(root, Refusal):
        return root
    found = _documents(root)
    if isinstance(found, Refusal):
        return found
    document, header = found
    identifier = namespace_of(document).removeprefix(NAMESPACE_PREFIX)
    if identifier not in catalogue.identifiers:
        return _unsupported(identifier)
    faults = faults_of(document, catalogue.validator(identifier))
    if header is not None:
        faults += _header_faults(header, catalogue)
    if faults:
        return Refusal(RefusalKind.SCHEMA_INVALID, faults, identifier)
    envelope = None if root is document else str(root.tag)
    return ParsedMessage(identifier, document, read_header(header), envelope, raw)


def _root_of(raw: bytes, limit_bytes: int) -> etree._Element | Refusal:
    if len(raw) > limit_bytes:
        return refuse(RefusalKind.TOO_LARGE, f"The message has {len(raw)} bytes; {limit_bytes} are allowed.")
    if not raw.strip():
        return refuse(RefusalKind.EMPTY, "There is no message: the body is empty.")
    encoding = _foreign_encoding(raw)
    if encoding is not None:
        return refuse(RefusalKind.NOT_UTF8, "Messages must be encoded in UTF-8.", value=encoding)
    if _PROLOG_DOCTYPE.match(raw.removeprefix(b"\xef\xbb\xbf")):
        return _document_type()
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        return refuse(RefusalKind.NOT_XML, f"This is not well-formed XML: {error.msg}.")
    if root.getroottree().docinfo.internalDTD is not None:
        return _document_type()
    if raw.count(b"<") > MOST_SIBLINGS and any(len(node) > MOST_SIBLINGS for node in root.iter()):
        return refuse(RefusalKind.TOO_LARGE, f"An element has more than {MOST_SIBLINGS} elements below it.")
    return root


def _foreign_encoding(raw: bytes) -> str | None:
    """What the bytes are encoded in, where that is not UTF-8 or they say that it is not."""
    declared = _DECLARED_ENCODING.match(raw.removeprefix(b"\xef\xbb\xbf"))
    if declared is not None and declared[1].lower() not in (b"utf-8", b"utf8"):
        return shown(declared[1].decode("latin-1"))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte {error.start} is 0x{raw[error.start]:02x}"
    return "a zero byte" if b"\x00" in raw else None


def _document_type() -> Refusal:
    return refuse(RefusalKind.DOCUMENT_TYPE, "A message must not have a document type (DOCTYPE).")


def _documents(root: etree._Element) -> tuple[etree._Element, etree._Element | None] | Refusal:
    """The one Document below `root` and the header beside it."""
    found = list(_search(root, root, _WRAPPER_DEPTH))
    documents = [node for node in found if name_of(node) == "Document"]
    headers = [node for node in found if name_of(node) == "AppHdr"]
    if not documents:
        return _no_document(root)
    if len(documents) > 1 or len(headers) > 1:
        text = f"One message a request: {len(documents)} Documents and {len(headers)} headers were found."
        return refuse(RefusalKind.SEVERAL_MESSAGES, text)
    return documents[0], headers[0] if headers else None


def _search(root: etree._Element, node: etree._Element, depth: int) -> Iterator[etree._Element]:
    """Documents and headers of ISO 20022 in a wrapper, whatever it is called; not what lies inside of them."""
    wanted = _WANTED.get(name_of(node))
    if wanted is not None and namespace_of(node).startswith(wanted):
        yield node
        return
    renamed = None if node is root else _renamed(node)
    if renamed is not None:
        yield renamed
    elif depth:
        for child in children(node):
            yield from _search(root, child, depth - 1)


def _renamed(node: etree._Element) -> etree._Element | None:
    """The Document or header that a scheme's wrapper writes as an element of its own, around what ISO defines.

    The RTP network does so: `<AppHdr>` and `<CreditTransfer>` are in its namespace, all below them is in ISO's. A
    Document in a wrong namespace is none of these: it claims to be one, and is invalid by every schema.
    """
    first = next(children(node), None)
    if first is None or name_of(node) == "Document" or namespace_of(node).startswith(NAMESPACE_PREFIX):
        return None
    namespace = namespace_of(first)
    if not namespace.startswith(NAMESPACE_PREFIX) or name_of(first) in _WANTED:
        return None
    is_header = namespace.startswith(HEADER_PREFIX)
    if is_header != (name_of(node) == "AppHdr"):
        return None
    made = etree.Element(f"{{{namespace}}}{'AppHdr' if is_header else 'Document'}", nsmap={None: namespace})
    made.extend(deepcopy(child) for child in children(node))
    return made


def _no_document(root: etree._Element) -> Refusal:
    lookalike = next((node for node in root.iter("{*}Document")), None)
    if lookalike is None:
        text = f"There is no Document element of ISO 20022 in this; its root element is {shown(name_of(root))}."
        return refuse(RefusalKind.NO_MESSAGE, text, element=shown(name_of(root)))
    namespace = namespace_of(lookalike)
    if namespace.startswith(NAMESPACE_PREFIX):
        return refuse(RefusalKind.NO_MESSAGE, "Document lies too deep inside of its wrapper.")
    text = f"Document must be in a namespace that begins with {NAMESPACE_PREFIX}."
    return refuse(RefusalKind.WRONG_NAMESPACE, text, element="Document", value=shown(namespace))


def _unsupported(identifier: str) -> Refusal:
    known = shown(identifier) if _ANY_WORD.fullmatch(identifier) else None
    refusal = refuse(
        RefusalKind.UNSUPPORTED_MESSAGE,
        f"The message {known} is not supported here.",
        element="Document",
        value=shown(identifier),
    )
    return Refusal(refusal.kind, refusal.findings, known)


def _header_faults(header: etree._Element, catalogue: Catalogue) -> tuple[Finding, ...]:
    identifier = namespace_of(header).removeprefix(NAMESPACE_PREFIX)
    if identifier not in catalogue.identifiers:
        return ()
    return tuple(
        replace(fault, element=f"AppHdr/{fault.element}", text=f"AppHdr/{fault.text}")
        for fault in faults_of(header, catalogue.validator(identifier))
    )
