from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from api.iso20022.pacs008 import CreditTransfer, Unreadable, read_credit_transfer
from node.domain.money import Currency, Money
from node.domain.party import AccountScheme, Agent, CashAccount
from node.domain.payment import Charge, ChargeBearer, Payment
from tests.api.iso20022.messages import (
    MINTED,
    ONE_CURRENCY,
    TODAY,
    changed,
    full,
    inserted,
    parsed,
    without,
)

CNY, AED = Currency("CNY", 2), Currency("AED", 2)
TX = ".//{*}CdtTrfTxInf"


def payment_of(raw: bytes | str) -> Payment:
    transfer = read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED)
    assert isinstance(transfer, CreditTransfer)
    return transfer.payment


def test_payment_holds_what_the_message_says() -> None:
    payment = payment_of(full())

    assert payment.uetr == "3f1c2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41"
    assert payment.message_id == "CRDA-20261123-0001"
    assert payment.end_to_end_id == "PO-2026-7781"
    assert payment.instruction_id == "INSTR-0001"
    assert payment.transaction_id is None
    assert payment.settlement_date == date(2026, 11, 23)
    assert payment.interbank_settlement_amount == Money(511_497, AED)
    assert payment.instructed_amount == Money(1_005_000, CNY)
    assert payment.exchange_rate == Fraction(511_497, 1_000_000)
    assert payment.charge_bearer is ChargeBearer.SHARED
    assert payment.charges == (Charge(Money(5_000, CNY), Agent("CRDACNSHXXX")),)
    assert payment.instructing_agent == Agent("CRDACNSHXXX")
    assert payment.instructed_agent == Agent("CRDBAEADXXX")
    assert payment.debtor.name == "Shanghai Huating Textile Co., Ltd."
    assert payment.debtor.address is not None
    assert payment.debtor.address.town == "Shanghai"
    assert payment.debtor.address.lines == ("Zhongshan East 1st Road 18 200002",)
    assert payment.debtor_account == CashAccount("6222021001123456789", AccountScheme.OTHER, "CNY")
    assert payment.debtor_agent == Agent("CRDACNSHXXX")
    assert payment.creditor.address is not None
    assert payment.creditor.address.lines == ("Warehouse 12, Jebel Ali Free Zone",)
    assert payment.creditor_account == CashAccount("AE070331234567890123456", AccountScheme.IBAN)
    assert payment.creditor_agent == Agent("CRDBAEADXXX")
    assert payment.quote_id is None
    assert payment.remittance == ("Invoice 2026-114, cotton yarn, 12 bales",)
    assert payment.purpose == "GDDS"


def test_least_message_is_a_payment_with_a_minted_uetr() -> None:
    payment = payment_of(ONE_CURRENCY)

    assert payment.uetr == MINTED
    assert payment.debtor_agent.bic == "CRDACNSHXXX"
    assert payment.instructing_agent is None
    assert payment.settlement_date is None
    assert payment.creditor_account is None


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        (".5", 50),
        ("5.", 500),
        ("+5.00", 500),
        ("00005.10", 510),
        (" 5.00 ", 500),
        ("99999999999999999", 9_999_999_999_999_999_900),
    ],
)
def test_odd_amounts_are_read_exactly(text: str, minor: int) -> None:
    raw = changed(ONE_CURRENCY, f"{TX}/{{*}}IntrBkSttlmAmt", text)

    assert payment_of(raw).interbank_settlement_amount == Money(minor, CNY)


def test_settlement_date_and_agents_may_stand_in_the_group_header() -> None:
    agents = "".join(
        f"<{tag}><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></{tag}>"
        for tag, bic in (("InstgAgt", "CRDACNSH"), ("InstdAgt", "CRDCCNBJ"))
    )
    raw = inserted(ONE_CURRENCY, ".//{*}NbOfTxs", "<IntrBkSttlmDt>2026-11-24</IntrBkSttlmDt>")
    raw = inserted(raw, ".//{*}SttlmInf", agents)

    payment = payment_of(raw)

    assert payment.settlement_date == date(2026, 11, 24)
    assert payment.instructing_agent == Agent("CRDACNSHXXX")
    assert payment.instructed_agent == Agent("CRDCCNBJXXX")


def test_account_that_is_not_provided_is_no_account() -> None:
    raw = inserted(
        ONE_CURRENCY, f"{TX}/{{*}}Dbtr", "<DbtrAcct><Id><Othr><Id>NOTPROVIDED</Id></Othr></Id></DbtrAcct>"
    )

    assert payment_of(raw).debtor_account is None


@pytest.mark.parametrize("text", [f"/QUOTE/{MINTED}", f"/QUOTE/{MINTED}/valid to noon"])
def test_quote_is_named_in_an_instruction_for_the_next_agent(text: str) -> None:
    lines = "".join(
        f"<InstrForNxtAgt><InstrInf>{line}</InstrInf></InstrForNxtAgt>" for line in ("/ACC/please hurry", text)
    )

    assert payment_of(inserted(full(), f"{TX}/{{*}}CdtrAcct", lines)).quote_id == MINTED


def test_institution_is_found_by_its_clearing_number_or_lei() -> None:
    member = "<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>021040078</MmbId></ClrSysMmbId>"
    raw = ONE_CURRENCY.replace("<BICFI>CRDACNSH</BICFI>", member)
    raw = raw.replace("<BICFI>CRDCCNBJ</BICFI>", "<LEI>529900T8BM49AURSDO55</LEI>")
    directory = {"USABA/021040078": "CRDACNSH", "529900T8BM49AURSDO55": "CRDCCNBJXXX"}

    known = read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED, directory=directory)
    unknown = read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED)

    assert isinstance(known, CreditTransfer)
    assert known.payment.debtor_agent.bic == "CRDACNSHXXX"
    assert known.payment.creditor_agent.bic == "CRDCCNBJXXX"
    assert isinstance(unknown, Unreadable)
    assert [error.rule for error in unknown.errors] == ["base.debtor-agent", "base.creditor-agent"]


def test_payment_with_an_error_is_still_read_so_that_it_can_be_recorded() -> None:
    raw = changed(full(), ".//{*}CdtrAcct//{*}IBAN", "AE080331234567890123456")

    transfer = read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=MINTED)

    assert isinstance(transfer, CreditTransfer)
    assert [error.rule for error in transfer.errors] == ["base.creditor-iban"]
    assert transfer.payment.uetr == "3f1c2f5e-0b8a-4c8e-9d7b-5a1f0c9e2d41"


def test_structured_remittance_is_read() -> None:
    structured = (
        "<RmtInf><Strd><RfrdDocInf><Nb>INV-9</Nb></RfrdDocInf>"
        "<CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>"
    )
    raw = inserted(without(full(), f"{TX}/{{*}}RmtInf"), f"{TX}/{{*}}Purp", structured)

    assert payment_of(raw).remittance == ("RF18539007547034", "INV-9")
