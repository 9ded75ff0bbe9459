"""Why a payment is asked for is passed on in published codes, or as somebody's own word."""

from __future__ import annotations

from lxml import etree

from tests.api.test_recalls import Recall, brought, opened
from tests.api.test_returns import messages, paid
from tests.conformance.iso20022.corpus import official_schema
from tests.network import Bank


def test_a_reason_of_no_published_set_is_passed_on_as_a_proprietary_one(
    debtor_agent: Bank, creditor_agent: Bank
) -> None:
    uetr = paid(debtor_agent, creditor_agent)
    opened(debtor_agent, Recall(uetr, reason="ZZZZ"))
    brought(creditor_agent, uetr)
    (sent,) = messages(creditor_agent, uetr, "camt.056.001.08")
    document = etree.fromstring(sent)
    assert official_schema("camt.056.001.08").validate(document)
    assert document.findtext(".//{*}CxlRsnInf/{*}Rsn/{*}Prtry") == "ZZZZ"
    assert document.find(".//{*}CxlRsnInf/{*}Rsn/{*}Cd") is None
