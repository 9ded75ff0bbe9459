"""A message in, the expected message out, byte for byte: what reaches a bank changes only when we mean it to.

To accept new output, run with CORRIDOR_WRITE_GOLDEN=1 and read the difference.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from api.iso20022.catalogue import Catalogue
from api.iso20022.forward import Hop, forward
from api.iso20022.pacs002 import OnChain, Status, write_status_report
from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from api.iso20022.parse import ParsedMessage, parse
from node.domain.lifecycle import State
from node.domain.party import Agent
from node.domain.reasons import Finding, Reason

HERE = Path(__file__).parent
CATALOGUE = Catalogue()
NOW = datetime(2026, 11, 23, 1, 0, 2, 345_000, tzinfo=UTC)
DEBTOR_AGENT = Agent("CRDACNSHXXX", lei="529900T8BM49AURSDO55")
CREDITOR_AGENT = Agent("CRDBAEADXXX")


def original() -> ParsedMessage:
    message = parse((HERE / "pacs008_two_currencies.xml").read_bytes(), CATALOGUE)
    assert isinstance(message, ParsedMessage)
    return message


def forwarded() -> bytes:
    message = original()
    transfer = read_credit_transfer(message, today=NOW.date(), minted_uetr="")
    assert isinstance(transfer, CreditTransfer)
    assert transfer.errors == ()
    hop = Hop("CRDA-HOP-1", NOW, DEBTOR_AGENT, CREDITOR_AGENT, date(2026, 11, 23))
    return forward(message, transfer.payment, hop, CATALOGUE)


def received() -> bytes:
    return write_status_report(original(), Status("CRDA-STS-1", NOW, State.RECEIVED, DEBTOR_AGENT, CREDITOR_AGENT))


def settled() -> bytes:
    status = Status(
        "CRDA-STS-2",
        NOW,
        State.SETTLED,
        DEBTOR_AGENT,
        accepted_at=NOW,
        settled_on=NOW.date(),
        on_chain=OnChain("0x" + "5a" * 32, 17),
    )
    return write_status_report(original(), status)


def rejected() -> bytes:
    finding = Finding(
        Reason.CREDITOR_ACCOUNT_CHECK_DIGITS_WRONG,
        "The IBAN has wrong check digits.",
        element="FIToFICstmrCdtTrf/CdtTrfTxInf/CdtrAcct/Id/IBAN",
        value="AE080331234567890123456",
        rule="base.creditor-iban",
    )
    return write_status_report(
        original(), Status("CRDA-STS-3", NOW, State.REJECTED, DEBTOR_AGENT, findings=(finding,))
    )


WRITERS: dict[str, Callable[[], bytes]] = {
    "forwarded": forwarded,
    "received": received,
    "settled": settled,
    "rejected": rejected,
}


@pytest.mark.parametrize("name", WRITERS)
def test_output_is_the_expected_output(name: str) -> None:
    written = WRITERS[name]()
    expected = HERE / f"expected_{name}.xml"
    if os.environ.get("CORRIDOR_WRITE_GOLDEN"):
        expected.write_bytes(written)

    assert written == expected.read_bytes()


@pytest.mark.parametrize("name", WRITERS)
def test_output_is_valid_by_our_definitions(name: str) -> None:
    assert isinstance(parse(WRITERS[name](), CATALOGUE), ParsedMessage)
