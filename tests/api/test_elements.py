"""Every element that settlement names has its place in the message, or is not in the message at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from api.elements import PATHS, RETURN_PATHS
from api.iso20022.catalogue import Catalogue
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.writing import order_at
from api.routes.examples import CREDIT_TRANSFER
from node import settlement

WITH_QUOTE = CREDIT_TRANSFER.replace(
    "<RmtInf>",
    "<InstrForNxtAgt><InstrInf>/QUOTE/ff1fd1a2-7e6e-4cf1-a8e2-4f4b3a5a6c11</InstrInf></InstrForNxtAgt><RmtInf>",
    1,
).replace("</IntrBkSttlmAmt>", "</IntrBkSttlmAmt><IntrBkSttlmDt>2027-01-04</IntrBkSttlmDt>", 1)
# Facts of the agreement between institutions; no element of a pacs.008 holds them.
NOT_IN_THE_MESSAGE = {"instruction", "quote", "expiry"}


def test_settlement_names_no_element_that_is_not_known_here() -> None:
    folder = Path(str(settlement.__file__)).parent
    named = {
        name
        for source in folder.glob("*.py")
        for name in re.findall(r'element="(\w+)"', source.read_text())
        + re.findall(r'_finding\(.*"(\w+)"(?:, [\w.]+)?\)', source.read_text())
    }
    assert len(named) > 8
    assert named <= set(PATHS) | set(RETURN_PATHS) | NOT_IN_THE_MESSAGE


@pytest.mark.parametrize("path", PATHS.values())
def test_every_path_is_there_in_a_message(path: str) -> None:
    steps = [step for step in path.split("/") if not step.startswith("@")]
    where = "//" + "/".join(f"*[local-name()='{step}']" for step in steps)
    assert etree.fromstring(WITH_QUOTE.encode()).xpath(where)


@pytest.mark.parametrize("path", RETURN_PATHS.values())
def test_every_path_is_there_in_a_return(path: str) -> None:
    definition = Catalogue().definition("pacs.004.001.09")
    *group, last = [step for step in path.split("/") if not step.startswith("@")]
    assert last in order_at(definition, "/".join(group))


def test_the_message_those_paths_are_looked_up_in_is_valid() -> None:
    catalogue = Catalogue()
    assert isinstance(parse(WITH_QUOTE.encode(), catalogue, 10_000), ParsedMessage)
