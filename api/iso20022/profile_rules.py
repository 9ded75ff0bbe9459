"""Rules of HVPS+, the usage of high-value systems, and of instant schemes; told to messages that follow them."""

from __future__ import annotations

from collections.abc import Iterator

from api.iso20022.cbpr_rules import is_unstructured
from api.iso20022.subject import Breach, Subject, breach
from api.iso20022.tree import find, text_at


def addresses(subject: Subject) -> Iterator[Breach]:
    """Addresses state town and country; since November 2026 high-value systems take no others."""
    for node in subject.document.iter("{*}PstlAdr"):
        if is_unstructured(node):
            yield breach("hvps.address", node, "PstlAdr needs TwnNm and Ctry; address lines alone will not do.")


def instant(subject: Subject) -> Iterator[Breach]:
    """An instant payment shares charges by the service level and converts nothing."""
    bearer = find(subject.transaction, "ChrgBr")
    if bearer is not None and bearer.text != "SLEV":
        yield breach("instant.charge-bearer", bearer, "ChrgBr of an instant payment is SLEV.")
    instructed, settled = find(subject.transaction, "InstdAmt"), find(subject.transaction, "IntrBkSttlmAmt")
    if instructed is not None and settled is not None and instructed.get("Ccy") != settled.get("Ccy"):
        text = f"An instant payment of {text_at(subject.transaction, 'IntrBkSttlmAmt')} converts no currency."
        yield breach("instant.one-currency", instructed, text)
