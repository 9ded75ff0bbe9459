from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from api.iso20022.forward import Hop, forward
from api.iso20022.pacs008 import CreditTransfer, read_credit_transfer
from node.domain.party import Agent
from node.domain.payment import Payment, credit_leg, debit_leg
from tests.api.iso20022.messages import (
    CATALOGUE,
    MINTED,
    NAMESPACE,
    ONE_CURRENCY,
    TODAY,
    changed,
    full,
    inserted,
    parsed,
    without,
)

HOP = Hop("HOP-1", datetime(2026, 11, 23, 9, tzinfo=UTC), Agent("CRDACNSHXXX"), Agent("CRDCCNBJXXX"), TODAY)
TX = ".//{*}CdtTrfTxInf"


def transfer_of(raw: bytes | str, minted_uetr: str = MINTED) -> CreditTransfer:
    transfer = read_credit_transfer(parsed(raw), today=TODAY, minted_uetr=minted_uetr)
    assert isinstance(transfer, CreditTransfer)
    return transfer


def forwarded(raw: bytes | str, hop: Hop = HOP) -> bytes:
    return forward(parsed(raw), transfer_of(raw).payment, hop, CATALOGUE)


def texts(raw: bytes, path: str) -> list[str | None]:
    return [node.text for node in etree.fromstring(raw).findall(path)]


def test_forwarded_message_has_this_hops_facts() -> None:
    raw = forwarded(full(), replace(HOP, settlement_date=date(2026, 11, 24)))

    assert texts(raw, ".//{*}GrpHdr/{*}MsgId") == ["HOP-1"]
    assert texts(raw, ".//{*}GrpHdr/{*}CreDtTm") == ["2026-11-23T09:00:00.000+00:00"]
    assert texts(raw, ".//{*}SttlmInf/{*}SttlmMtd") == ["CLRG"]
    assert texts(raw, f"{TX}/{{*}}InstgAgt//{{*}}BICFI") == ["CRDACNSHXXX"]
    assert texts(raw, f"{TX}/{{*}}InstdAgt//{{*}}BICFI") == ["CRDCCNBJXXX"]
    assert texts(raw, ".//{*}IntrBkSttlmDt") == ["2026-11-24"]


def test_minted_uetr_is_written() -> None:
    raw = forwarded(ONE_CURRENCY)

    assert texts(raw, f"{TX}/{{*}}PmtId/{{*}}UETR") == [MINTED]
    assert transfer_of(raw, minted_uetr="never").payment.uetr == MINTED


def test_what_the_payment_does_not_hold_is_carried_on() -> None:
    raw = forwarded(full())

    assert texts(raw, ".//{*}UltmtDbtr/{*}Nm") == ["Huating Group Holding"]
    assert texts(raw, ".//{*}SvcLvl/{*}Cd") == ["G001"]
    assert texts(raw, ".//{urn:example:note}Note") == ["kept as it is"]


def test_amounts_are_written_plainly() -> None:
    raw = forwarded(changed(ONE_CURRENCY, f"{TX}/{{*}}IntrBkSttlmAmt", "+0005.1"))

    assert texts(raw, ".//{*}IntrBkSttlmAmt") == ["5.10"]


def test_agents_in_the_group_header_move_into_the_transaction() -> None:
    group = "<InstgAgt><FinInstnId><BICFI>CRDACNSH</BICFI></FinInstnId></InstgAgt>"
    raw = forwarded(inserted(ONE_CURRENCY, ".//{*}SttlmInf", group))

    assert texts(raw, ".//{*}GrpHdr/{*}InstgAgt//{*}BICFI") == []
    assert texts(raw, ".//{*}PrvsInstgAgt1//{*}BICFI") == []


def test_agent_before_us_becomes_a_previous_instructing_agent() -> None:
    chain = (
        "<PrvsInstgAgt1><FinInstnId><BICFI>BARCGB22</BICFI></FinInstnId></PrvsInstgAgt1>"
        "<InstgAgt><FinInstnId><BICFI>CHASUS33</BICFI></FinInstnId></InstgAgt>"
        "<InstdAgt><FinInstnId><BICFI>CRDACNSH</BICFI></FinInstnId></InstdAgt>"
        "<IntrmyAgt1><FinInstnId><BICFI>CRDCCNBJ</BICFI></FinInstnId></IntrmyAgt1>"
    )
    raw = forwarded(inserted(ONE_CURRENCY, f"{TX}/{{*}}ChrgBr", chain))

    assert texts(raw, ".//{*}PrvsInstgAgt1//{*}BICFI") == ["BARCGB22"]
    assert texts(raw, ".//{*}PrvsInstgAgt2//{*}BICFI") == ["CHASUS33"]
    assert texts(raw, ".//{*}IntrmyAgt1") == []


