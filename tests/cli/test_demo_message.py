"""The demo's message is one a bank could send: valid by the official schemas, and read as it was meant."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from api.iso20022.catalogue import Catalogue
from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from api.iso20022.parse import ParsedMessage, parse
from api.routes.examples import CREDIT_TRANSFER, STATUS_REPORT
from cli.demo_message import DemoPayment, write_demo_message
from cli.demo_payment import CHARGE, CREDITOR, DEBTOR, INSTRUCTED
from cli.network import amount
from node.domain.payment import charges_taken, debit_leg
from tests.cli.test_network import mod_97
from tests.conformance.iso20022.corpus import official_schema

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PAYMENT = DemoPayment(
    uetr=str(uuid.uuid4()),
    message_id="JHCB20260304",
    at=AT,
    instructed=INSTRUCTED,
    charge=CHARGE,
    settled=amount("AED", "51431.46"),
    quote_id=str(uuid.uuid4()),
    debtor=DEBTOR,
    creditor=CREDITOR,
    invoice="INV-0417",
)


def valid_by_the_official_schema(message: bytes, part: str, identifier: str) -> bool:
    node = next(node for node in etree.fromstring(message).iter() if etree.QName(node).localname == part)
    return bool(official_schema(identifier).validate(etree.fromstring(etree.tostring(node, with_tail=False))))


@pytest.mark.parametrize(("part", "identifier"), [("Document", "pacs.008.001.08"), ("AppHdr", "head.001.001.02")])
def test_message_and_header_are_valid_by_the_official_schemas(part: str, identifier: str) -> None:
    assert valid_by_the_official_schema(write_demo_message(PAYMENT), part, identifier)


@pytest.mark.parametrize(
    ("message", "identifier"), [(CREDIT_TRANSFER, "pacs.008.001.08"), (STATUS_REPORT, "pacs.002.001.10")]
)
def test_the_documentations_messages_are_valid_too(message: str, identifier: str) -> None:
    assert valid_by_the_official_schema(message.encode(), "Document", identifier)


def test_it_breaks_no_rule_and_is_read_as_it_was_meant() -> None:
    message = parse(write_demo_message(PAYMENT), Catalogue())
    assert isinstance(message, ParsedMessage)
    assert message.header is not None
    read = read_credit_transfer(message, today=AT.date(), minted_uetr="")
    assert isinstance(read, CreditTransfer)
    assert (read.errors, read.warnings) == ((), ())
    payment = read.payment
    assert (payment.uetr, payment.quote_id) == (PAYMENT.uetr, PAYMENT.quote_id)
    assert (payment.instructed_amount, payment.interbank_settlement_amount) == (INSTRUCTED, PAYMENT.settled)
    assert charges_taken(payment) == CHARGE
    assert debit_leg(payment) == PAYMENT.sold
    assert payment.debtor_account is not None
    assert payment.creditor_account is not None
    assert (payment.debtor_account.number, payment.creditor_account.number) == (DEBTOR.account, CREDITOR.account)


def test_names_are_escaped() -> None:
    odd = replace(PAYMENT, debtor=replace(DEBTOR, name="Smith & Sons <Ltd>"))
    message = parse(write_demo_message(odd), Catalogue())
    assert isinstance(message, ParsedMessage)


def test_the_customers_leis_have_their_check_digits() -> None:
    assert mod_97(DEBTOR.lei) == mod_97(CREDITOR.lei) == 1
