"""Random messages of every definition: valid officially, judged alike when broken, and understood where we act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from random import Random

import pytest
from lxml import etree

from api.iso20022.camt029 import read_resolutions
from api.iso20022.camt056 import read_recalls
from api.iso20022.catalogue import Catalogue
from api.iso20022.forward import Hop, forward
from api.iso20022.pacs002 import Status, write_status_report
from api.iso20022.pacs004 import read_returns
from api.iso20022.pacs008 import CREDIT_TRANSFERS, CreditTransfer, Unreadable, read_credit_transfer
from api.iso20022.pacs028 import read_status_request
from api.iso20022.pain001 import TRANSFER_OF, NewIds, read_orders
from api.iso20022.pain002 import OrderStatus, write_customer_status
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.status_report import read_status_report
from node.domain.lifecycle import State
from node.domain.party import Agent
from tests.conformance.iso20022.corpus import folder, official_schema, samples_of
from tests.conformance.iso20022.generator import generate
from tests.conformance.iso20022.mutation import mutate

CATALOGUE = Catalogue()
IDENTIFIERS = sorted(CATALOGUE.identifiers)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINTED = "00000000-0000-4000-8000-000000000001"
US = Agent("CRDACNSHXXX")
DENSITIES = (0.05, 0.3, 0.6)


def _ids() -> Iterator[NewIds]:
    return (NewIds(f"NEW-{number}", f"00000000-0000-4000-8000-{number:012d}") for number in count(1))


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_generated_message_is_officially_valid(identifier: str) -> None:
    folder()
    random = Random(identifier)
    for density in DENSITIES:
        for _ in range(4):
            message = generate(CATALOGUE.definition(identifier), random, density)
            official = official_schema(identifier)
            assert CATALOGUE.validator(identifier).validate(message)
            assert official.validate(message), official.error_log


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_verdict_on_mutations_of_generated_messages_is_the_official_verdict(identifier: str) -> None:
    folder()
    random = Random(identifier)
    for number in range(60):
        message = generate(CATALOGUE.definition(identifier), random, random.choice(DENSITIES[:2]))
        done = mutate(message, random)
        message = etree.fromstring(etree.tostring(message))
        official = official_schema(identifier).validate(message)
        assert CATALOGUE.validator(identifier).validate(message) == official, (number, done)


@pytest.mark.parametrize("identifier", sorted(TRANSFER_OF))
def test_customer_instruction_becomes_valid_credit_transfers_and_is_answered(identifier: str) -> None:
    folder()
    random = Random(identifier)
    transfers = 0
    for number in range(300):
        tree = generate(CATALOGUE.definition(identifier), random, (0.4, 0.8, 1.2)[number % 3])
        for cheque in tree.findall(".//{*}ChqInstr"):
            cheque.getparent().remove(cheque)  # type: ignore[union-attr]
        for method in tree.findall(".//{*}PmtMtd"):
            method.text = "TRF"
        message = parse(etree.tostring(tree), CATALOGUE)
        assert isinstance(message, ParsedMessage)
        orders = read_orders(message, created_at=NOW, new_ids=_ids())
        assert len(orders) == len(tree.findall(".//{*}CdtTrfTxInf"))
        for order in orders:
            assert (order.message is None) == bool(order.findings)
            if order.message is not None:
                transfer = etree.fromstring(order.message)
                official = official_schema(TRANSFER_OF[identifier])
                assert official.validate(transfer), official.error_log
                transfers += 1
        statuses = tuple(
            OrderStatus(order, State.REJECTED if order.findings else State.RECEIVED, order.findings)
            for order in orders
        )
        answer = write_customer_status(
            message, statuses, message_id="STS-1", created_at=NOW, debtor_agent=Agent("CRDACNSHXXX")
        )
        assert official_schema("pain.002.001.10").validate(etree.fromstring(answer))

    assert transfers >= 10


@pytest.mark.parametrize("identifier", sorted(CREDIT_TRANSFERS))
def test_any_credit_transfer_is_read_forwarded_and_answered_or_refused(identifier: str) -> None:
    folder()
    random = Random(identifier)
    forwarded = 0
    for number in range(120):
        tree = generate(CATALOGUE.definition(identifier), random, (0.1, 0.4, 0.8)[number % 3])
        message = parse(etree.tostring(tree), CATALOGUE)
        assert isinstance(message, ParsedMessage)
        transfer = read_credit_transfer(message, today=NOW.date(), minted_uetr=MINTED)
        answer = write_status_report(message, Status("STS-1", NOW, State.REJECTED, US, findings=transfer.errors))
        assert official_schema("pacs.002.001.10").validate(etree.fromstring(answer))
        if isinstance(transfer, CreditTransfer):
            hop = Hop("HOP-1", NOW, US, transfer.payment.creditor_agent, NOW.date())
            written = etree.fromstring(forward(message, transfer.payment, hop, CATALOGUE))
            assert official_schema(identifier).validate(written), official_schema(identifier).error_log
            forwarded += 1

    assert forwarded >= 3


READERS: dict[str, Callable[[ParsedMessage], object]] = {
    "camt.029.001.09": read_resolutions,
    "camt.056.001.08": read_recalls,
    "pacs.002.001.10": read_status_report,
    "pacs.002.001.12": read_status_report,
    "pacs.002.001.15": read_status_report,
    "pacs.004.001.09": read_returns,
    "pacs.004.001.10": read_returns,
    "pacs.004.001.11": read_returns,
    "pacs.028.001.03": read_status_request,
}


@pytest.mark.parametrize("identifier", READERS)
def test_any_valid_message_can_be_read(identifier: str) -> None:
    random = Random(identifier)
    for number in range(60):
        tree = generate(CATALOGUE.definition(identifier), random, (0.1, 0.4, 0.8)[number % 3])
        message = parse(etree.tostring(tree), CATALOGUE)
        assert isinstance(message, ParsedMessage)
        assert READERS[identifier](message) is not None


class _EveryInstitution(dict[str, str]):
    """A directory that knows everybody, so that schemes without BICs are read to the end."""

    def get(self, key: str, default: object = None) -> str:
        return "CRDCCNBJXXX"


def test_whatever_stays_valid_when_broken_is_read_forwarded_and_read_again() -> None:
    random = Random(20022)
    samples = samples_of("pacs.008.001.08")
    passed = 0
    for _ in range(1_000):
        tree = random.choice(samples).tree()
        mutate(tree, random)
        message = parse(etree.tostring(tree), CATALOGUE)
        if not isinstance(message, ParsedMessage):
            continue
        first = _read(message)
        if isinstance(first, CreditTransfer):
            hop = Hop("HOP-1", NOW, US, first.payment.creditor_agent, NOW.date())
            again = parse(forward(message, first.payment, hop, CATALOGUE), CATALOGUE)
            assert isinstance(again, ParsedMessage)
            second = _read(again)
            assert isinstance(second, CreditTransfer)
            assert second.payment.interbank_settlement_amount == first.payment.interbank_settlement_amount
            assert bool(second.errors) <= bool(first.errors)
            passed += 1

    assert passed >= 100


def _read(message: ParsedMessage) -> CreditTransfer | Unreadable:
    return read_credit_transfer(message, today=NOW.date(), minted_uetr=MINTED, directory=_EveryInstitution())
