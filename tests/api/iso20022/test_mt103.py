from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from api.iso20022.mt103 import translate_mt103
from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from api.iso20022.parse import parse
from api.iso20022.refusal import Refusal, RefusalKind
from node.domain.payment import ChargeBearer
from tests.api.iso20022.messages import CATALOGUE, TODAY, parsed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
UETR = "174c245f-2682-4291-ad67-2a41e530cd27"
FIELDS = """:20:REF-1
:23B:CRED
:32A:261123AED5114,97
:33B:CNY10050,
:36:0,511497
:50F:/6222021001123456789
1/Shanghai Huating
2/Zhongshan Road 18
3/CN/Shanghai
:52A:CRDACNSHXXX
:57A:CRDBAEADXXX
:59:/AE070331234567890123456
Jebel Ali Trading LLC
Warehouse 12
:70:/ROC/PO-2026-7781///URI/Invoice 114
:71A:SHA
:71F:CNY50,
:72:/ACC/call before
//crediting
/REC/please hurry"""


def fin(fields: str = FIELDS, line_end: str = "\r\n") -> bytes:
    text = fields.replace("\n", line_end)
    head = f"{{1:F01CRDACNSHAXXX0000000000}}{{2:I103CRDBAEADXXXXN}}{{3:{{121:{UETR}}}}}"
    return f"{head}{{4:{line_end}{text}{line_end}-}}{{5:{{CHK:0123456789AB}}}}".encode()


def translated(raw: bytes) -> etree._Element:
    outcome = translate_mt103(raw, NOW)
    assert isinstance(outcome, bytes), outcome
    parsed(outcome)
    return etree.fromstring(outcome)


def texts(root: etree._Element, path: str) -> list[str | None]:
    return [node.text for node in root.findall(f".//{{*}}CdtTrfTxInf/{path}")]


def test_payment_of_a_translated_message_breaks_no_rule() -> None:
    outcome = translate_mt103(fin(), NOW)
    assert isinstance(outcome, bytes)

    transfer = read_credit_transfer(parsed(outcome), today=TODAY, minted_uetr="")

    assert isinstance(transfer, CreditTransfer)
    assert transfer.errors == ()
    payment = transfer.payment
    assert payment.uetr == UETR
    assert payment.end_to_end_id == "PO-2026-7781"
    assert payment.message_id == "REF-1"
    assert payment.charge_bearer is ChargeBearer.SHARED
    assert str(payment.interbank_settlement_amount) == "AED 5,114.97"
    assert payment.debtor.name == "Shanghai Huating"
    assert payment.debtor_account is not None
    assert payment.debtor_account.number == "6222021001123456789"
    assert payment.creditor_account is not None
    assert payment.creditor_account.number == "AE070331234567890123456"


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_line_ends_make_no_difference(line_end: str) -> None:
    assert translate_mt103(fin(line_end=line_end), NOW) == translate_mt103(fin(), NOW)


def test_instructions_reach_the_agent_they_are_for() -> None:
    root = translated(fin())

    assert texts(root, "{*}InstrForCdtrAgt/{*}InstrInf") == ["/ACC/call before crediting"]
    assert texts(root, "{*}InstrForNxtAgt/{*}InstrInf") == ["/REC/please hurry"]


def test_absent_agents_are_sender_and_receiver() -> None:
    root = translated(fin(FIELDS.replace(":52A:CRDACNSHXXX\n", "").replace(":57A:CRDBAEADXXX\n", "")))

    assert texts(root, "{*}DbtrAgt//{*}BICFI") == ["CRDACNSHXXX"]
    assert texts(root, "{*}CdtrAgt//{*}BICFI") == ["CRDBAEADXXX"]


def test_clearing_code_names_an_institution() -> None:
    root = translated(fin(FIELDS.replace(":57A:CRDBAEADXXX", ":57C://FW021000018")))

    assert texts(root, "{*}CdtrAgt//{*}ClrSysId/{*}Cd") == ["USABA"]
    assert texts(root, "{*}CdtrAgt//{*}MmbId") == ["021000018"]


def test_customer_may_be_named_by_bic() -> None:
    root = translated(
        fin(
            FIELDS.replace(
                ":59:/AE070331234567890123456\nJebel Ali Trading LLC\nWarehouse 12", ":59A:/1\nCRDBAEAD"
            )
        )
    )

    assert texts(root, "{*}Cdtr//{*}AnyBIC") == ["CRDBAEAD"]


@pytest.mark.parametrize(
    ("old", "new", "element"),
    [
        (":20:REF-1\n", "", "MT103/20"),
        (":71A:SHA\n", "", "MT103/71A"),
        (":32A:261123AED5114,97", ":32A:261323AED5114,97", "MT103/32A"),
        (":32A:261123AED5114,97", ":32A:261123AED5114.97", "MT103/32A"),
        (":33B:CNY10050,", ":33B:10050", "MT103/33B"),
        (":71A:SHA", ":71A:SHARED", "MT103/71A"),
        (":36:0,511497", ":36:one to two", "MT103/36"),
        (":52A:CRDACNSHXXX", ":52A:GALLE RD COLOMBO", "MT103/52A"),
        ("2/Zhongshan", "Zhongshan", "MT103/50F"),
        ("/ACC/call before", "/RETN/99", "MT103/72"),
    ],
)
def test_wrong_field_is_named(old: str, new: str, element: str) -> None:
    refusal = translate_mt103(fin(FIELDS.replace(old, new)), NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.FIELD_INVALID
    assert refusal.findings[0].element == element


@pytest.mark.parametrize(
    "raw", [b"", b"{1:F01", b"<Document/>", b"\xff\xfe", b"{1:F01CRDACNSHAXXX0000000000}{4:\n-}"]
)
def test_what_is_no_fin_message_is_refused(raw: bytes) -> None:
    refusal = translate_mt103(raw, NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.NOT_FIN


def test_other_types_are_not_supported() -> None:
    refusal = translate_mt103(fin().replace(b"{2:I103", b"{2:I950"), NOW)

    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.UNSUPPORTED_MESSAGE


@given(st.text("0123456789ABCX:/,-}{\n\r", max_size=200), st.integers(0, 400))
def test_no_text_makes_it_fail(noise: str, position: int) -> None:
    raw = fin()
    broken = raw[:position] + noise.encode() + raw[position:]

    outcome = translate_mt103(broken, NOW)

    assert isinstance(outcome, Refusal) or parse(outcome, CATALOGUE) is not None