def test_rate_that_was_left_to_the_quote_is_written() -> None:
    line = f"<InstrForNxtAgt><InstrInf>/QUOTE/{MINTED}</InstrInf></InstrForNxtAgt>"
    raw = forwarded(inserted(without(full(), f"{TX}/{{*}}XchgRate"), f"{TX}/{{*}}CdtrAcct", line))

    assert texts(raw, ".//{*}XchgRate") == ["0.5114970000"]
    assert transfer_of(raw).errors == ()
    assert transfer_of(raw).payment.quote_id == MINTED


def test_comments_prefixes_and_locations_are_left_behind() -> None:
    raw = full().replace(b"<p:EndToEndId>PO-", b"<!-- x --><p:EndToEndId>PO<!-- y -->-<?z?>")

    written = forwarded(raw)

    assert b"<!--" not in written
    assert b"<?z" not in written
    assert b"p:" not in written.replace(b"xmlns", b"").replace(b"http:", b"")
    assert texts(written, ".//{*}EndToEndId") == ["PO-2026-7781"]


def test_same_arguments_give_the_same_bytes_and_leave_the_original_alone() -> None:
    message = parsed(full())
    before = etree.tostring(message.document)
    payment = transfer_of(full()).payment

    assert forward(message, payment, HOP, CATALOGUE) == forward(message, payment, HOP, CATALOGUE)
    assert etree.tostring(message.document) == before


def _seen_by_creditor_agent(payment: Payment) -> Payment:
    """What must be the same on both sides of a hop: everything but the hop's own facts."""
    return replace(
        payment,
        message_id="",
        settlement_date=None,
        instructing_agent=None,
        instructed_agent=None,
        exchange_rate=None,
    )


text = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=35)
words = text.filter(lambda value: value.strip() == value and value != "NOTPROVIDED")


@given(
    minor=st.integers(1, 10**15),
    name=words,
    end_to_end_id=words,
    remittance=st.lists(words, max_size=3),
    account=words.filter(lambda value: len(value) <= 34),
)
def test_payment_is_the_same_after_a_hop(
    minor: int, name: str, end_to_end_id: str, remittance: list[str], account: str
) -> None:
    root = etree.fromstring(ONE_CURRENCY)
    root.find(".//{*}IntrBkSttlmAmt").text = str(Decimal(minor).scaleb(-2))  # type: ignore[union-attr]
    root.find(".//{*}EndToEndId").text = end_to_end_id  # type: ignore[union-attr]
    transaction = root.find(TX)
    assert transaction is not None
    creditor = transaction[-1]
    creditor[0].text = name
    _append(transaction, "CdtrAcct/Id/Othr/Id", account)
    for line in remittance:
        _append(transaction, "RmtInf/Ustrd", line)

    before = transfer_of(etree.tostring(root)).payment
    after = transfer_of(forward(parsed(etree.tostring(root)), before, HOP, CATALOGUE)).payment

    assert before.creditor.name == name
    assert before.interbank_settlement_amount.minor == minor
    assert _seen_by_creditor_agent(after) == _seen_by_creditor_agent(before)


def _append(parent: etree._Element, path: str, value: str) -> None:
    node = parent
    *above, last = path.split("/")
    for step in above:
        found = node.find(f"{{{NAMESPACE}}}{step}")
        node = etree.SubElement(node, f"{{{NAMESPACE}}}{step}") if found is None else found
    etree.SubElement(node, f"{{{NAMESPACE}}}{last}").text = value


@given(sold=st.integers(10_000, 10**12), bought=st.integers(10_000, 10**12))
def test_rate_that_we_write_passes_our_own_rule(sold: int, bought: int) -> None:
    line = f"<InstrForNxtAgt><InstrInf>/QUOTE/{MINTED}</InstrInf></InstrForNxtAgt>"
    raw = inserted(without(full(), f"{TX}/{{*}}XchgRate"), f"{TX}/{{*}}CdtrAcct", line)
    raw = changed(raw, f"{TX}/{{*}}InstdAmt", str(Decimal(sold).scaleb(-2)))
    raw = changed(raw, f"{TX}/{{*}}IntrBkSttlmAmt", str(Decimal(bought).scaleb(-2)))

    after = transfer_of(forwarded(raw))

    assert [error.rule for error in after.errors] == []
    assert (debit_leg(after.payment).minor, credit_leg(after.payment).minor) == (sold - 5_000, bought)


@pytest.mark.parametrize("bearer", ["DEBT", "CRED", "SHAR", "SLEV"])
def test_charge_bearer_is_carried_on(bearer: str) -> None:
    assert texts(forwarded(changed(ONE_CURRENCY, ".//{*}ChrgBr", bearer)), ".//{*}ChrgBr") == [bearer]
