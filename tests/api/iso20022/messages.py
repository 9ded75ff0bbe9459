"""The messages that these tests start from, written by us, and ways to change one thing in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.parse import ParsedMessage, parse

CATALOGUE = Catalogue()
TODAY = date(2026, 11, 23)
MINTED = "00000000-0000-4000-8000-000000000001"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
_ORIGINAL = Path(__file__).parents[2] / "golden" / "iso20022" / "pacs008_two_currencies.xml"

ONE_CURRENCY = f"""<Document xmlns="{NAMESPACE}"><FIToFICstmrCdtTrf><GrpHdr><MsgId>MSG-1</MsgId>\
<CreDtTm>2026-11-23T09:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\
<CdtTrfTxInf><PmtId><EndToEndId>E2E-1</EndToEndId></PmtId><IntrBkSttlmAmt Ccy="CNY">100.00</IntrBkSttlmAmt>\
<ChrgBr>SLEV</ChrgBr><Dbtr><Nm>Debtor</Nm></Dbtr><DbtrAgt><FinInstnId><BICFI>CRDACNSH</BICFI></FinInstnId></DbtrAgt>\
<CdtrAgt><FinInstnId><BICFI>CRDCCNBJ</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>Creditor</Nm></Cdtr></CdtTrfTxInf>\
</FIToFICstmrCdtTrf></Document>"""
"""The least that a pacs.008 can say; no UETR, no accounts."""


def full() -> bytes:
    """A payment in two currencies with header, charges, rate, parties, accounts and supplementary data."""
    return _ORIGINAL.read_bytes()


def parsed(raw: bytes | str) -> ParsedMessage:
    """A message that must be valid by its schema."""
    message = parse(raw.encode() if isinstance(raw, str) else raw, CATALOGUE)
    assert isinstance(message, ParsedMessage), message
    return message


def changed(raw: bytes | str, path: str, text: str | None = None, **attributes: str) -> bytes:
    """The message with the text or attributes of the first element at `path` changed (`.//{*}MsgId`)."""
    root = etree.fromstring(raw.encode() if isinstance(raw, str) else raw)
    node = root.find(path)
    assert node is not None, path
    if text is not None:
        node.text = text
    for name, value in attributes.items():
        node.set(name, value)
    return etree.tostring(root)


def without(raw: bytes | str, path: str) -> bytes:
    """The message without the first element at `path`."""
    root = etree.fromstring(raw.encode() if isinstance(raw, str) else raw)
    node = root.find(path)
    assert node is not None, path
    parent = node.getparent()
    assert parent is not None
    parent.remove(node)
    return etree.tostring(root)


def inserted(raw: bytes | str, after: str, xml: str) -> bytes:
    """The message with an element, in the message's namespace, behind the first one at `after`."""
    root = etree.fromstring(raw.encode() if isinstance(raw, str) else raw)
    node = root.find(after)
    assert node is not None, after
    namespace = etree.QName(node).namespace
    wrapper = etree.fromstring(f'<w xmlns="{namespace}">{xml}</w>')
    for child in reversed(list(wrapper)):
        node.addnext(child)
    return etree.tostring(root)
