"""Every element that settlement names has its place in the message, or is not in the message at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from api.elements import INSTITUTION_NAMES, ORDER_NAMES, PATHS, RECALL_PATHS, RETURN_PATHS, in_message_words
from api.iso20022.catalogue import Catalogue
from api.iso20022.parse import ParsedMessage, parse
from api.iso20022.writing import order_at
from api.routes.examples import CREDIT_TRANSFER
from node import settlement
from node.domain.reasons import Finding, Reason

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
    assert named <= {*PATHS, *RETURN_PATHS, *RECALL_PATHS} | NOT_IN_THE_MESSAGE


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


def _is_in(identifier: str, path: str) -> bool:
    *group, last = [step for step in path.split("/") if not step.startswith("@")]
    return last in order_at(Catalogue().definition(identifier), "/".join(group))


def said(element: str, came_as: str, is_return: bool = False) -> str | None:
    finding = Finding(Reason.CREDITOR_ACCOUNT_UNKNOWN, "Unknown.", element)
    told = in_message_words(finding, came_as, is_return)
    assert in_message_words(told, came_as, is_return) == told, "done twice it is as done once"
    return told.element


@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize("identifier", ["pacs.009.001.08", "pacs.009.001.10"])
def test_a_transfer_between_institutions_is_told_in_its_own_elements(identifier: str, name: str) -> None:
    assert _is_in(identifier, said(name, identifier) or "")
    assert said(PATHS[name], identifier) == said(name, identifier)


@pytest.mark.parametrize("name", sorted(PATHS))
def test_a_customers_order_is_told_in_its_own_elements(name: str) -> None:
    assert _is_in("pain.001.001.09", said(name, "pain.001.001.09") or "")
    assert said(PATHS[name], "pain.001") == said(name, "pain.001.001.09")


@pytest.mark.parametrize("path", [*ORDER_NAMES.values()])
def test_every_name_in_a_customers_order_is_there(path: str) -> None:
    assert "/" not in path or _is_in("pain.001.001.09", path)


@pytest.mark.parametrize("path", [*INSTITUTION_NAMES.values()])
def test_every_name_in_a_transfer_between_institutions_is_there(path: str) -> None:
    assert "/" not in path or _is_in("pacs.009.001.08", path)


@pytest.mark.parametrize("path", RECALL_PATHS.values())
def test_every_path_is_there_in_a_recall(path: str) -> None:
    assert _is_in("camt.056.001.08", path)


@pytest.mark.parametrize(
    ("came_as", "element", "told"),
    [
        ("MT103", "creditor_account", "FIToFICstmrCdtTrf/CdtTrfTxInf/CdtrAcct/Id (MT103 :59a:)"),
        ("MT103", "FIToFICstmrCdtTrf/CdtTrfTxInf/Cdtr/PstlAdr/AdrLine", ":59a:)"),
        ("MT103", "debtor_account", "FIToFICstmrCdtTrf/CdtTrfTxInf/DbtrAcct/Id (MT103 :50a:)"),
        ("MT103", "currency", "FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt/@Ccy (MT103 :32A:)"),
        ("MT103", "FIToFICstmrCdtTrf/CdtTrfTxInf/PrvsInstgAgt2/FinInstnId/BICFI", "(MT103 :72:)"),
        ("MT202", "creditor_account", "FICdtTrf/CdtTrfTxInf/CdtrAcct/Id (MT202 :58a:)"),
        ("MT202", "FICdtTrf/CdtTrfTxInf/UndrlygCstmrCdtTrf/CdtrAcct/Id/IBAN", "(MT202 :59a:)"),
        ("MT205", "message_id", "FICdtTrf/GrpHdr/MsgId (MT205 :20:)"),
        ("MT192", "message_id", "FIToFIPmtCxlReq/Assgnmt/Id (MT192 :20:)"),
        ("MT199", "FIToFICstmrCdtTrf/CdtTrfTxInf/Cdtr", "FIToFICstmrCdtTrf/CdtTrfTxInf/Cdtr"),
        ("MT103", "AppHdr/Fr", "AppHdr/Fr"),
    ],
)
def test_a_fin_sender_is_told_the_field_beside_the_element(came_as: str, element: str, told: str) -> None:
    assert (said(element, came_as) or "").endswith(told)


def test_a_return_in_fin_is_told_by_its_fields() -> None:
    assert said("interbank_settlement_amount", "MT103", True) == "PmtRtr/TxInf/RtrdIntrBkSttlmAmt (MT103 :32A:)"
    assert said("return_of", "MT202", True) == "PmtRtr/TxInf/OrgnlUETR (MT202 :121:)"
