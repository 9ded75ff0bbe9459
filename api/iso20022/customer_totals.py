"""Checks what a customer's instruction (pain.001) counts and sums: of the whole, and of each payment information.

A wrong total of the whole refuses all of it, a wrong one of a payment information only what stands in there.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from lxml import etree

from api.iso20022.amounts import number_of
from api.iso20022.parse import ParsedMessage
from api.iso20022.tree import find, find_all, path_of, required, text_at
from node.domain.reasons import Finding, Reason

ByBlock = dict[str, tuple[Finding, ...]]


def total_findings(message: ParsedMessage) -> tuple[tuple[Finding, ...], ByBlock]:
    """What is wrong with the totals of the instruction, and of its payment informations by their ids."""
    body = message.body
    blocks = find_all(body, "PmtInf")
    everything = [order for block in blocks for order in find_all(block, "CdtTrfTxInf")]
    whole = tuple(_wrong(required(body, "GrpHdr"), everything, message))
    by_block: ByBlock = {}
    for block in blocks:
        found = tuple(_wrong(block, find_all(block, "CdtTrfTxInf"), message))
        if found:
            by_block[text_at(block, "PmtInfId") or ""] = found
    return whole, by_block


def _wrong(stated: etree._Element, orders: list[etree._Element], message: ParsedMessage) -> Iterator[Finding]:
    count, control = find(stated, "NbOfTxs"), find(stated, "CtrlSum")
    if count is not None and int(count.text or "0") != len(orders):
        text = f"NbOfTxs is {count.text}; {len(orders)} payments are here."
        yield _finding(Reason.NUMBER_OF_TRANSACTIONS_WRONG, count, text, "pain001.transaction-count", message)
    if control is not None and Fraction(number_of(control.text or "")) != sum(map(_amount, orders), Fraction(0)):
        text = "CtrlSum is not the sum of the amounts of the payments here, whatever their currencies."
        yield _finding(Reason.CONTROL_SUM_WRONG, control, text, "pain001.control-sum", message)


def _amount(order: etree._Element) -> Fraction:
    text = text_at(order, "Amt/InstdAmt") or text_at(order, "Amt/EqvtAmt/Amt") or "0"
    return Fraction(number_of(text))


def _finding(reason: Reason, node: etree._Element, text: str, rule: str, message: ParsedMessage) -> Finding:
    return Finding(reason, text, path_of(node, message.document), (node.text or "").strip(), rule)
