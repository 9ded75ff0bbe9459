from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from api.iso20022.mt202 import translate_mt202
from api.iso20022.refusal import Refusal, RefusalKind
from tests.api.iso20022.messages import parsed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FIRST = """:20:REF-1
:21:CUSTOMER-REF
:32A:261123CNY1000,
:52A:CRDACNSHXXX
:57A:CRDCCNBJXXX
:58A:/301
CRDBAEADXXX
:72:/INS/CRDDHKHHXXX
/BNF/Invoice 7"""
SECOND = """
:50K:/11
Debtor
:52A:CRDACNSHXXX
:57A:CRDBAEADXXX
:59:/AE070331234567890123456
Creditor
:70:Invoice 8"""


def fin(fields: str, cover: bool = False) -> bytes:
    user = "{3:{119:COV}}" if cover else ""
    return f"{{1:F01CRDACNSHAXXX0000000000}}{{2:I202CRDBAEADXXXXN}}{user}{{4:\n{fields}\n-}}".encode()


def translated(raw: bytes) -> etree._Element:
    outcome = translate_mt202(raw, NOW)
    assert isinstance(outcome, bytes), outcome
    parsed(outcome)
    return etree.fromstring(outcome)


def test_transfer_between_institutions_becomes_a_pacs009() -> None:
    root = translated(fin(FIRST))

    assert root.findtext(".//{*}MsgDefIdr") == "pacs.009.001.08"
    assert root.findtext(".//{*}BizSvc") == "swift.cbprplus.03"
    assert root.findtext(".//{*}EndToEndId") == "CUSTOMER-REF"
    assert root.findtext(".//{*}Dbtr//{*}BICFI") == "CRDACNSHXXX"
    assert root.findtext(".//{*}CdtrAgt//{*}BICFI") == "CRDCCNBJXXX"
    assert root.findtext(".//{*}Cdtr//{*}BICFI") == "CRDBAEADXXX"
    assert root.findtext(".//{*}CdtrAcct//{*}Id/{*}Othr/{*}Id") == "301"
    assert root.findtext(".//{*}PrvsInstgAgt1//{*}BICFI") == "CRDDHKHHXXX"
    assert root.findtext(".//{*}RmtInf/{*}Ustrd") == "/BNF/Invoice 7"


def test_cover_tells_the_payment_underneath() -> None:
    root = translated(fin(FIRST + SECOND, cover=True))
    underlying = root.find(".//{*}UndrlygCstmrCdtTrf")
    assert underlying is not None

    assert root.findtext(".//{*}BizSvc") == "swift.cbprplus.cov.03"
    assert underlying.findtext("{*}Dbtr/{*}Nm") == "Debtor"
    assert underlying.findtext("{*}CdtrAgt//{*}BICFI") == "CRDBAEADXXX"
    assert underlying.findtext("{*}CdtrAcct/{*}Id/{*}IBAN") == "AE070331234567890123456"
    assert underlying.findtext("{*}RmtInf/{*}Ustrd") == "Invoice 8"


@pytest.mark.parametrize(
    ("raw", "element"),
    [
        (fin(FIRST.replace(":21:CUSTOMER-REF\n", "")), "MT202/21"),
        (fin(FIRST.replace("/INS/CRDDHKHHXXX", "/RETN/99")), "MT202/72"),
        (fin(FIRST + SECOND.split("\n:59:", maxsplit=1)[0], cover=True), "MT202/50K"),
    ],
)
def test_what_is_missing_or_no_payment_is_refused(raw: bytes, element: str) -> None:
    refusal = translate_mt202(raw, NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.FIELD_INVALID
    assert refusal.findings[0].element == element
