"""A payment is the same payment in every version of pacs.008 that we read, and is forwarded in its own version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.iso20022.forward import Hop, forward
from api.iso20022.pacs002 import Status, write_status_report
from api.iso20022.pacs008 import CREDIT_TRANSFERS, CreditTransfer, read_credit_transfer
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.payment import Payment
from tests.api.iso20022.messages import CATALOGUE, MINTED, TODAY, full, inserted, parsed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
VERSIONS = sorted(name for name in CATALOGUE.identifiers if name.startswith("pacs.008."))


def in_version(identifier: str) -> bytes:
    return full().replace(b"pacs.008.001.08", identifier.encode())


def payment_of(raw: bytes) -> Payment:
    transfer = read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED)
    assert isinstance(transfer, CreditTransfer)
    assert transfer.errors == ()
    return transfer.payment


def test_four_versions_are_read() -> None:
    assert set(VERSIONS) == CREDIT_TRANSFERS
    assert len(VERSIONS) == 4


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
