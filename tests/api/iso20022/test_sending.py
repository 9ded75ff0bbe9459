"""What leaves has hybrid or structured addresses and published codes, and says no less than what came."""

from __future__ import annotations

import pytest
from lxml import etree

from api.iso20022.pacs008 import read_credit_transfer
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.reference_data import external_codes
from api.iso20022.sending import ADDRESS_NAMESPACE
from tests.api.iso20022.messages import CATALOGUE, ONE_CURRENCY, TODAY, inserted
from tests.api.iso20022.test_forward import forwarded, transfer_of
from tests.conformance.iso20022.corpus import official_schema

TX = ".//{*}CdtTrfTxInf"
LINES = ["12 Nanjing Road", "200001 SHANGHAI"]


def with_address(*parts: str) -> str:
    """A message whose debtor has this address, each part an element `Tag=text`."""
    made = "".join("<{0}>{1}</{0}>".format(*part.split("=", 1)) for part in parts)
    message = etree.fromstring(ONE_CURRENCY.encode())
    debtor = message.find(f"{TX}/{{*}}Dbtr")
    assert debtor is not None
    namespace = etree.QName(debtor).namespace
    for old in debtor.findall("{*}PstlAdr"):
        debtor.remove(old)
    debtor.insert(1, etree.fromstring(f'<PstlAdr xmlns="{namespace}">{made}</PstlAdr>'))
    return etree.tostring(message, encoding="unicode")


def sent(raw: bytes | str) -> etree._Element:
    """What leaves, which is valid by the official schema."""
    document = etree.fromstring(forwarded(raw))
    schema = official_schema("pacs.008.001.08")
    assert schema.validate(document), schema.error_log
    return document


def address(document: etree._Element) -> list[tuple[str, str | None]]:
    found = document.find(f"{TX}/{{*}}Dbtr/{{*}}PstlAdr")
    return [] if found is None else [(etree.QName(node).localname, node.text) for node in found]


def reread(raw: bytes | str) -> object:
    """The debtor's address as the creditor agent reads it."""
    message = parse(raw.encode() if isinstance(raw, str) else raw, CATALOGUE)
    assert isinstance(message, ParsedMessage)
    transfer = read_credit_transfer(message, today=TODAY, minted_uetr=transfer_of(ONE_CURRENCY).payment.uetr)
    return transfer.payment.debtor.address  # type: ignore[union-attr]


@pytest.mark.parametrize("beside", [[], ["Ctry=CN"], ["PstCd=200001"]])
def test_lines_without_town_and_country_stand_beside_the_payment(beside: list[str]) -> None:
    raw = with_address(*beside, *(f"AdrLine={line}" for line in LINES))
    document = sent(raw)
    assert address(document) == [tuple(part.split("=")) for part in beside]
    (data,) = document.findall(f"{TX}/{{*}}SplmtryData")
    assert data.findtext("{*}PlcAndNm") == "Dbtr/PstlAdr"
    assert [node.text for node in data.iter(f"{{{ADDRESS_NAMESPACE}}}Line")] == LINES


@pytest.mark.parametrize("beside", [[], ["Ctry=CN"], ["StrtNm=Bund"]])
def test_the_creditor_agent_reads_the_address_that_came(beside: list[str]) -> None:
    raw = with_address(*beside, *(f"AdrLine={line}" for line in LINES))
    assert reread(forwarded(raw)) == transfer_of(raw).payment.debtor.address
    again = forwarded(forwarded(raw))
    assert reread(again) == transfer_of(raw).payment.debtor.address


def test_a_hybrid_address_goes_on_as_it_came() -> None:
    parts = ["TwnNm=SHANGHAI", "Ctry=CN", *(f"AdrLine={line}" for line in LINES)]
    document = sent(with_address(*parts))
    assert address(document) == [tuple(part.split("=")) for part in parts]
    assert document.find(f"{TX}/{{*}}SplmtryData") is None


def test_country_and_town_in_a_line_of_their_own_make_an_address_hybrid() -> None:
    document = sent(with_address("StrtNm=Nanjing Road", "AdrLine=12", "AdrLine=CN/SHANGHAI"))
    assert address(document) == [
        ("StrtNm", "Nanjing Road"),
        ("TwnNm", "SHANGHAI"),
        ("Ctry", "CN"),
        ("AdrLine", "12"),
    ]


@pytest.mark.parametrize("line", ["QQ/SHANGHAI", "CN/", "CN/SHANGHAI/200001", "SHANGHAI, CN", "SHANGHAI CN"])
def test_town_and_country_are_never_guessed(line: str) -> None:
    document = sent(with_address(f"AdrLine={line}"))
    assert address(document) == []
    assert [node.text for node in document.iter(f"{{{ADDRESS_NAMESPACE}}}Line")] == [line]


def test_a_code_of_no_published_set_leaves_as_a_proprietary_one() -> None:
    raw = inserted(ONE_CURRENCY, f"{TX}/{{*}}Cdtr", "<Purp><Cd>ZZZZ</Cd></Purp>")
    assert [one.rule for one in transfer_of(raw).warnings if one.value == "ZZZZ"] == ["base.code-known"]
    document = sent(raw)
    assert document.findtext(f"{TX}/{{*}}Purp/{{*}}Prtry") == "ZZZZ"
    assert transfer_of(forwarded(raw)).payment.purpose == transfer_of(raw).payment.purpose == "ZZZZ"


def test_a_published_code_leaves_as_it_came() -> None:
    code = min(external_codes()["Purpose1"])
    document = sent(inserted(ONE_CURRENCY, f"{TX}/{{*}}Cdtr", f"<Purp><Cd>{code}</Cd></Purp>"))
    assert document.findtext(f"{TX}/{{*}}Purp/{{*}}Cd") == code
