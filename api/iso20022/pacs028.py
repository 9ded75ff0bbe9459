"""Reads a request for the status of payments (pacs.028); the answer is a status report."""

from __future__ import annotations

from api.iso20022.original import OriginalPayment, read_original
from api.iso20022.parse import ParsedMessage
from api.iso20022.tree import find_all


def read_status_request(message: ParsedMessage) -> tuple[OriginalPayment, ...]:
    """The payments that are asked about, by whatever names the request gives them."""
    groups = find_all(message.body, "OrgnlGrpInf")
    shared = groups[0] if len(groups) == 1 else None
    transactions = find_all(message.body, "TxInf")
    if transactions:
        return tuple(read_original(node, shared) for node in transactions)
    return tuple(read_original(group, group) for group in groups)
