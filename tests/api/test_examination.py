"""A message is judged from its bytes alone: schema, rules, and what only a network can know as a warning."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.examination import Examination, examine
from api.iso20022.refusal import RefusalKind
from tests.api.iso20022 import test_mt103
from tests.api.iso20022.messages import CATALOGUE, NAMESPACE, ONE_CURRENCY, full
from tests.api.iso20022.test_versions import STATEMENT

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
IBAN = "DE89370400440532013000"
ORDERS = f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr>
<MsgId>M</MsgId><CreDtTm>2026-11-23T09:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><InitgPty><Nm>Debtor</Nm></InitgPty></GrpHdr><PmtInf>
<PmtInfId>P</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-11-23</Dt></ReqdExctnDt><Dbtr><Nm>Debtor</Nm></Dbtr>
<DbtrAcct><Id><IBAN>{IBAN}</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>CRDACNSH</BICFI></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>E</EndToEndId></PmtId><Amt><InstdAmt Ccy="CNY">1.00</InstdAmt></Amt><CdtrAgt>
<FinInstnId><BICFI>CRDCCNBJ</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>Creditor</Nm></Cdtr><CdtrAcct><Id>
<IBAN>{IBAN}</IBAN></Id></CdtrAcct></CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>"""


def examined(raw: bytes | str) -> Examination:
    body = raw.encode() if isinstance(raw, str) else raw
    return examine(body, CATALOGUE, NOW, 1_000_000)


def rules(one: Examination) -> set[str | None]:
    return {finding.rule for finding in one.errors}


@pytest.mark.parametrize(
    ("raw", "came_as", "read_as", "transactions"),
    [
        (full(), "pacs.008.001.08", "pacs.008.001.08", 1),
        (test_mt103.fin(), "MT103", "pacs.008.001.08", 1),
        (ORDERS, "pain.001.001.09", "pain.001.001.09", 1),
        (
            STATEMENT.format(version="08", agent="BICFI", status="<Sts><Cd>BOOK</Cd></Sts>"),
            "camt.053.001.08",
            "camt.053.001.08",
            None,
        ),
    ],
)
def test_message_that_is_right_passes(
    raw: bytes | str, came_as: str, read_as: str, transactions: int | None
) -> None:
    one = examined(raw)

    assert one.passes, one.errors
    assert (one.came_as, one.identifier, one.transactions) == (came_as, read_as, transactions)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (ONE_CURRENCY.replace("SLEV", "OURS"), "schema.code"),
        (ONE_CURRENCY.replace(">100.00<", ">0<"), "base.amount-positive"),
        (ORDERS.replace("<NbOfTxs>1<", "<NbOfTxs>2<"), "pain001.transaction-count"),
        (
            ORDERS.replace(f"<DbtrAcct><Id><IBAN>{IBAN}", "<DbtrAcct><Id><IBAN>DE00370400440532013000"),
            "base.debtor-iban",
        ),
        (ORDERS.replace(">TRF<", ">CHK<"), "pain001.no-cheque"),
        (test_mt103.fin(test_mt103.FIELDS.replace(":71A:SHA", ":71A:OUT")), "message.field-invalid"),
    ],
)
def test_message_that_is_wrong_does_not_pass(raw: bytes | str, rule: str) -> None:
    one = examined(raw)

    assert not one.passes
    assert rule in rules(one)


def test_message_of_two_is_judged_as_two_and_as_a_whole() -> None:
    second = ONE_CURRENCY[ONE_CURRENCY.index("<CdtTrfTxInf>") : ONE_CURRENCY.index("</FIToFICstmrCdtTrf>")]
    both = ONE_CURRENCY.replace("</FIToFICstmrCdtTrf>", f"{second}</FIToFICstmrCdtTrf>")

    right, wrong = examined(both.replace("<NbOfTxs>1<", "<NbOfTxs>2<")), examined(both)

    assert (right.passes, right.transactions) == (True, 2)
    assert rules(wrong) == {"base.transaction-count"}


def test_institution_that_only_a_network_knows_is_a_warning() -> None:
    member = "<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>021040078</MmbId></ClrSysMmbId>"

    one = examined(ONE_CURRENCY.replace("<BICFI>CRDCCNBJ</BICFI>", member))

    assert one.passes
    assert "base.creditor-agent" in {finding.rule for finding in one.warnings}


def test_unknown_version_is_told_with_those_that_are_known() -> None:
    one = examined(ONE_CURRENCY.replace(NAMESPACE, "urn:iso:std:iso:20022:tech:xsd:camt.053.001.99"))

    assert one.refused is RefusalKind.UNSUPPORTED_MESSAGE
    assert one.came_as == "camt.053.001.99"
    assert "Known are camt.053.001.02, camt.053.001.04" in one.errors[0].text


@pytest.mark.parametrize("raw", ["{1:F01CRDACNSHAXXX0000000000}{2:nothing}", ":20:REF\n:25:1234\n", "hello"])
def test_bytes_that_are_neither_xml_nor_fin_do_not_pass(raw: str) -> None:
    one = examined(raw)

    assert one.refused is RefusalKind.NOT_FIN
    assert one.came_as is None


def test_empty_file_does_not_pass() -> None:
    assert examined(" ").refused is RefusalKind.EMPTY
