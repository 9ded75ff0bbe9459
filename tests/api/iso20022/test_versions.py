"""A payment is the same payment in every version of pacs.008 that we read, and is forwarded in its own version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.inquiring import INQUIRIES
from api.iso20022.camt056 import read_recalls
from api.iso20022.forward import Hop, forward
from api.iso20022.mt202 import translate_mt202
from api.iso20022.pacs002 import Status, write_status_report
from api.iso20022.pacs008 import CREDIT_TRANSFERS, CreditTransfer, read_credit_transfer
from api.iso20022.pacs009 import INSTITUTION_TRANSFERS
from api.iso20022.pacs028 import read_status_request
from api.iso20022.pain001 import TRANSFER_OF
from api.iso20022.parse import parse
from api.iso20022.refusal import Refusal
from api.iso20022.return_forward import RETURNS
from api.iso20022.transfers import TRANSFERS, read_transfer
from api.recalling import RECALLS
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.payment import Payment
from tests.api.iso20022 import test_mt202
from tests.api.iso20022.messages import CATALOGUE, MINTED, TODAY, full, inserted, parsed
from tests.api.iso20022.test_returns import recall_message

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STATEMENT = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><GrpHdr>'
    "<MsgId>M</MsgId><CreDtTm>2026-11-24T09:00:00Z</CreDtTm></GrpHdr><Stmt><Id>S</Id>"
    "<CreDtTm>2026-11-24T09:00:00Z</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Svcr><FinInstnId><{agent}>CRDBAEADXXX</{agent}></FinInstnId></Svcr></Acct>"
    '<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    '<Dt><Dt>2026-11-23</Dt></Dt></Bal><Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{status}'
    "<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry></Stmt></BkToCstmrStmt></Document>"
)
VERSIONS = sorted(name for name in CATALOGUE.identifiers if name.startswith("pacs.008."))


def in_version(identifier: str) -> bytes:
    return full().replace(b"pacs.008.001.08", identifier.encode())


def test_everything_that_is_taken_is_defined() -> None:
    taken = TRANSFERS | RETURNS | RECALLS | INQUIRIES | frozenset(TRANSFER_OF)

    assert taken <= CATALOGUE.identifiers


@pytest.mark.parametrize("identifier", sorted(INSTITUTION_TRANSFERS))
def test_bank_transfer_is_the_same_in_every_version(identifier: str) -> None:
    translated = translate_mt202(test_mt202.fin(test_mt202.FIRST), NOW)
    assert isinstance(translated, bytes)
    other = translated.replace(b"pacs.009.001.08", identifier.encode())

    first, again = (read_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED) for raw in (translated, other))

    assert isinstance(first, CreditTransfer)
    assert isinstance(again, CreditTransfer)
    assert again.payment == first.payment


@pytest.mark.parametrize("identifier", sorted(RECALLS))
def test_recall_is_the_same_in_every_version(identifier: str) -> None:
    other = recall_message().replace(b"camt.056.001.08", identifier.encode())

    assert read_recalls(parsed(other)) == read_recalls(parsed(recall_message()))


@pytest.mark.parametrize("identifier", sorted(INQUIRIES))
def test_status_request_is_the_same_in_every_version(identifier: str) -> None:
    raw = (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{identifier}"><FIToFIPmtStsReq><GrpHdr><MsgId>Q</MsgId>'
        f"<CreDtTm>2026-11-24T09:00:00Z</CreDtTm></GrpHdr><TxInf><OrgnlUETR>{MINTED}</OrgnlUETR></TxInf>"
        "</FIToFIPmtStsReq></Document>"
    )

    assert [asked.uetr for asked in read_status_request(parsed(raw))] == [MINTED]


@pytest.mark.parametrize("version", ["02", "04", "06", "08", "11", "12"])
def test_bank_statement_of_every_version_has_a_verdict(version: str) -> None:
    agent = "BIC" if version == "02" else "BICFI"
    status = "<Sts>BOOK</Sts>" if version in ("02", "04", "06") else "<Sts><Cd>BOOK</Cd></Sts>"
    statement = STATEMENT.format(version=version, agent=agent, status=status)

    refused = parse(statement.replace("CRDT", "PLUS").encode(), CATALOGUE)

    assert parsed(statement).identifier == f"camt.053.001.{version}"
    assert isinstance(refused, Refusal)
    assert refused.findings[0].element == "BkToCstmrStmt/Stmt/Bal/CdtDbtInd"


def payment_of(raw: bytes) -> Payment:
    transfer = read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED)
    assert isinstance(transfer, CreditTransfer)
    assert transfer.errors == ()
    return transfer.payment


def test_six_versions_are_read() -> None:
    assert set(VERSIONS) == CREDIT_TRANSFERS
    assert len(VERSIONS) == 6


def test_newest_version_has_an_element_for_the_quote() -> None:
    agreed = f"<AgrdRate><PreAgrdXchgRate>0.511497</PreAgrdXchgRate><QtId>{MINTED}</QtId></AgrdRate>"

    raw = inserted(in_version("pacs.008.001.13"), ".//{*}CdtTrfTxInf/{*}XchgRate", agreed)

    assert payment_of(raw).quote_id == MINTED


@pytest.mark.parametrize("identifier", VERSIONS)
def test_payment_is_the_same_in_every_version(identifier: str) -> None:
    assert payment_of(in_version(identifier)) == payment_of(full())


@pytest.mark.parametrize("identifier", VERSIONS)
def test_payment_is_forwarded_in_its_own_version_and_answered(identifier: str) -> None:
    message = parsed(in_version(identifier))
    hop = Hop("HOP-1", NOW, Agent("CRDACNSHXXX"), Agent("CRDBAEADXXX"), TODAY)

    forwarded = parsed(forward(message, payment_of(message.raw), hop, CATALOGUE))
    report = write_status_report(message, Status("STS-1", NOW, State.RECEIVED, hop.instructing_agent))

    assert forwarded.identifier == identifier
    assert payment_of(forwarded.raw).uetr == payment_of(full()).uetr
    assert identifier.encode() in report
    parsed(report)
