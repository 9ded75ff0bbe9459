"""One door for credit transfers, of customers (pacs.008) and institutions (pacs.009), one or several a message.

A message of several is split into messages of one, each of which is read, judged and forwarded by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from lxml import etree

from api.iso20022.institutions import Directory
from api.iso20022.pacs008 import CREDIT_TRANSFERS, CreditTransfer, Unreadable, read_credit_transfer
from api.iso20022.pacs009 import INSTITUTION_TRANSFERS, read_institution_transfer
from api.iso20022.parse import ParsedMessage
from api.iso20022.tree import find_all, namespace_of, required
from api.iso20022.writing import plain_copy, serialise

TRANSFERS = CREDIT_TRANSFERS | INSTITUTION_TRANSFERS
_OF_THE_WHOLE = ("CtrlSum", "TtlIntrBkSttlmAmt")


def read_transfer(
    message: ParsedMessage, *, today: date, minted_uetr: str, directory: Directory | None = None
) -> CreditTransfer | Unreadable:
    """The one payment of a pacs.008 or pacs.009, or why there is none; see `read_credit_transfer`."""
    read = read_institution_transfer if message.identifier in INSTITUTION_TRANSFERS else read_credit_transfer
    return read(message, today=today, minted_uetr=minted_uetr, directory=directory)


def number_of_transfers(message: ParsedMessage) -> int:
    """How many transactions a pacs.008 or pacs.009 holds."""
    return len(find_all(message.body, "CdtTrfTxInf"))


def split(message: ParsedMessage) -> Iterator[ParsedMessage]:
    """Every transaction as a message of its own, with the group header it shared, counts and sums put right.

    The header goes along, because it says whose rules the message follows. A message of one is given as it is.
    """
    whole = number_of_transfers(message)
    if whole == 1:
        yield message
        return
    group = plain_copy(required(message.body, "GrpHdr"))
    for sum_of_all in _OF_THE_WHOLE:
        for node in find_all(group, sum_of_all):
            group.remove(node)
    required(group, "NbOfTxs").text = "1"
    for transaction in find_all(message.body, "CdtTrfTxInf"):
        document = etree.Element(message.document.tag, nsmap={None: namespace_of(message.document)})
        body = etree.SubElement(document, message.body.tag)
        body.append(plain_copy(group))
        body.append(plain_copy(transaction))
        yield replace(message, document=document, raw=serialise(document), envelope=None)
