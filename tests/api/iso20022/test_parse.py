from __future__ import annotations

import time
from pathlib import Path

import pytest
from lxml import etree

from api.iso20022.parse import DEFAULT_LIMIT_BYTES, ParsedMessage, parse
from api.iso20022.refusal import Refusal, RefusalKind
from node.domain.reasons import Reason
from tests.api.iso20022.messages import CATALOGUE, NAMESPACE, ONE_CURRENCY, changed, full, parsed

OPEN = f'<Document xmlns="{NAMESPACE}">'
LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {b} "{("&" + a + ";") * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><l>&j;</l>"
)


def renamed(message: str) -> str:
    """The message as the RTP network writes it: Document and the header under names of the wrapper's namespace."""
    body = message.replace(f'<Document xmlns="{NAMESPACE}">', "<CreditTransfer>").replace(
        "Document>", "CreditTransfer>"
    )
    return body.replace("<FIToFICstmrCdtTrf>", f'<FIToFICstmrCdtTrf xmlns="{NAMESPACE}">', 1)


HOSTILE: dict[str, tuple[bytes, RefusalKind]] = {
    "empty": (b"", RefusalKind.EMPTY),
    "blank": (b" \r\n\t", RefusalKind.EMPTY),
    "not xml": (b"hello", RefusalKind.NOT_XML),
    "json": (b'{"amount": 1}', RefusalKind.NOT_XML),
    "cut short": (ONE_CURRENCY[:300].encode(), RefusalKind.NOT_XML),
    "two roots": (b"<a/><b/>", RefusalKind.NOT_XML),
    "utf-16": (ONE_CURRENCY.encode("utf-16"), RefusalKind.NOT_UTF8),
    "utf-16 without mark": (ONE_CURRENCY.encode("utf-16-le"), RefusalKind.NOT_UTF8),
    "utf-7 declared": (b'<?xml version="1.0" encoding="UTF-7"?>' + ONE_CURRENCY.encode(), RefusalKind.NOT_UTF8),
    "latin-1 declared": (b"<?xml version='1.0' encoding='iso-8859-1'?><a/>", RefusalKind.NOT_UTF8),
    "latin-1 undeclared": (ONE_CURRENCY.replace("Debtor", "Débiteur").encode("latin-1"), RefusalKind.NOT_UTF8),
    "zero byte": (b"<a>\x00</a>", RefusalKind.NOT_UTF8),
    "harmless doctype": (b"<!DOCTYPE Document>" + ONE_CURRENCY.encode(), RefusalKind.DOCUMENT_TYPE),
    "doctype behind comments": (b"<!--a--><?b c?>\n<!-- d --><!DOCTYPE x><x/>", RefusalKind.DOCUMENT_TYPE),
    "billion laughs": (LAUGHS.encode(), RefusalKind.DOCUMENT_TYPE),
    "external entity": (
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        RefusalKind.DOCUMENT_TYPE,
    ),
    "undefined entity": (f"{OPEN}&e;</Document>".encode(), RefusalKind.NOT_XML),
    "50 megabytes": (b"<a>" + b" " * 50_000_000 + b"</a>", RefusalKind.TOO_LARGE),
    "deep nesting": (b"<a>" * 100_000, RefusalKind.NOT_XML),
    "20,000 attributes": (
        (OPEN[:-1] + " " + " ".join(f'a{n}="1"' for n in range(20_000)) + "/>").encode(),
        RefusalKind.SCHEMA_INVALID,
    ),
    "70,000 children": (f"{OPEN}{'<a/>' * 70_000}</Document>".encode(), RefusalKind.TOO_LARGE),
    "140,000 comments": (b"<!---->" * 140_000 + b"<x/>", RefusalKind.NO_MESSAGE),
    "no document": (b"<Payment/>", RefusalKind.NO_MESSAGE),
    "header alone": (
        b'<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"/>',
        RefusalKind.NO_MESSAGE,
    ),
    "document too deep": (("<w>" * 50 + ONE_CURRENCY + "</w>" * 50).encode(), RefusalKind.NO_MESSAGE),
    "message as text": (b"<w><![CDATA[" + ONE_CURRENCY.encode() + b"]]></w>", RefusalKind.NO_MESSAGE),
    "no namespace": (b"<Document/>", RefusalKind.WRONG_NAMESPACE),
    "prefix declared and not used": (
        f'<Document xmlns:p="{NAMESPACE}"/>'.encode(),
        RefusalKind.WRONG_NAMESPACE,
    ),
    "foreign namespace": (b'<Document xmlns="urn:example:payments"/>', RefusalKind.WRONG_NAMESPACE),
    "unknown version": (
        OPEN.replace("008.001.08", "008.001.99").encode() + b"</Document>",
        RefusalKind.UNSUPPORTED_MESSAGE,
    ),
    "two messages": (f"<w>{ONE_CURRENCY}{ONE_CURRENCY}</w>".encode(), RefusalKind.SEVERAL_MESSAGES),
    "document in no namespace": (
        f'<w><Document><p:FIToFICstmrCdtTrf xmlns:p="{NAMESPACE}"/></Document></w>'.encode(),
        RefusalKind.WRONG_NAMESPACE,
    ),
    "document left out": (f'<FIToFICstmrCdtTrf xmlns="{NAMESPACE}"/>'.encode(), RefusalKind.NO_MESSAGE),
    "two messages under other names": (
        (f"<w>{renamed(ONE_CURRENCY)}{renamed(ONE_CURRENCY)}</w>").encode(),
        RefusalKind.SEVERAL_MESSAGES,
    ),
    "schema-invalid": (ONE_CURRENCY.replace("SLEV", "OURS").encode(), RefusalKind.SCHEMA_INVALID),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_refused_for_what_they_are_and_quickly(name: str) -> None:
    raw, kind = HOSTILE[name]
    begun = time.thread_time()

    refusal = parse(raw, CATALOGUE)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is kind
    assert refusal.findings
    assert all(finding.text and finding.rule for finding in refusal.findings)
    assert all(len(finding.value or "") <= 100 for finding in refusal.findings)
    assert time.thread_time() - begun < 2


def test_bare_document_is_read() -> None:
    message = parsed(ONE_CURRENCY)

    assert message.identifier == "pacs.008.001.08"
    assert message.header is None
    assert message.envelope is None
    assert message.raw == ONE_CURRENCY.encode()


@pytest.mark.parametrize(
    "wrap",
    [
        "{}",
        "\ufeff{}",
        "<?xml version='1.0'?>{}",
        '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<!-- note --><?style none?>\n{}\n<!-- end -->',
        '<Envelope xmlns="urn:swift:xsd:envelope">{}</Envelope>',
        "<Envelope>{}</Envelope>",
        '<F xmlns="urn:fednow:incoming:v001"><Message><Transfer>{}</Transfer></Message></F>',
        "<DataPDU><Header>x</Header><Body>{}</Body></DataPDU>",
        "<!-- <!DOCTYPE in a comment is no document type> -->{}",
    ],
)
def test_message_is_found_in_whatever_wraps_it(wrap: str) -> None:
    message = parsed(wrap.replace("{}", ONE_CURRENCY))

    assert message.body.tag == f"{{{NAMESPACE}}}FIToFICstmrCdtTrf"


def test_header_beside_the_document_is_read() -> None:
    header = parsed(full()).header

    assert header is not None
    assert header.identifier == "head.001.001.02"
    assert header.sender.bic == "CRDACNSHXXX"
    assert header.addressee.bic == "CRDBAEADXXX"
    assert header.message_id == "CRDA-20261123-0001"
    assert header.message_definition == "pacs.008.001.08"
    assert header.copy_or_duplicate is None
    assert header.possible_duplicate is False


def test_invalid_header_refuses_the_message() -> None:
    refusal = parse(changed(full(), ".//{*}AppHdr/{*}CreDt", "yesterday"), CATALOGUE)

    assert isinstance(refusal, Refusal)
    assert refusal.findings[0].element == "AppHdr/CreDt"
    assert refusal.findings[0].value == "yesterday"


def test_supplementary_document_inside_a_message_is_not_a_second_message() -> None:
    inner = f'<SplmtryData><Envlp><x:Document xmlns:x="{NAMESPACE}2"/></Envlp></SplmtryData>'

    message = parsed(ONE_CURRENCY.replace("</CdtTrfTxInf>", f"{inner}</CdtTrfTxInf>"))

    assert isinstance(message, ParsedMessage)


def test_limit_is_exact() -> None:
    raw = ONE_CURRENCY.encode()

    assert isinstance(parse(raw, CATALOGUE, limit_bytes=len(raw)), ParsedMessage)
    assert isinstance(parse(raw, CATALOGUE, limit_bytes=len(raw) - 1), Refusal)
    assert len(raw) < DEFAULT_LIMIT_BYTES


FAULTS = [
    ("MSG-1", "", "GrpHdr/MsgId", "schema.length", "must not be empty"),
    ("E2E-1", "E" * 36, "CdtTrfTxInf/PmtId/EndToEndId", "schema.length", "36 characters; at most 35"),
    ("2026-11-23T09:00:00Z", "yesterday", "GrpHdr/CreDtTm", "schema.type", "is not a valid dateTime"),
    ("SLEV", "OUR", "CdtTrfTxInf/ChrgBr", "schema.code", "none of the codes DEBT, CRED, SHAR, SLEV"),
    ("CRDACNSH", "CRDA-CN", "CdtTrfTxInf/DbtrAgt/FinInstnId/BICFI", "schema.pattern", "does not have the form"),
    ("100.00", "1,000.00", "CdtTrfTxInf/IntrBkSttlmAmt", "schema.type", "is not a valid Amount"),
    ("100.00", "-1", "CdtTrfTxInf/IntrBkSttlmAmt", "schema.range", "less than 0"),
    ("100.00", "0.123456", "CdtTrfTxInf/IntrBkSttlmAmt", "schema.digits", "more than 5 digits after the point"),
    (' Ccy="CNY"', "", "CdtTrfTxInf/IntrBkSttlmAmt/@Ccy", "schema.attribute", "required and missing"),
    (' Ccy="CNY"', ' Ccy="cny"', "CdtTrfTxInf/IntrBkSttlmAmt/@Ccy", "schema.pattern", "[A-Z]{3}"),
    (' Ccy="CNY"', ' Ccy="CNY" x="1"', "CdtTrfTxInf/IntrBkSttlmAmt/@x", "schema.attribute", "not allowed here"),
    ("<ChrgBr>SLEV</ChrgBr>", "", "CdtTrfTxInf/Dbtr", "schema.content", "is not expected here; one of"),
    ("<Cdtr><Nm>Creditor</Nm></Cdtr>", "", "CdtTrfTxInf", "schema.content", "it still needs one of"),
    ("<PmtId>", "<PmtId>stray", "CdtTrfTxInf/PmtId", "schema.content", "text between its elements"),
]


@pytest.mark.parametrize(("old", "new", "element", "rule", "words"), FAULTS)
def test_schema_fault_names_element_rule_and_what_may_stand_there(
    old: str, new: str, element: str, rule: str, words: str
) -> None:
    refusal = parse(ONE_CURRENCY.replace(old, new, 1).encode(), CATALOGUE)

    assert isinstance(refusal, Refusal)
    finding = refusal.findings[0]
    assert finding.reason is Reason.MESSAGE_DOES_NOT_FIT_ITS_SCHEMA
    assert finding.element == f"FIToFICstmrCdtTrf/{element}"
    assert finding.rule == rule
    assert words in finding.text
    assert refusal.identifier == "pacs.008.001.08"


def test_fault_is_placed_the_same_with_and_without_prefixes() -> None:
    broken = ONE_CURRENCY.replace("SLEV", "OUR")
    prefixed = (
        broken.replace("</", "</p:").replace("<", "<p:").replace("<p:/p:", "</p:").replace("xmlns=", "xmlns:p=")
    )

    first, second = parse(broken.encode(), CATALOGUE), parse(prefixed.encode(), CATALOGUE)

    assert isinstance(first, Refusal)
    assert first == second


def test_second_transaction_is_named_by_its_position() -> None:
    start, end = ONE_CURRENCY.index("<CdtTrfTxInf>"), ONE_CURRENCY.index("</FIToFICstmrCdtTrf>")
    twice = ONE_CURRENCY[:end] + ONE_CURRENCY[start:end].replace("SLEV", "OUR") + ONE_CURRENCY[end:]

    refusal = parse(twice.encode(), CATALOGUE)

    assert isinstance(refusal, Refusal)
    assert refusal.findings[0].element == "FIToFICstmrCdtTrf/CdtTrfTxInf[2]/ChrgBr"


def test_value_that_is_long_is_cut() -> None:
    refusal = parse(ONE_CURRENCY.replace("SLEV", "X" * 5_000).encode(), CATALOGUE)

    assert isinstance(refusal, Refusal)
    assert refusal.findings[0].value == "X" * 99 + "…"


def test_schema_location_loads_nothing(tmp_path: Path) -> None:
    """The sender's schema would make the message invalid, if anyone listened to it."""
    strict = tmp_path / "strict.xsd"
    strict.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
        '<xs:element name="a" type="xs:int"/></xs:schema>'
    )
    raw = ONE_CURRENCY.replace(
        "<Document ",
        '<Document xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="urn:x {strict.as_uri()}" ',
    ).replace(
        "</CdtTrfTxInf>",
        '<SplmtryData><Envlp><a xmlns="urn:x">no number</a></Envlp></SplmtryData></CdtTrfTxInf>',
    )

    assert isinstance(parse(raw.encode(), CATALOGUE), ParsedMessage)


