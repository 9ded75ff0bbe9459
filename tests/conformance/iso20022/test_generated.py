"""Random messages of every definition: valid officially, judged alike when broken, and understood where we act."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from random import Random

import pytest
from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.pain001 import TRANSFER_OF, NewIds, read_orders
from api.iso20022.pain002 import OrderStatus, write_customer_status
from api.iso20022.parse import ParsedMessage, parse
from node.domain.lifecycle import State
from node.domain.party import Agent
from tests.conformance.iso20022.corpus import folder, official_schema
from tests.conformance.iso20022.generator import generate
from tests.conformance.iso20022.mutation import mutate

CATALOGUE = Catalogue()
IDENTIFIERS = sorted(CATALOGUE.identifiers)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
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
    for number in range(150):
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
