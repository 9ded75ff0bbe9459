"""Every element that settlement names has its place in the message, or is not in the message at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from api.elements import PATHS
from api.routes.examples import CREDIT_TRANSFER
from node import settlement

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
    assert named <= set(PATHS) | NOT_IN_THE_MESSAGE


@pytest.mark.parametrize("path", PATHS.values())
def test_every_path_is_there_in_a_message(path: str) -> None:
    steps = [step for step in path.split("/") if not step.startswith("@")]
    where = "//" + "/".join(f"*[local-name()='{step}']" for step in steps)
    assert etree.fromstring(CREDIT_TRANSFER.encode()).xpath(where)