def test_document_and_header_under_a_schemes_own_names_are_read() -> None:
    head = "urn:iso:std:iso:20022:tech:xsd:head.001.001.01"
    end = "<FIId><FinInstnId><ClrSysMmbId><MmbId>{}</MmbId></ClrSysMmbId></FinInstnId></FIId>"
    parts = {
        "Fr": end.format("000000010"),
        "To": end.format("000000011"),
        "BizMsgIdr": "M1",
        "MsgDefIdr": "pacs.008.001.08",
        "CreDt": "2026-11-23T09:00:00Z",
    }
    header = "".join(f'<{name} xmlns="{head}">{value}</{name}>' for name, value in parts.items())
    message = f'<Message xmlns="urn:tch"><AppHdr>{header}</AppHdr>{renamed(ONE_CURRENCY)}</Message>'

    read = parsed(message)

    assert read.identifier == "pacs.008.001.08"
    assert read.header is not None
    assert read.header.sender.member == "000000010"
    assert read.header.message_id == "M1"
    assert read.envelope == "{urn:tch}Message"
    assert etree.tostring(read.body, method="c14n") == etree.tostring(parsed(ONE_CURRENCY).body, method="c14n")


def test_fault_in_a_message_under_a_schemes_own_name_is_told_by_its_iso_path() -> None:
    raw = f'<Message xmlns="urn:tch">{renamed(ONE_CURRENCY.replace("SLEV", "OURS"))}</Message>'

    refusal = parse(raw.encode(), CATALOGUE)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.SCHEMA_INVALID
    assert refusal.findings[0].element == "FIToFICstmrCdtTrf/CdtTrfTxInf/ChrgBr"
