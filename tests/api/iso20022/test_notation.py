from __future__ import annotations

import threading
from pathlib import Path

import pytest
from lxml import etree

from api.iso20022.catalogue import BadSchemas, Catalogue, UnknownMessage
from api.iso20022.definition import MessageDefinition
from api.iso20022.notation import NotationError, read_definitions
from api.iso20022.schema import compile_schema

SOURCE = """
type Colour = codes RED GREEN
part Shade
  Light decimal 3.1 min 0
message test.001.001.01 Document
  Body
    Name text 5
    Colour{1,2} Colour
    include Shade
    Choice? one of
      Cd text 4
      Price money
"""


def schema_of(source: str) -> etree.XMLSchema:
    file = read_definitions(source)
    assert file.message is not None
    identifier, root, body = file.message
    amount = read_definitions("type Amount = decimal 18.5 min 0").parts
    return compile_schema(MessageDefinition(identifier, root, body, {**amount, **file.parts}))


def document(body: str) -> etree._Element:
    namespace = "urn:iso:std:iso:20022:tech:xsd:test.001.001.01"
    return etree.fromstring(f'<Document xmlns="{namespace}"><Body>{body}</Body></Document>')


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ("<Name>abc</Name><Colour>RED</Colour><Light>1.5</Light>", True),
        ("<Name>abc</Name><Colour>RED</Colour><Colour>GREEN</Colour><Light>1.5</Light>", True),
        ("<Name>abc</Name><Colour>RED</Colour><Light>1</Light><Choice><Cd>A</Cd></Choice>", True),
        (
            '<Name>abc</Name><Colour>RED</Colour><Light>1</Light><Choice><Price Ccy="CNY">1</Price></Choice>',
            True,
        ),
        ("<Name>abcdef</Name><Colour>RED</Colour><Light>1.5</Light>", False),
        ("<Name>abc</Name><Colour>BLUE</Colour><Light>1.5</Light>", False),
        ("<Name>abc</Name><Light>1.5</Light>", False),
        ("<Name>abc</Name><Colour>RED</Colour><Light>1.55</Light>", False),
        ("<Name>abc</Name><Colour>RED</Colour><Light>-1</Light>", False),
        ("<Name>abc</Name><Colour>RED</Colour><Light>1</Light><Choice/>", False),
    ],
)
def test_definition_accepts_what_it_says(body: str, valid: bool) -> None:
    assert schema_of(SOURCE).validate(document(body)) is valid


@pytest.mark.parametrize(
    "source",
    [
        "part A\n   Odd text 3",
        "part A\n    TooDeep text 3",
        "part A\n  Empty",
        "part A\n  Both text 3\n    Below text 3",
        "part A\n  Tag nonsense 3",
        "part A\n  1Tag text 3",
        "words that mean nothing",
    ],
)
def test_line_that_does_not_follow_the_notation_is_refused_with_its_number(source: str) -> None:
    with pytest.raises(NotationError, match=r"line \d"):
        read_definitions(source)


def test_every_definition_that_ships_compiles() -> None:
    catalogue = Catalogue()

    assert {"pacs.008.001.08", "pacs.002.001.10", "head.001.001.02"} <= catalogue.identifiers
    for identifier in catalogue.identifiers:
        assert catalogue.definition(identifier).identifier == identifier
        assert isinstance(catalogue.validator(identifier), etree.XMLSchema)


def test_official_schema_judges_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "pacs.008.001.08.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Official"/></xs:schema>'
    )
    catalogue = Catalogue(tmp_path)
    official = etree.fromstring("<Official/>")

    assert catalogue.validator("pacs.008.001.08").validate(official)
    assert not catalogue.validator("pacs.002.001.10").validate(official)
    assert not Catalogue().validator("pacs.008.001.08").validate(official)


@pytest.mark.parametrize(
    "text", ["<xs:schema", '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><b/></xs:schema>']
)
def test_an_official_schema_that_cannot_be_used_is_found_at_once(tmp_path: Path, text: str) -> None:
    (tmp_path / "pacs.008.001.08.xsd").write_text(text)

    with pytest.raises(BadSchemas, match=r"pacs\.008\.001\.08\.xsd is no XML Schema"):
        Catalogue(tmp_path)


def test_a_folder_without_official_schemas_is_no_folder_of_them(tmp_path: Path) -> None:
    with pytest.raises(BadSchemas, match=r"has no official schema"):
        Catalogue(tmp_path / "absent")


def test_unknown_message_has_no_definition() -> None:
    with pytest.raises(UnknownMessage):
        Catalogue().validator("pacs.008.001.99")


def test_each_thread_has_its_own_validator() -> None:
    catalogue = Catalogue()
    mine = catalogue.validator("pacs.008.001.08")
    others: list[etree.XMLSchema] = []

    thread = threading.Thread(target=lambda: others.append(catalogue.validator("pacs.008.001.08")))
    thread.start()
    thread.join()

    assert catalogue.validator("pacs.008.001.08") is mine
    assert others[0] is not mine
